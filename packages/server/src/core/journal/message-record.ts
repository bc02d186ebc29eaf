import { topicEndOf } from "../message/publish-layout.ts";
import { readU16, readU32 } from "../numbers.ts";
import { ByteReader, decodeUtf8, decodeVarint } from "@anax/protocol";
import { readMessage, skipMessage } from "./stored-message.ts";

/*
 * Reads the record of a message, as `stored-message.ts` writes it, where it lies: flags (1), expiry (8), Client Identifier
 * (2 and its bytes), size (4), then the bytes of the message.
 *
 * The record of a message of a run is shorter: a flag (1), how far before it the head of the run is (variable), size
 * of the payload (variable), and the payload. The head is a record as above of what the run's messages have in common, which is
 * all but the payload.
 */

/** Flag of a message of a run. No other record begins with it. */
export const OF_RUN = 0x80;

const SIZE_BYTES = 4;
const EXPIRY = 1;
const CLIENT_ID = 9;
const REST_BYTES = 15;
const TWO_32 = 0x1_0000_0000;

/** Where the bytes of the message begin. */
export function bodyOf(bytes: Uint8Array, record: number): number {
  return record + REST_BYTES + readU16(bytes, record + CLIENT_ID);
}

/** QoS of the message. */
export function qosIn(bytes: Uint8Array, record: number): number {
  return (bytes[record] ?? 0) & 0x03;
}

/** When the message expires, ms since 1970; Infinity if never. */
export function expiryIn(bytes: Uint8Array, record: number): number {
  const high = readU32(bytes, record + EXPIRY);
  const low = readU32(bytes, record + EXPIRY + 4);
  return high === 0 && low === 0 ? Infinity : high * TWO_32 + low;
}

/** True if these are the bytes of the Client Identifier. */
export function isFrom(bytes: Uint8Array, record: number, clientId: Uint8Array): boolean {
  const { length } = clientId;
  if (readU16(bytes, record + CLIENT_ID) !== length) return false;
  const start = record + CLIENT_ID + 2;
  for (let index = 0; index < length; index += 1)
    if (bytes[start + index] !== clientId[index]) return false;
  return true;
}

/** Bytes of the payload of a message that is none of a run. */
export function payloadBytesIn(bytes: Uint8Array, record: number): number {
  const body = bodyOf(bytes, record);
  const end = body + readU32(bytes, body - SIZE_BYTES);
  return Math.max(0, end - payloadOf(bytes, topicEndOf(bytes, body)));
}

/** Where the parts of a message are in the array that it was written into. */
export interface RecordParts {
  readonly bytes: Uint8Array;
  /** Record of all but the payload, and where in it topic and properties begin. */
  readonly head: number;
  readonly start: number;
  readonly topicEnd: number;
  readonly propertiesEnd: number;
  /** `propertiesEnd`, but for a message of a run. */
  readonly payloadStart: number;
  readonly end: number;
}

/** @throws Error if the message is cut off. */
export function partsOf(bytes: Uint8Array, record: number): RecordParts {
  const parts = ((bytes[record] ?? 0) & OF_RUN) === 0 ? plain(bytes, record) : ofRun(bytes, record);
  if (parts.end > bytes.length) throw new Error("a stored message is cut off");
  return parts;
}

function plain(bytes: Uint8Array, head: number): RecordParts {
  const start = bodyOf(bytes, head);
  const topicEnd = topicEndOf(bytes, start);
  const propertiesEnd = payloadOf(bytes, topicEnd);
  const end = start + readU32(bytes, start - SIZE_BYTES);
  return { bytes, head, start, topicEnd, propertiesEnd, payloadStart: propertiesEnd, end };
}

function ofRun(bytes: Uint8Array, record: number): RecordParts {
  const distance = decodeVarint(bytes, record + 1, bytes.length);
  const sizeAt = record + 1 + (distance & 7);
  const size = decodeVarint(bytes, sizeAt, bytes.length);
  const payloadStart = sizeAt + (size & 7);
  const { head, start, topicEnd, end: propertiesEnd } = plain(bytes, record - (distance >>> 3));
  const end = payloadStart + (size >>> 3);
  return { bytes, head, start, topicEnd, propertiesEnd, payloadStart, end };
}

/** The topic of the message. */
export function topicIn(bytes: Uint8Array, record: number): string {
  const body = bodyOf(bytes, record);
  return decodeUtf8(bytes, body + 2, topicEndOf(bytes, body));
}

/** Where the payload begins of a message whose topic ends at `topicEnd`. */
export function payloadOf(bytes: Uint8Array, topicEnd: number): number {
  let length = 0;
  let factor = 1;
  let at = topicEnd;
  for (let byte = 0x80; byte >= 0x80; factor *= 128) {
    byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * factor;
    at += 1;
  }
  return at + length;
}

/**
 * Where the record ends that begins at `record`.
 * @throws Error if it is not one that can be read.
 */
export function checkedEnd(bytes: Uint8Array, record: number): number {
  if (((bytes[record] ?? 0) & OF_RUN) !== 0) throw new Error("it is a part of something larger");
  const reader = new ByteReader(bytes, record, bytes.length);
  skipMessage(reader);
  const end = reader.position;
  const topicEnd = topicEndOf(bytes, bodyOf(bytes, record));
  const hasProperties = bytes[topicEnd] !== 0;
  if (topicEnd >= end) throw new Error("the topic of a stored message is cut off");
  // Most have none; to walk them is to read the message.
  if (hasProperties) readMessage(partsOf(bytes, record));
  if (payloadOf(bytes, topicEnd) > end)
    throw new Error("the properties of a stored message are cut off");
  return end;
}
