import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { ProtocolError } from "../errors.ts";
import type { AcknowledgementProperties } from "./acknowledgement.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { Mutable } from "./mutable.ts";
import { decodePacketIdentifier, encodePacketIdentifier } from "./packet-identifier.ts";
import { receivableReasonCode, sendableReasonCode } from "./packet-reason-codes.ts";
import { decodeProperties, encodeProperties } from "./properties.ts";
import type { ProtocolVersion } from "./protocol-version.ts";

/** SUBACK: one Reason Code for each filter of the SUBSCRIBE, in its order. */
export interface SubackPacket {
  readonly type: "suback";
  readonly packetIdentifier: number;
  /** 0, 1, 2 granted QoS; 0x80 and above refused (3.1.1: only 0x80). */
  readonly reasonCodes: readonly number[];
  readonly properties?: AcknowledgementProperties;
}

const FAILURE = 0x80;

/**
 * Reads the body of SUBACK.
 * @throws ProtocolError 0x82 without any code, and for a code that SUBACK must not carry; before
 *   MQTT 5.0 that is all but 0, 1, 2 and 0x80 [MQTT-3.9.3-2].
 */
export function decodeSuback(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): SubackPacket {
  const packetIdentifier = decodePacketIdentifier(reader);
  const properties = version === 5 ? decodeProperties(reader, "suback", limits) : undefined;
  const reasonCodes: number[] = [];
  while (reader.remaining > 0) {
    const reasonCode = receivableReasonCode(grantedBits(reader.u8(), version), "suback");
    if (version !== 5 && reasonCode > FAILURE) {
      throw new ProtocolError(`SUBACK must not carry return code ${reasonCode}`);
    }
    reasonCodes.push(reasonCode);
  }
  if (reasonCodes.length === 0) {
    throw new ProtocolError("SUBACK has no Reason Code");
  }
  const packet: Mutable<SubackPacket> = { type: "suback", packetIdentifier, reasonCodes };
  if (properties !== undefined) {
    packet.properties = properties;
  }
  return packet;
}

/** MQTT 3.1 does not use the upper six bits of a granted QoS, but its servers refuse by 0x80 as well. */
function grantedBits(byte: number, version: ProtocolVersion): number {
  return version !== 3 || byte === FAILURE ? byte : byte & 0x03;
}

/**
 * Writes SUBACK. In 3.1 and 3.1.1 every refusal becomes 0x80 and properties are left out.
 * @throws RangeError without any code, and for a code that SUBACK must not carry [MQTT-3.9.3-2].
 */
export function encodeSuback(
  writer: ByteWriter,
  packet: SubackPacket,
  version: ProtocolVersion,
): void {
  if (packet.reasonCodes.length === 0) {
    throw new RangeError("SUBACK needs at least one Reason Code");
  }
  writer.u8(0x90);
  const start = writer.openLength(0);
  encodePacketIdentifier(writer, packet.packetIdentifier);
  if (version === 5) {
    encodeProperties(writer, "suback", packet.properties);
  }
  for (const reasonCode of packet.reasonCodes) {
    const sendable = sendableReasonCode(reasonCode, "suback");
    writer.u8(version === 5 ? sendable : Math.min(sendable, FAILURE));
  }
  writer.closeLength(start, 0);
}
