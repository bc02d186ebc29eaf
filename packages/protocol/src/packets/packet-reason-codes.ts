import { ProtocolError } from "../errors.ts";
import type { ReasonCodePacketType } from "../reason-codes.ts";

/**
 * The codes that each packet may carry, one byte per code, 1 where it may: a look-up for the hot path. It says
 * what `REASON_CODES` says, and a test holds them together; but a client must not have to load the
 * names of all codes to know which are legal.
 */
const LEGAL: Readonly<Record<ReasonCodePacketType, Uint8Array>> = {
  connack: codes("0 80-8a 8c 90 95 97 99-9d 9f"),
  puback: codes("0 10 80 83 87 90 91 97 99"),
  pubrec: codes("0 10 80 83 87 90 91 97 99"),
  pubrel: codes("0 92"),
  pubcomp: codes("0 92"),
  suback: codes("0 1 2 80 83 87 8f 91 97 9e a1 a2"),
  unsuback: codes("0 11 80 83 87 8f 91"),
  disconnect: codes("0 4 80-83 87 89 8b-90 93-a2"),
  auth: codes("0 18 19"),
};

/** Hexadecimal codes and ranges of codes. */
function codes(list: string): Uint8Array {
  const legal = new Uint8Array(256);
  for (const range of list.split(" ")) {
    const [first = 0, last = first] = range.split("-").map((code) => Number.parseInt(code, 16));
    legal.fill(1, first, last + 1);
  }
  return legal;
}

/** Whether the code may stand in that packet, whoever sends it. */
export function mayCarry(packetType: ReasonCodePacketType, code: number): boolean {
  return LEGAL[packetType][code] === 1;
}

/**
 * The code, when it may stand in that packet (whoever sends it: a codec does not know the role).
 * @throws ProtocolError 0x82 when it may not.
 */
export function receivableReasonCode(code: number, packetType: ReasonCodePacketType): number {
  if (mayCarry(packetType, code)) return code;
  throw new ProtocolError(mustNotCarry(packetType, code));
}

/** The code, when it may stand in that packet. @throws RangeError when it may not. */
export function sendableReasonCode(code: number, packetType: ReasonCodePacketType): number {
  if (mayCarry(packetType, code)) return code;
  throw new RangeError(mustNotCarry(packetType, code));
}

function mustNotCarry(packetType: ReasonCodePacketType, code: number): string {
  return `${packetType} must not carry Reason Code ${code}`;
}
