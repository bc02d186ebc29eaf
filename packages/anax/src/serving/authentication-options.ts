import type { Authenticator, MqttServerOptions } from "@anax/server";
import type { CommandAuthenticator } from "./command-authenticator.ts";
import type { AuthenticationFlags } from "../authenticating/authentication-flags.ts";

/** The options of the server that say who is let in; none of them if everybody is. */
export function authenticationOptions(
  { clientIdPattern }: AuthenticationFlags,
  users: CommandAuthenticator | undefined,
  others: readonly Authenticator[],
): MqttServerOptions {
  if (users === undefined) return { clientIdPattern };
  return { authenticators: [users, ...others, users.nameless], clientIdPattern };
}
