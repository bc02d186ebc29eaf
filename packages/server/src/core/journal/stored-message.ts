import { ByteReader } from "@anax/protocol";
import type { ByteWriter, QoS } from "@anax/protocol";
import { Message } from "../message/message.ts";
import { PEER_CLIENT_ID } from "../routing/interest.ts";
import { qosOf, readTime, writeTime } from "./fields.ts";
import type { RecordParts } from "./message-record.ts";
import type { SharedBytes } from "../shared-bytes.ts";

const RETAIN = 0x04;
const SIZE_BYTES = 4;
const FLAGS_AND_EXPIRY_BYTES = 9;
/** Bytes that a message's record has beside those of the message, with a Client Identifier of common length. */
export const RECORD_BYTES = 40;

/** Who published a message; nobody, as for the program's own, if it came from another server: that matters for No Local, which is past. */
export function writePublisher(writer: ByteWriter, clientId: string): void {
  writer.string(clientId === PEER_CLIENT_ID ? "" : clientId, "Client Identifier");
}

export function writeMessage(writer: ByteWriter, message: Message): void {
  writer.u8(message.qos | (message.retain ? RETAIN : 0));
  writeTime(writer, message.expiresAtMs);
  writePublisher(writer, message.clientId);
  writer.u32(message.bytes.length);
  writer.raw(message.bytes);
}

/** A message as it lies in the PUBLISH that brought it, which has no properties. */
export interface PlainMessage {
  readonly clientId: string;
  readonly qos: QoS;
  readonly bytes: Uint8Array;
  /** Where the characters of the topic begin, behind its length. */
  readonly topicAt: number;
  readonly topicEnd: number;
  readonly payloadAt: number;
  /** Behind the payload. */
  readonly end: number;
}

/** As `writeMessage`, of a retained message that was never made an object. */
export function writePlainRetained(writer: ByteWriter, message: PlainMessage): void {
  const { bytes, topicAt, topicEnd, payloadAt, end } = message;
  writer.u8(message.qos | RETAIN);
  writeTime(writer, Infinity);
  writePublisher(writer, message.clientId);
  writer.u32(plainSize(message));
  writer.raw(bytes.subarray(topicAt - 2, topicEnd));
  writer.u8(0);
  writer.raw(bytes.subarray(payloadAt, end));
}

/** Bytes of the message that `writePlainRetained` writes. */
export function plainSize({ topicAt, topicEnd, payloadAt, end }: PlainMessage): number {
  return topicEnd - (topicAt - 2) + 1 + (end - payloadAt);
}

/** Makes a message again. */
export function readMessage(parts: RecordParts, shared?: SharedBytes): Message {
  const { bytes, head, start } = parts;
  const reader = new ByteReader(bytes, head, start);
  const flags = reader.u8();
  const expiresAtMs = readTime(reader);
  const clientId = reader.string();
  const qos = qosOf(flags & 0x03);
  const retain = (flags & RETAIN) !== 0;
  const own = shared?.bytes ?? messageBytes(parts);
  return Message.restored({ bytes: own, qos, retain, clientId, expiresAtMs, shared });
}

/** The bytes of the message alone, as an array of their own. */
export function messageBytes(parts: RecordParts): Uint8Array {
  const { bytes, start, propertiesEnd, payloadStart, end } = parts;
  const own = new Uint8Array(propertiesEnd - start + end - payloadStart);
  own.set(bytes.subarray(start, propertiesEnd));
  own.set(bytes.subarray(payloadStart, end), propertiesEnd - start);
  return own;
}

/** Writes a message again that is stored already, as a record of its own. */
export function copyMessage(writer: ByteWriter, parts: RecordParts): void {
  const { bytes, head, start, propertiesEnd, payloadStart, end } = parts;
  if (propertiesEnd === payloadStart) return writer.raw(bytes.subarray(head, end));
  writer.raw(bytes.subarray(head, start - SIZE_BYTES));
  writer.u32(propertiesEnd - start + end - payloadStart);
  writer.raw(bytes.subarray(start, propertiesEnd));
  writer.raw(bytes.subarray(payloadStart, end));
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
