import { ProtocolError } from "../errors.ts";

// CONNACK of MQTT 3.1 and 3.1.1 has six return codes; inside, there are only Reason Codes.

/** Reason Code for each return code 0 to 5. */
const REASON_CODES: readonly number[] = [0x00, 0x84, 0x85, 0x88, 0x86, 0x87];

/** Return codes whose sense another Reason Code has, too; all others become 3, unavailable. */
const RETURN_CODES: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x84, 1],
  [0x85, 2],
  [0x86, 4],
  [0x87, 5],
  // A banned Client, another way of authentication, a Will that it may not have: not authorized.
  [0x8a, 5],
  [0x8c, 5],
  [0x90, 5],
]);

/** Reason Code of a 3.1 or 3.1.1 return code. @throws ProtocolError 0x82 for 6 and above. */
export function reasonCodeOfReturnCode(returnCode: number): number {
  const reasonCode = REASON_CODES[returnCode];
  if (reasonCode === undefined) {
    throw new ProtocolError(`CONNACK must not carry return code ${returnCode}`);
  }
  return reasonCode;
}

/**
 * The 3.1 or 3.1.1 return code that is nearest in sense to a Reason Code of CONNACK. A Server that
 * finds none near enough may close without CONNACK instead [MQTT-3.2.2-6 of 3.1.1].
 */
export function returnCodeOfReasonCode(reasonCode: number): number {
  return RETURN_CODES.get(reasonCode) ?? 3;
}
