import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { decodeAcknowledgement, encodeAcknowledgement } from "./acknowledgement.ts";
import type { AcknowledgementProperties } from "./acknowledgement.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { ProtocolVersion } from "./protocol-version.ts";

/** PUBCOMP: answers PUBREL and ends a QoS 2 exchange. */
export interface PubcompPacket {
  readonly type: "pubcomp";
  readonly packetIdentifier: number;
  /** 0 in 3.1 and 3.1.1, which have no Reason Code here. */
  readonly reasonCode: number;
  readonly properties?: AcknowledgementProperties;
}

/** Reads the body of PUBCOMP. */
export function decodePubcomp(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): PubcompPacket {
  return decodeAcknowledgement("pubcomp", reader, version, limits);
}

/** Writes PUBCOMP. */
export function encodePubcomp(
  writer: ByteWriter,
  packet: PubcompPacket,
  version: ProtocolVersion,
): void {
  encodeAcknowledgement(0x70, packet, writer, version);
}
