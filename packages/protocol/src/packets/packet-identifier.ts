import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { ProtocolError } from "../errors.ts";
import { requireInteger } from "../integer.ts";

/** Reads a Packet Identifier. @throws ProtocolError 0x82 when it is 0 [MQTT-2.2.1-3]. */
export function decodePacketIdentifier(reader: ByteReader): number {
  const packetIdentifier = reader.u16();
  if (packetIdentifier === 0) {
    throw new ProtocolError("Packet Identifier is 0");
  }
  return packetIdentifier;
}

/** Writes a Packet Identifier. @throws RangeError when it is not 1 to 65 535 [MQTT-2.2.1-3]. */
export function encodePacketIdentifier(writer: ByteWriter, packetIdentifier: number): void {
  writer.u16(requireInteger(packetIdentifier, "packetIdentifier", 1, 0xffff));
}
