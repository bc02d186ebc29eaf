import type { Authenticator, MqttServerOptions } from "@anax/server";
import type { CommandAuthenticator } from "./command-authenticator.ts";
import type { AuthenticationFlags } from "../authenticating/authentication-flags.ts";

/** True if the flags say who is let in; else everybody is. */
export function isAuthenticating({
  user,
  passwordFile,
  authenticator,
}: AuthenticationFlags): boolean {
  return user.length > 0 || passwordFile !== undefined || authenticator.length > 0;
}

/** The options of the server that say who is let in; none of them if everybody is. */
export function authenticationOptions(
  { clientIdPattern }: AuthenticationFlags,
  users: CommandAuthenticator | undefined,
  others: readonly Authenticator[],
): MqttServerOptions {
  if (users === undefined) return { clientIdPattern };
  return { authenticators: [users, ...others, users.nameless], clientIdPattern };
}
