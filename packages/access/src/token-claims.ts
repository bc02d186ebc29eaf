import { parseTopicFilter } from "@anax/protocol";
import type { Identity, Permissions } from "@anax/server";

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

/** Groups and Topic Filters of a token, at most. */
const LIST_MAX = 1_000;

/** The identity in a token; undefined if something in it is not as it must be. */
export function identityIn(payload: Payload, claims: TokenClaims): Identity | undefined {
  const userName = claimOf(payload, claims.userName ?? "sub");
  if (!isName(userName)) return undefined;
  const clientId = claims.clientId === undefined ? undefined : claimOf(payload, claims.clientId);
  if (claims.clientId !== undefined && !isName(clientId)) return undefined;
  const groups = groupsIn(claimOf(payload, claims.groups ?? "groups"));
  const permissions = permissionsIn(payload, claims);
  if (groups === undefined || permissions === "wrong") return undefined;
  return {
    userName,
    ...(isName(clientId) && { clientId }),
    ...(groups.length > 0 && { groups }),
    ...(permissions !== undefined && { permissions }),
    ...(claims.keep !== undefined && { claims: keptOf(payload, claims.keep) }),
  };
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

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !/\p{Cc}/u.test(value);
}

function groupsIn(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  const list = typeof value === "string" ? value.split(" ").filter((name) => name !== "") : value;
  return Array.isArray(list) && list.length <= LIST_MAX && list.every(isName) ? list : undefined;
}

function permissionsIn(
  payload: Payload,
  { publish, subscribe }: TokenClaims,
): Permissions | undefined | "wrong" {
  if (publish === undefined && subscribe === undefined) return undefined;
  const may = publish === undefined ? undefined : filtersIn(claimOf(payload, publish));
  const maySee = subscribe === undefined ? undefined : filtersIn(claimOf(payload, subscribe));
  return may === "wrong" || maySee === "wrong" ? "wrong" : { publish: may, subscribe: maySee };
}

function filtersIn(value: unknown): readonly string[] | "wrong" {
  if (value === undefined || value === null) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.length <= LIST_MAX && list.every(isFilter) ? list : "wrong";
}

function isFilter(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    parseTopicFilter(value);
    return true;
  } catch {
    return false;
  }
}

function keptOf(payload: Payload, names: readonly string[]): Payload {
  const found = names.map((name) => [name, claimOf(payload, name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}
