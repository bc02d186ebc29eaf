/** After which failures it makes no sense to try again: the same would happen, or harm would be done. */
import { MqttConfigurationError, MqttError } from "./core/errors.ts";

/** As numbers, so that a page need not load the names of all codes. */
const HOPELESS: readonly number[] = [
  0x84, // Unsupported Protocol Version
  0x85, // Client Identifier not valid
  0x8a, // Banned
  0x8c, // Bad authentication method
  0x8e, // Session taken over: two clients with one identifier would take over from each other for ever
  0x9d, // Server moved
];

const BAD_USER_NAME_OR_PASSWORD = 0x86;
const NOT_AUTHORIZED = 0x87;

/** Whether another attempt after this error makes no sense. */
export function isHopeless(error: Error, hasFreshPassword: boolean): boolean {
  if (error instanceof MqttConfigurationError) return true;
  if (!(error instanceof MqttError) || error.reasonCode === undefined) return false;
  if (HOPELESS.includes(error.reasonCode)) return true;
  // A function may give a new token next time.
  return isAboutCredentials(error.reasonCode) && !hasFreshPassword;
}

function isAboutCredentials(reasonCode: number): boolean {
  return reasonCode === BAD_USER_NAME_OR_PASSWORD || reasonCode === NOT_AUTHORIZED;
}
