/** After which failures it makes no sense to try again: the same would happen, or harm would be done. */
import { MqttConfigurationError } from "@anax/protocol";
import { MqttError } from "./core/errors.ts";

/** As numbers, so that a page need not load the names of all codes. */
const HOPELESS: readonly number[] = [
  0x8a, // Banned
  0x8c, // Bad authentication method
  0x8e, // Session taken over: two clients with one identifier would take over from each other for ever
  0x9d, // Server moved
];

/**
 * Unsupported Protocol Version, Client Identifier not valid: what the server has accepted once cannot be the reason. Some
 * servers say so when they have too many clients; CONNACK of 3.1.1 has six codes only.
 */
const NEVER_ACCEPTED: readonly number[] = [0x84, 0x85];

/** Bad User Name or Password, Not authorized: a function may give a new token next time. */
const ABOUT_CREDENTIALS: readonly number[] = [0x86, 0x87];

/** Whether another attempt after this error makes no sense. */
export function isHopeless(error: Error, hasFreshPassword: boolean, wasAccepted: boolean): boolean {
  if (error instanceof MqttConfigurationError) return true;
  if (!(error instanceof MqttError) || error.reasonCode === undefined) return false;
  const { reasonCode } = error;
  return (
    HOPELESS.includes(reasonCode) ||
    (!wasAccepted && NEVER_ACCEPTED.includes(reasonCode)) ||
    (!hasFreshPassword && ABOUT_CREDENTIALS.includes(reasonCode))
  );
}
