import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { decodeAcknowledgement, encodeAcknowledgement } from "./acknowledgement.ts";
import type { AcknowledgementProperties } from "./acknowledgement.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { ProtocolVersion } from "./protocol-version.ts";

/** PUBACK: answers a PUBLISH of QoS 1. */
export interface PubackPacket {
  readonly type: "puback";
  readonly packetIdentifier: number;
  /** 0 in 3.1 and 3.1.1, which have no Reason Code here. */
  readonly reasonCode: number;
  readonly properties?: AcknowledgementProperties;
}

/** Reads the body of PUBACK. */
export function decodePuback(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): PubackPacket {
  return decodeAcknowledgement("puback", reader, version, limits);
}

/** Writes PUBACK. */
export function encodePuback(
  writer: ByteWriter,
  packet: PubackPacket,
  version: ProtocolVersion,
): void {
  encodeAcknowledgement(0x40, packet, writer, version);
}
