import { copyBytes } from "@anax/protocol";
import type { ByteReader, ByteWriter } from "@anax/protocol";
import { Message } from "../publishing/message.ts";
import { qosOf, readTime, writeTime } from "./fields.ts";

const RETAIN = 0x04;
const FLAGS_AND_EXPIRY_BYTES = 9;
/** Bytes that a message's record has beside those of the message, with a Client Identifier of common length. */
export const RECORD_BYTES = 40;

export function writeMessage(writer: ByteWriter, message: Message): void {
  writer.u8(message.qos | (message.retain ? RETAIN : 0));
  writeTime(writer, message.expiresAtMs);
  writer.string(message.clientId, "Client Identifier");
  writer.u32(message.bytes.length);
  writer.raw(message.bytes);
}

export function readMessage(reader: ByteReader): Message {
  const flags = reader.u8();
  const expiresAtMs = readTime(reader);
  const clientId = reader.string();
  const length = reader.u32();
  const start = reader.position;
  reader.position += length;
  const bytes = copyBytes(reader.bytes, start, start + length);
  const qos = qosOf(flags & 0x03);
  const retain = (flags & RETAIN) !== 0;
  return Message.restored({ bytes, qos, retain, clientId, expiresAtMs });
}

/**
 * Passes over a message without making anything of it; gives the size of its bytes.
 * @throws Error if it is cut off.
 */
export function skipMessage(reader: ByteReader): number {
  reader.position += FLAGS_AND_EXPIRY_BYTES;
  const clientIdBytes = reader.u16();
  reader.position += clientIdBytes;
  const size = reader.u32();
  reader.position += size;
  if (reader.remaining < 0) throw new Error("a stored message is cut off");
  return size;
}
