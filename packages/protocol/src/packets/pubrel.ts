import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { decodeAcknowledgement, encodeAcknowledgement } from "./acknowledgement.ts";
import type { AcknowledgementProperties } from "./acknowledgement.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { ProtocolVersion } from "./protocol-version.ts";

/** PUBREL: answers PUBREC; the sender will not send that PUBLISH again. */
export interface PubrelPacket {
  readonly type: "pubrel";
  readonly packetIdentifier: number;
  /** 0 in 3.1 and 3.1.1, which have no Reason Code here. */
  readonly reasonCode: number;
  readonly properties?: AcknowledgementProperties;
}

/** Reads the body of PUBREL. */
export function decodePubrel(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): PubrelPacket {
  return decodeAcknowledgement("pubrel", reader, version, limits);
}

/** Writes PUBREL. */
export function encodePubrel(
  writer: ByteWriter,
  packet: PubrelPacket,
  version: ProtocolVersion,
): void {
  encodeAcknowledgement(0x62, packet, writer, version);
}
