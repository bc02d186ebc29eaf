import { ProtocolError } from "../errors.ts";
import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { showValue } from "../options/show-value.ts";
import { malformedFilterFault } from "../topics/topic-rules.ts";
import type { ProtocolVersion } from "./protocol-version.ts";

// A Topic Name that breaks its rules is a Protocol Error with the code that names it, 0x90, and a
// Topic Filter one with 0x8F. The specification demands the rules but classes no answer.
const TOPIC_NAME_INVALID = 0x90;
const TOPIC_FILTER_INVALID = 0x8f;

/** True when the bytes hold `+` or `#`, which no Topic Name may hold [MQTT-3.3.2-2]. */
export function hasWildcard(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index];
    if (byte === 0x23 || byte === 0x2b) {
      return true;
    }
  }
  return false;
}

/**
 * Reads a Topic Name; an empty one is left to the caller.
 * @throws MalformedPacketError as any string; ProtocolError 0x90 for a wildcard [MQTT-3.3.2-2].
 */
export function decodeTopicName(reader: ByteReader, field: string): string {
  const start = reader.position;
  const topic = reader.string();
  if (hasWildcard(reader.bytes, start + 2, reader.position)) {
    throw new ProtocolError(`${field} has a wildcard`, TOPIC_NAME_INVALID);
  }
  return topic;
}

/**
 * Reads a Topic Name that has no alias to stand in for it.
 * @throws as `decodeTopicName`; ProtocolError 0x90 when it is empty [MQTT-4.7.3-1].
 */
export function decodeNonEmptyTopicName(reader: ByteReader, field: string): string {
  const topic = decodeTopicName(reader, field);
  if (topic.length === 0) {
    throw new ProtocolError(`${field} is empty`, TOPIC_NAME_INVALID);
  }
  return topic;
}

/**
 * Writes a Topic Name; an empty one is left to the caller.
 * @throws TypeError or RangeError as any string; RangeError for a wildcard [MQTT-3.3.2-2].
 */
export function encodeTopicName(writer: ByteWriter, topic: string, field: string): void {
  const start = writer.length;
  writer.string(topic, field);
  if (hasWildcard(writer.bytes, start + 2, writer.length)) {
    throw new RangeError(`${field} ${showValue(topic)} has a wildcard`);
  }
}

/**
 * Writes a Topic Name that has no alias to stand in for it.
 * @throws as `encodeTopicName`; RangeError when it is empty [MQTT-4.7.3-1].
 */
export function encodeNonEmptyTopicName(writer: ByteWriter, topic: string, field: string): void {
  encodeTopicName(writer, topic, field);
  if (topic.length === 0) {
    throw new RangeError(`${field} is empty`);
  }
}

/**
 * Reads a Topic Filter. Whether it is one that a Server takes is left to the caller.
 * @throws MalformedPacketError as any string; ProtocolError 0x8F when it is not well formed: empty, with a misplaced wildcard,
 *   or in MQTT 5.0 with the beginning of a Shared Subscription and not its form [MQTT-4.7.1-1] [MQTT-4.7.1-2]
 *   [MQTT-4.7.3-1] [MQTT-4.8.2-1] [MQTT-4.8.2-2].
 */
export function decodeTopicFilter(reader: ByteReader, version: ProtocolVersion): string {
  const filter = reader.string();
  const fault = malformedFilterFault(filter, version);
  if (fault === undefined) return filter;
  throw new ProtocolError(
    `Topic Filter ${showValue(filter)} is not well formed [${fault}]`,
    TOPIC_FILTER_INVALID,
  );
}

/**
 * Writes a Topic Filter.
 * @throws TypeError or RangeError as any string; RangeError when it is empty [MQTT-4.7.3-1].
 */
export function encodeTopicFilter(writer: ByteWriter, filter: string): void {
  writer.string(filter, "Topic Filter");
  if (filter.length === 0) {
    throw new RangeError("Topic Filter is empty");
  }
}
