/**
 * The hot path of publishing: PUBLISH without properties but a Topic Alias, on a topic that was sent before. Its topic
 * is neither encoded nor checked again, and its length is known before the first byte is written. Everything else is
 * left to the codec.
 */
import { ByteWriter, encodeClientPacketInto } from "@anax/protocol";
import type { ProtocolVersion, PublishPacket } from "@anax/protocol";

const PUBLISH = 0x30;
/** A larger packet costs so much for its payload that the rest does not count. */
const BODY_BYTES_MAX = 16_383;
const TOPIC_ALIAS = 0x23;
const TOPIC_ALIAS_PROPERTY_BYTES = 3;

/** Topics whose bytes are remembered. Who publishes to more pays for their encoding now and then. */
const REMEMBERED_TOPICS_MAX = 256;
/** A longer topic is rare, and not worth its memory. */
const TOPIC_LENGTH_MAX = 120;

/** What the connection demands of a packet. */
interface WritingLimits {
  readonly version: ProtocolVersion;
  readonly maximumPacketSize: number;
}

/** What stands for the topic when there is an alias. */
const NO_TOPIC = new Uint8Array(2);
const NO_BYTES = new Uint8Array(0);

/** Writes plain PUBLISH packets, and remembers topics with their length before them. */
export class PlainPublishWriter {
  readonly #remembered: Map<string, Uint8Array> = new Map();
  #lastTopic = "";
  #lastBytes: Uint8Array = NO_BYTES;

  /**
   * Appends the packet; false, and nothing appended, when the codec has to write it.
   * @param alias to write in place of the topic, 0 for none
   */
  write(
    writer: ByteWriter,
    packet: PublishPacket,
    alias: number,
    { version, maximumPacketSize }: WritingLimits,
  ): boolean {
    const { payload, packetIdentifier = 0 } = packet;
    if (!isPlain(packet)) return false;
    const topic = alias === 0 ? this.#bytesOf(packet.topic) : NO_TOPIC;
    if (topic === undefined) return false;
    const afterTopic = bytesAfterTopic(packet, alias, version);
    const size = topic.length + afterTopic + payload.length;
    const packetSize = size + (size > 0x7f ? 3 : 2);
    if (size > BODY_BYTES_MAX || packetSize > maximumPacketSize) return false;
    writer.reserve(packetSize);
    const { bytes } = writer;
    let at = writeHeader(bytes, writer.length, packet, size);
    // A loop, because a topic is short and `set` is a call into the runtime.
    for (let index = 0; index < topic.length; index += 1) bytes[at++] = topic[index] ?? 0;
    if (packet.qos !== 0) {
      bytes[at++] = packetIdentifier >>> 8;
      bytes[at++] = packetIdentifier;
    }
    if (version === 5) at = writeProperties(bytes, at, alias);
    bytes.set(payload, at);
    writer.length = at + payload.length;
    return true;
  }

  #bytesOf(topic: string): Uint8Array | undefined {
    if (topic === this.#lastTopic && topic !== "") return this.#lastBytes;
    const bytes = this.#remembered.get(topic) ?? this.#remember(topic);
    if (bytes === undefined) return undefined;
    this.#lastTopic = topic;
    this.#lastBytes = bytes;
    return bytes;
  }

  /** Undefined for a topic that is too long, or that the codec refuses: it will say why. */
  #remember(topic: string): Uint8Array | undefined {
    if (topic.length > TOPIC_LENGTH_MAX) return undefined;
    const bytes = encodeTopic(topic);
    if (bytes === undefined) return undefined;
    if (this.#remembered.size >= REMEMBERED_TOPICS_MAX) this.#remembered.clear();
    this.#remembered.set(topic, bytes);
    return bytes;
  }
}

/** Without properties, and such that the codec would not refuse it for anything but its topic. */
function isPlain({ duplicate, properties, qos, packetIdentifier = 0 }: PublishPacket): boolean {
  return !duplicate && properties === undefined && (qos === 0 || packetIdentifier !== 0);
}

/** Bytes between the topic and the payload: Packet Identifier and properties. */
function bytesAfterTopic({ qos }: PublishPacket, alias: number, version: ProtocolVersion): number {
  const identifierBytes = qos === 0 ? 0 : 2;
  if (version !== 5) return identifierBytes;
  return identifierBytes + 1 + (alias === 0 ? 0 : TOPIC_ALIAS_PROPERTY_BYTES);
}

/** First byte and Remaining Length; gives where they end. */
function writeHeader(
  bytes: Uint8Array,
  start: number,
  { qos, retain }: PublishPacket,
  size: number,
): number {
  bytes[start] = PUBLISH | (qos << 1) | (retain ? 1 : 0);
  if (size <= 0x7f) {
    bytes[start + 1] = size;
    return start + 2;
  }
  bytes[start + 1] = (size & 0x7f) | 0x80;
  bytes[start + 2] = size >>> 7;
  return start + 3;
}

/** Property Length and the alias, if there is one; gives where they end. */
function writeProperties(bytes: Uint8Array, start: number, alias: number): number {
  if (alias === 0) {
    bytes[start] = 0;
    return start + 1;
  }
  bytes[start] = TOPIC_ALIAS_PROPERTY_BYTES;
  bytes[start + 1] = TOPIC_ALIAS;
  bytes[start + 2] = alias >>> 8;
  bytes[start + 3] = alias;
  return start + 4;
}

/** The topic as it stands in a packet; undefined if it cannot stand in one. */
function encodeTopic(topic: string): Uint8Array | undefined {
  const writer = new ByteWriter(64);
  const rest = { payload: NO_BYTES, qos: 0, retain: false, duplicate: false } as const;
  try {
    encodeClientPacketInto(writer, { type: "publish", topic, ...rest }, 4);
  } catch {
    return undefined;
  }
  const headerBytes = writer.length > 0x81 ? 3 : 2;
  return writer.bytes.slice(headerBytes, writer.length);
}
