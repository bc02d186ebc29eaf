import type { ByteWriter } from "../bytes/byte-writer.ts";

/** PINGRESP: the Server's answer to PINGREQ. */
export interface PingrespPacket {
  readonly type: "pingresp";
}

/** PINGRESP has no body: there is nothing to read. */
export function decodePingresp(): PingrespPacket {
  return { type: "pingresp" };
}

/** Writes PINGRESP. */
export function encodePingresp(writer: ByteWriter): void {
  writer.u8(0xd0);
  writer.u8(0);
}
