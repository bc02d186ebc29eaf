/** An authenticator of `anax serve` as one value: a map of keys, in a configuration file or on the command line. */
import { TOKEN_ALGORITHMS } from "@anax/access";
import type { TokenAlgorithm } from "@anax/access";
import type { CertificateName } from "@anax/server";
import { UsageError } from "../errors.ts";
import { longName, optional, repeated, toggle } from "../flags/flag.ts";
import type { Flag, FlagTable } from "../flags/flag.ts";
import { choice, integer, name, seconds, text } from "../flags/value-parser.ts";
import type { ValueParser } from "../flags/value-parser.ts";
import type { MapFlag } from "../settings/configuration-file.ts";
import { readMap, requireKeysFit } from "../settings/map-flag.ts";

const KEY = { group: "Authenticator" };

const TYPES = {
  "password-file": "password-file",
  jwt: "jwt",
  http: "http",
  certificate: "certificate",
  anonymous: "anonymous",
} as const;

const NAMES: Readonly<Record<string, CertificateName>> = {
  "common-name": "commonName",
  subject: "subject",
  dns: "dns",
  email: "email",
  uri: "uri",
};

/** A name and a value. */
export type NamedText = readonly [name: string, value: string];

/** How clients are authenticated: the keys of one type, the others are not given. */
export interface AuthenticatorSettings {
  readonly type: keyof typeof TYPES | undefined;
  readonly file: string | undefined;
  readonly userName: CertificateName | undefined;
  readonly secret: string | undefined;
  readonly keyFile: string | undefined;
  readonly keyUrl: string | undefined;
  readonly algorithm: readonly TokenAlgorithm[];
  readonly issuer: readonly string[];
  readonly audience: readonly string[];
  readonly userNameClaim: string | undefined;
  readonly clientIdClaim: string | undefined;
  readonly groupsClaim: string | undefined;
  readonly publishClaim: string | undefined;
  readonly subscribeClaim: string | undefined;
  readonly keepClaim: readonly string[];
  readonly withoutExpiry: boolean;
  readonly method: readonly string[];
  readonly clockTolerance: number | undefined;
  readonly stale: number | undefined;
  readonly url: string | undefined;
  readonly get: boolean;
  readonly form: boolean;
  readonly header: readonly NamedText[];
  readonly field: readonly NamedText[];
  readonly timeout: number | undefined;
  readonly cache: number | undefined;
  readonly maxRequests: number | undefined;
  readonly maxWaiting: number | undefined;
}

/** Text in two parts, `separator` between them. */
function pair(placeholder: string, separator: string): ValueParser<NamedText> {
  return {
    placeholder,
    expected: `a name, "${separator.trim()}" and a value`,
    schema: { type: "string", minLength: 1 },
    parse: (given) => {
      const at = given.indexOf(separator.trim());
      return at < 1 ? undefined : [given.slice(0, at).trim(), given.slice(at + 1).trim()];
    },
  };
}

const ALGORITHMS = Object.fromEntries(TOKEN_ALGORITHMS.map((one) => [one, one]));

/** Its keys, each explained as a flag is. */
const AUTHENTICATOR_TABLE: FlagTable<AuthenticatorSettings> = {
  type: optional(choice(TYPES), {
    ...KEY,
    help: "who is asked: a password file, a token (jwt), a service (http), a TLS certificate, or nobody (anonymous: lets in who shows nothing)",
  }),
  file: optional(name("file"), {
    ...KEY,
    help: "of password-file: written by anax passwd or mosquitto_passwd; read again at SIGHUP",
  }),
  userName: optional(choice<CertificateName>(NAMES), {
    ...KEY,
    help: "of certificate: what of it is the user name (default common-name)",
  }),
  secret: optional(text("text"), {
    ...KEY,
    help: "of jwt: the secret of HS256, at least 32 bytes",
  }),
  keyFile: optional(name("file"), {
    ...KEY,
    help: "of jwt: public key or certificate (PEM), or a key set (JWKS); read again when it changes",
  }),
  keyUrl: optional(name("url"), {
    ...KEY,
    help: "of jwt: where the identity provider has its key set (JWKS)",
  }),
  algorithm: repeated(choice<TokenAlgorithm>(ALGORITHMS), {
    ...KEY,
    defaultText: "all that fit the keys",
    help: "of jwt: algorithm that is taken",
  }),
  issuer: repeated(name("text"), {
    ...KEY,
    help: "of jwt: who must have issued a token; others are left to the next authenticator",
  }),
  audience: repeated(name("text"), { ...KEY, help: "of jwt: whom a token must be for" }),
  userNameClaim: optional(name("claim"), { ...KEY, help: "of jwt: user name (default sub)" }),
  clientIdClaim: optional(name("claim"), {
    ...KEY,
    help: "of jwt: the only Client Identifier that the client may use",
  }),
  groupsClaim: optional(name("claim"), { ...KEY, help: "of jwt: groups (default groups)" }),
  publishClaim: optional(name("claim"), {
    ...KEY,
    help: "of jwt: Topic Filters that may be published to; without the claim, none",
  }),
  subscribeClaim: optional(name("claim"), {
    ...KEY,
    help: "of jwt: Topic Filters that may be subscribed to; without the claim, none",
  }),
  keepClaim: repeated(name("claim"), { ...KEY, help: "of jwt: claim to keep for access rules" }),
  withoutExpiry: toggle({ ...KEY, help: "of jwt: take tokens that never expire too" }),
  method: repeated(name("method"), {
    ...KEY,
    defaultText: "JWT",
    help: "of jwt: Authentication Method of MQTT 5.0 whose data is a token",
  }),
  clockTolerance: optional(integer(0, 3_600, "seconds"), {
    ...KEY,
    help: "of jwt: how far the clocks of issuer and server may differ (default 5)",
  }),
  stale: optional(seconds(0), {
    ...KEY,
    help: "of jwt: seconds for which keys are used that cannot be fetched again (default 86400)",
  }),
  url: optional(name("url"), { ...KEY, help: "of http: the service" }),
  get: toggle({ ...KEY, help: "of http: ask by GET, with the fields in the query" }),
  form: toggle({ ...KEY, help: "of http: send the fields as a form instead of JSON" }),
  header: repeated(pair("name: value", ": "), {
    ...KEY,
    help: "of http: header to send, such as authorization: Bearer ${TOKEN}",
  }),
  field: repeated(pair("name=text", "="), {
    ...KEY,
    defaultText: "userName=%u, password=%p, clientId=%c, address=%a",
    help: "of http: field to send; %t is the transport, %s the host that TLS was asked for",
  }),
  timeout: optional(seconds(0.001), {
    ...KEY,
    help: "of http and jwt: seconds for an answer (default 3, of jwt 5)",
  }),
  cache: optional(seconds(0), {
    ...KEY,
    help: "seconds for which an answer of http is remembered (default 60), or keys of jwt (default 600)",
  }),
  maxRequests: optional(integer(1, 10_000), {
    ...KEY,
    help: "of http: requests at a time (default 50)",
  }),
  maxWaiting: optional(integer(0, 100_000), {
    ...KEY,
    help: "of http: clients that wait for theirs; others are told to come later (default 1000)",
  }),
};

/** `--authenticator '{type: jwt, key-file: id.pem}'`, or an item of `authenticators` in a file. */
export const AUTHENTICATOR_FLAG: Flag<readonly AuthenticatorSettings[]> & MapFlag = {
  group: "Authentication",
  aliases: ["authenticators"],
  help: "who says which clients are let in, such as {type: jwt, key-file: id.pem}; several are asked in order, after user and password-file",
  placeholder: "map",
  repeatable: true,
  entries: AUTHENTICATOR_TABLE,
  read: (occurrences, flagName) =>
    occurrences.map(([given = ""]) => authenticatorOf(given, flagName)),
};

function authenticatorOf(given: string, flagName: string): AuthenticatorSettings {
  const settings = readMap(AUTHENTICATOR_TABLE, given, flagName);
  requireFit(settings, flagName);
  return settings;
}

type Type = NonNullable<AuthenticatorSettings["type"]>;

/** The types that have each key. */
const TYPES_OF: Readonly<Record<Exclude<keyof AuthenticatorSettings, "type">, readonly Type[]>> = {
  file: ["password-file"],
  userName: ["certificate"],
  secret: ["jwt"],
  keyFile: ["jwt"],
  keyUrl: ["jwt"],
  algorithm: ["jwt"],
  issuer: ["jwt"],
  audience: ["jwt"],
  userNameClaim: ["jwt"],
  clientIdClaim: ["jwt"],
  groupsClaim: ["jwt"],
  publishClaim: ["jwt"],
  subscribeClaim: ["jwt"],
  keepClaim: ["jwt"],
  withoutExpiry: ["jwt"],
  method: ["jwt"],
  clockTolerance: ["jwt"],
  stale: ["jwt"],
  url: ["http"],
  get: ["http"],
  form: ["http"],
  header: ["http"],
  field: ["http"],
  timeout: ["http", "jwt"],
  cache: ["http", "jwt"],
  maxRequests: ["http"],
  maxWaiting: ["http"],
};

/** What each type cannot do without. */
const NEEDED: Readonly<Partial<Record<Type, readonly (keyof AuthenticatorSettings)[]>>> = {
  "password-file": ["file"],
  http: ["url"],
  jwt: ["secret", "keyFile", "keyUrl"],
};

function requireFit(settings: AuthenticatorSettings, flagName: string): void {
  const { type } = settings;
  if (type === undefined) {
    throw new UsageError(`${flagName}: type is needed, one of ${Object.keys(TYPES).join(", ")}`);
  }
  requireKeysFit(settings, { what: "an authenticator", type, typesOf: TYPES_OF }, flagName);
  const needed = NEEDED[type];
  if (needed === undefined) return;
  const given = needed.filter((key) => settings[key] !== undefined);
  if (given.length === 1) return;
  const words = needed.map(longName);
  throw new UsageError(
    `${flagName}: ${type} needs ${words.length > 1 ? "one of " : ""}${words.join(", ")}`,
  );
}

/** Keys whose values are not to be shown. */
export const SECRET_KEYS: ReadonlySet<string> = new Set(["secret", "header", "keyPassphrase"]);
