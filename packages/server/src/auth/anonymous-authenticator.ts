import type { Authenticator, Credentials } from "../ports/authenticator.ts";

/**
 * Lets in clients that show nothing: no user name, no password, no Authentication Method. To be the last of `authenticators`, where it
 * is asked for.
 */
export class AnonymousAuthenticator implements Authenticator {
  readonly name = "anonymous";

  authenticate({ userName, password, authenticationMethod }: Credentials): true | undefined {
    // Clients that have no user name configured send "".
    const showsNothing = userName === undefined || userName === "";
    const hasPassword = password !== undefined && password.length > 0;
    return showsNothing && !hasPassword && authenticationMethod === undefined ? true : undefined;
  }
}
