import { ReasonCode } from "@anax/protocol";
import type { ServerEventHandler } from "../events.ts";
import type { Authenticator } from "../ports/authenticator.ts";

/**
 * Asks an authenticator as a handler of `validatingConnection`. Whom it refuses gets 0x86 Bad User Name
 * or Password. A re-authentication carries no password: it is for the handlers of its method.
 */
export function authenticatingHandler(
  authenticator: Authenticator,
): ServerEventHandler<"validatingConnection"> {
  return (event) => {
    if (event.reauthentication) return undefined;
    const isIn = authenticator.authenticate(event);
    if (typeof isIn === "boolean") {
      if (!isIn) event.reasonCode = ReasonCode.badUserNameOrPassword;
      return undefined;
    }
    return isIn.then((isLetIn) => {
      if (isLetIn !== true) event.reasonCode = ReasonCode.badUserNameOrPassword;
    });
  };
}
