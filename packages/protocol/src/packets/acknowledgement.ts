import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { Mutable } from "./mutable.ts";
import { decodePacketIdentifier, encodePacketIdentifier } from "./packet-identifier.ts";
import { decodeOptionalReason, encodeOptionalReason } from "./optional-reason.ts";
import { sendableReasonCode } from "./packet-reason-codes.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import type { UserProperties } from "./user-properties.ts";

/** Properties of PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK (MQTT 5.0). */
export interface AcknowledgementProperties {
  readonly reasonString?: string;
  readonly userProperties?: UserProperties;
}

/** The four packets that acknowledge a PUBLISH step by step; they have one layout. */
export type AcknowledgementType = "puback" | "pubrec" | "pubrel" | "pubcomp";

/** What those four packets have in common. */
export interface Acknowledgement<Type extends AcknowledgementType> {
  readonly type: Type;
  readonly packetIdentifier: number;
  readonly reasonCode: number;
  readonly properties?: AcknowledgementProperties;
}

/**
 * Reads the body of PUBACK, PUBREC, PUBREL or PUBCOMP. In MQTT 5.0 a missing Reason Code is 0x00
 * and a missing Property Length is 0.
 *
 * @throws ProtocolError 0x82 for Packet Identifier 0, and for a code that the packet must not carry
 *   [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1].
 */
export function decodeAcknowledgement<Type extends AcknowledgementType>(
  type: Type,
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): Acknowledgement<Type> {
  const packetIdentifier = decodePacketIdentifier(reader);
  const packet: Mutable<Acknowledgement<Type>> = { type, packetIdentifier, reasonCode: 0 };
  decodeOptionalReason(packet, reader, version, limits);
  return packet;
}

/**
 * Writes PUBACK, PUBREC, PUBREL or PUBCOMP in its shortest form. 3.1 and 3.1.1 have no room for
 * Reason Code and properties: there they are left out.
 */
export function encodeAcknowledgement(
  firstByte: number,
  packet: Acknowledgement<AcknowledgementType>,
  writer: ByteWriter,
  version: ProtocolVersion,
): void {
  sendableReasonCode(packet.reasonCode, packet.type);
  writer.u8(firstByte);
  const start = writer.openLength(0);
  encodePacketIdentifier(writer, packet.packetIdentifier);
  encodeOptionalReason(packet, writer, version);
  writer.closeLength(start, 0);
}
