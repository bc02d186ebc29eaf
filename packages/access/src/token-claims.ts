import { identityFault } from "@anax/server";
import type { Identity } from "@anax/server";

/** In which claims of a token an identity is. A name with dots may lead into an object: `realm_access.roles`. */
export interface TokenClaims {
  /** Default "sub". */
  readonly userName?: string | undefined;
  /** The only Client Identifier that the client may use. Default: none. */
  readonly clientId?: string | undefined;
  /** A list, or text with spaces between the names. Default "groups"; a token without it is in no group. */
  readonly groups?: string | undefined;
  /** List of Topic Filters that may be published to. Default: none. A token without the claim that is named here may publish nothing. */
  readonly publish?: string | undefined;
  /** The same for subscriptions. */
  readonly subscribe?: string | undefined;
  /** Claims that are kept with the connection, for rules and handlers. Default: none, as each takes memory. */
  readonly keep?: readonly string[] | undefined;
}

type Payload = Readonly<Record<string, unknown>>;

/** The identity in a token; undefined if something in it is not as it must be. */
export function identityIn(payload: Payload, claims: TokenClaims): Identity | undefined {
  const userName = claimOf(payload, claims.userName ?? "sub") ?? undefined;
  const clientId = claims.clientId && (claimOf(payload, claims.clientId) ?? undefined);
  const isMissing = claims.clientId !== undefined && clientId === undefined;
  if (userName === undefined || isMissing) return undefined;
  const groups = listIn(claimOf(payload, claims.groups ?? "groups"), (text) =>
    text.split(" ").filter((name) => name !== ""),
  );
  const isInGroups = !Array.isArray(groups) || groups.length > 0;
  const identity: object = {
    userName,
    ...(clientId !== undefined && { clientId }),
    ...(isInGroups && { groups }),
    ...permissionsIn(payload, claims),
    ...(claims.keep !== undefined && { claims: keptOf(payload, claims.keep) }),
  };
  return identityFault(identity) === undefined ? identity : undefined;
}

/** A claim of that very name, or else one within objects. */
function claimOf(payload: Payload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** What may be a list; a text stands for one. */
function listIn(value: unknown, split: (text: string) => readonly string[]): unknown {
  if (value === undefined || value === null) return [];
  return typeof value === "string" ? split(value) : value;
}

/** Whoever names one of the two claims means both: what is not there allows nothing. */
function permissionsIn(payload: Payload, { publish, subscribe }: TokenClaims): object | undefined {
  if (publish === undefined && subscribe === undefined) return undefined;
  const filters = (name: string | undefined): unknown =>
    name === undefined ? undefined : listIn(claimOf(payload, name), (filter) => [filter]);
  return { permissions: { publish: filters(publish), subscribe: filters(subscribe) } };
}

function keptOf(payload: Payload, names: readonly string[]): Payload {
  const found = names.map((name) => [name, claimOf(payload, name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}
