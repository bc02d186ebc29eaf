import { copyBytes } from "@anax/protocol";
import type { ByteReader, ByteWriter } from "@anax/protocol";
import { Message } from "../publishing/message.ts";
import { qosOf, readTime, writeTime } from "./fields.ts";

const RETAIN = 0x04;

/** Writes a message; gives where in the writer its bytes begin. */
export function writeMessage(writer: ByteWriter, message: Message): number {
  writer.u8(message.qos | (message.retain ? RETAIN : 0));
  writeTime(writer, message.expiresAtMs);
  writer.string(message.clientId, "Client Identifier");
  const { bytes } = message;
  writer.u32(bytes.length);
  const offset = writer.length;
  writer.raw(bytes);
  return offset;
}

/** Reads a message; `offset` is where its bytes begin. */
export function readMessage(reader: ByteReader): { message: Message; offset: number } {
  const flags = reader.u8();
  const expiresAtMs = readTime(reader);
  const clientId = reader.string();
  const length = reader.u32();
  const offset = reader.position;
  reader.position += length;
  const bytes = copyBytes(reader.bytes, offset, offset + length);
  const qos = qosOf(flags & 0x03);
  const retain = (flags & RETAIN) !== 0;
  return { message: Message.restored({ bytes, qos, retain, clientId, expiresAtMs }), offset };
}
