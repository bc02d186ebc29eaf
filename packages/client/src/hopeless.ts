/** After which failures it makes no sense to try again: the same would happen, or harm would be done. */
import { ReasonCode } from "@anax/protocol";
import { MqttConfigurationError, MqttError } from "./core/errors.ts";

const HOPELESS: ReadonlySet<number> = new Set([
  ReasonCode.unsupportedProtocolVersion,
  ReasonCode.clientIdentifierNotValid,
  ReasonCode.banned,
  ReasonCode.badAuthenticationMethod,
  // Two clients with one Client Identifier would take over from each other for ever.
  ReasonCode.sessionTakenOver,
  ReasonCode.serverMoved,
]);

const CREDENTIALS: ReadonlySet<number> = new Set([
  ReasonCode.badUserNameOrPassword,
  ReasonCode.notAuthorized,
]);

/** Whether another attempt after this error makes no sense. */
export function isHopeless(error: Error, hasFreshPassword: boolean): boolean {
  if (error instanceof MqttConfigurationError) return true;
  if (!(error instanceof MqttError) || error.reasonCode === undefined) return false;
  if (HOPELESS.has(error.reasonCode)) return true;
  // A function may give a new token next time.
  return CREDENTIALS.has(error.reasonCode) && !hasFreshPassword;
}
