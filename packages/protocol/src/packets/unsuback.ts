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

/** UNSUBACK: one Reason Code for each filter of the UNSUBSCRIBE. */
export interface UnsubackPacket {
  readonly type: "unsuback";
  readonly packetIdentifier: number;
  /** Empty in 3.1 and 3.1.1, whose UNSUBACK has no payload. */
  readonly reasonCodes: readonly number[];
  readonly properties?: AcknowledgementProperties;
}

/**
 * Reads the body of UNSUBACK.
 * @throws ProtocolError 0x82 in MQTT 5.0 without any code, and for a code that UNSUBACK must not
 *   carry [MQTT-3.11.3-2].
 */
export function decodeUnsuback(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): UnsubackPacket {
  const packetIdentifier = decodePacketIdentifier(reader);
  const reasonCodes: number[] = [];
  const packet: Mutable<UnsubackPacket> = { type: "unsuback", packetIdentifier, reasonCodes };
  if (version !== 5) {
    return packet;
  }
  const properties = decodeProperties(reader, "unsuback", limits);
  if (properties !== undefined) {
    packet.properties = properties;
  }
  while (reader.remaining > 0) {
    reasonCodes.push(receivableReasonCode(reader.u8(), "unsuback"));
  }
  if (reasonCodes.length === 0) {
    throw new ProtocolError("UNSUBACK has no Reason Code");
  }
  return packet;
}

/**
 * Writes UNSUBACK. In 3.1 and 3.1.1 it is the Packet Identifier only.
 * @throws RangeError in MQTT 5.0 without any code, and for a code that UNSUBACK must not carry.
 */
export function encodeUnsuback(
  writer: ByteWriter,
  packet: UnsubackPacket,
  version: ProtocolVersion,
): void {
  writer.u8(0xb0);
  const start = writer.openLength(0);
  encodePacketIdentifier(writer, packet.packetIdentifier);
  if (version === 5) {
    encodeResult(writer, packet);
  }
  writer.closeLength(start, 0);
}

function encodeResult(writer: ByteWriter, packet: UnsubackPacket): void {
  if (packet.reasonCodes.length === 0) {
    throw new RangeError("UNSUBACK needs at least one Reason Code");
  }
  encodeProperties(writer, "unsuback", packet.properties);
  for (const reasonCode of packet.reasonCodes) {
    writer.u8(sendableReasonCode(reasonCode, "unsuback"));
  }
}
