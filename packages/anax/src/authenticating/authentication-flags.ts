/** The flags of `anax serve` that say who is let in. */
import { optional, repeated, toggle } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { name } from "../flags/value-parser.ts";
import type { ValueParser } from "../flags/value-parser.ts";
import { AUTHENTICATOR_FLAG } from "./authenticator-flag.ts";
import type { AuthenticatorSettings } from "./authenticator-flag.ts";

/** A user that the command line names. */
export interface UserOnCommandLine {
  readonly userName: string;
  readonly password: string;
}

/** Who is let in. */
export interface AuthenticationFlags {
  readonly user: readonly UserOnCommandLine[];
  readonly passwordFile: string | undefined;
  readonly authenticator: readonly AuthenticatorSettings[];
  readonly allowAnonymous: boolean;
  readonly clientIdPattern: string | undefined;
}

const AUTHENTICATING = { group: "Authentication" };

const USER: ValueParser<UserOnCommandLine> = {
  placeholder: "name:password",
  expected: "a user name, a colon and a password",
  schema: { type: "string", pattern: "^[^:]+:" },
  parse: (given) => {
    const colon = given.indexOf(":");
    if (colon < 1) return undefined;
    return { userName: given.slice(0, colon), password: given.slice(colon + 1) };
  },
};

/** Each with its help. */
export const AUTHENTICATION_FLAGS: FlagTable<AuthenticationFlags> = {
  user: repeated(USER, {
    ...AUTHENTICATING,
    short: "u",
    help: "let in this user, and nobody without a name; for trials, as other users of this machine can see it",
  }),
  passwordFile: optional(name("file"), {
    ...AUTHENTICATING,
    help: "let in the users of this file, which anax passwd or mosquitto_passwd writes; read again at SIGHUP",
  }),
  authenticator: AUTHENTICATOR_FLAG,
  allowAnonymous: toggle({
    ...AUTHENTICATING,
    help: "with users: let in clients without a user name too",
  }),
  clientIdPattern: optional(name("pattern"), {
    ...AUTHENTICATING,
    help: "which Client Identifiers a user may have: %u is the user name, * any text, so %u/* is what begins with it",
  }),
};
