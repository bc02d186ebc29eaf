import { ProtocolError } from "../errors.ts";
import { REASON_CODES, reasonName } from "../reason-codes.ts";
import type { ReasonCodePacketType } from "../reason-codes.ts";

/** One byte per code, 1 where it may stand in the packet: a look-up for the hot path. */
const LEGAL: Readonly<Record<ReasonCodePacketType, Uint8Array>> = {
  connack: legalCodes("connack"),
  puback: legalCodes("puback"),
  pubrec: legalCodes("pubrec"),
  pubrel: legalCodes("pubrel"),
  pubcomp: legalCodes("pubcomp"),
  suback: legalCodes("suback"),
  unsuback: legalCodes("unsuback"),
  disconnect: legalCodes("disconnect"),
  auth: legalCodes("auth"),
};

function legalCodes(packetType: ReasonCodePacketType): Uint8Array {
  const legal = new Uint8Array(256);
  for (const { code, packets } of REASON_CODES) {
    legal[code] = packets[packetType] === undefined ? 0 : 1;
  }
  return legal;
}

/**
 * The code, when it may stand in that packet (whoever sends it: a codec does not know the role).
 * @throws ProtocolError 0x82 when it may not.
 */
export function receivableReasonCode(code: number, packetType: ReasonCodePacketType): number {
  if (LEGAL[packetType][code] !== 1) {
    throw new ProtocolError(`${packetType} must not carry ${reasonName(code)} (${code})`);
  }
  return code;
}

/** The code, when it may stand in that packet. @throws RangeError when it may not. */
export function sendableReasonCode(code: number, packetType: ReasonCodePacketType): number {
  if (LEGAL[packetType][code] !== 1) {
    throw new RangeError(`${packetType} must not carry reasonCode ${code}`);
  }
  return code;
}
