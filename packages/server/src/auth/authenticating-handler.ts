import { ReasonCode } from "@anax/protocol";
import { MqttServerBusyError } from "../errors.ts";
import { isThenable } from "../user-code.ts";
import type { ServerEventHandler, ValidatingConnectionEvent } from "../events.ts";
import type { Authenticator } from "../ports/authenticator.ts";
import type { LoginWarnings } from "../system/login-warnings.ts";
import { SCRAM_METHOD } from "./scram.ts";
import { ScramAuthentication } from "./scram-authentication.ts";

/**
 * Asks an authenticator as a handler of `validatingConnection`. Whom it refuses gets 0x86 Bad User Name
 * or Password. A client that chose SCRAM-SHA-256 proves its password without sending it, if the authenticator has
 * verifiers. A re-authentication by another method carries no password: it is for the handlers of that method.
 */
export function authenticatingHandler(
  authenticator: Authenticator,
  warnings: LoginWarnings,
): ServerEventHandler<"validatingConnection"> {
  const scram = new ScramAuthentication((userName) => authenticator.scramVerifierOf?.(userName));
  const refusing = (event: ValidatingConnectionEvent): void => {
    refuse(event);
    if (event.reasonCode === ReasonCode.badUserNameOrPassword) warnings.refused(event);
  };
  const failing = (event: ValidatingConnectionEvent, error: unknown): void => {
    if (!(error instanceof MqttServerBusyError)) throw error;
    event.reasonCode = ReasonCode.serverBusy;
    event.reasonString = error.message;
    warnings.busy(event);
  };
  return (event) => {
    // Asked each time: a password file that is read again may have got its first verifier.
    const isOffered = authenticator.scramVerifierOf !== undefined;
    if (isOffered && event.authenticationMethod === SCRAM_METHOD)
      return scram.authenticate(event).catch((error: unknown) => failing(event, error));
    if (event.reauthentication) return undefined;
    const isIn = authenticator.authenticate(event);
    if (typeof isIn === "boolean") {
      if (!isIn) refusing(event);
      return undefined;
    }
    if (!isThenable(isIn)) throw new TypeError(`authenticate answered ${typeof isIn}`);
    // What is no promise of the platform might answer nothing from its `then`, and let everybody in.
    return Promise.resolve(isIn).then(
      (isLetIn) => {
        if (isLetIn !== true) refusing(event);
      },
      (error: unknown) => failing(event, error),
    );
  };
}

/** Who names a method and shows no password is refused for the method, which is not known here [MQTT-4.12.0-1]. */
function refuse(event: ValidatingConnectionEvent): void {
  const isAboutMethod = event.authenticationMethod !== undefined && event.password === undefined;
  event.reasonCode = isAboutMethod
    ? ReasonCode.badAuthenticationMethod
    : ReasonCode.badUserNameOrPassword;
}
