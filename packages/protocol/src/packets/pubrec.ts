import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { decodeAcknowledgement, encodeAcknowledgement } from "./acknowledgement.ts";
import type { AcknowledgementProperties } from "./acknowledgement.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { ProtocolVersion } from "./protocol-version.ts";

/** PUBREC: first answer to a PUBLISH of QoS 2. */
export interface PubrecPacket {
  readonly type: "pubrec";
  readonly packetIdentifier: number;
  /** 0 in 3.1 and 3.1.1, which have no Reason Code here. */
  readonly reasonCode: number;
  readonly properties?: AcknowledgementProperties;
}

/** Reads the body of PUBREC. */
export function decodePubrec(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): PubrecPacket {
  return decodeAcknowledgement("pubrec", reader, version, limits);
}

/** Writes PUBREC. */
export function encodePubrec(
  writer: ByteWriter,
  packet: PubrecPacket,
  version: ProtocolVersion,
): void {
  encodeAcknowledgement(0x50, packet, writer, version);
}
