import type { ByteWriter } from "../bytes/byte-writer.ts";

/** PINGREQ: a Client that has nothing else to send shows that it is alive. */
export interface PingreqPacket {
  readonly type: "pingreq";
}

/** PINGREQ has no body: there is nothing to read. */
export function decodePingreq(): PingreqPacket {
  return { type: "pingreq" };
}

/** Writes PINGREQ. */
export function encodePingreq(writer: ByteWriter): void {
  writer.u8(0xc0);
  writer.u8(0);
}
