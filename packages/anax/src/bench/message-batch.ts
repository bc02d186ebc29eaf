/**
 * Many PUBLISH packets side by side in one piece of memory, encoded once by the codec. From then on
 * only what differs from message to message is written over: time, sequence number and Packet
 * Identifier. That is why one core can publish millions of messages a second.
 */
import { decodeVarint, encodePacket } from "@anax/protocol";
import type { ProtocolVersion, PublishPacket } from "@anax/protocol";

/**
 * What a payload begins with: time in microseconds (4 bytes, it may wrap), sequence number of the
 * publisher (4), publisher (2), mark of this run (2).
 */
export const STAMP_BYTES = 12;

/** Where the parts of a stamp are behind the time. */
export const SEQUENCE_AT = 4;
export const PUBLISHER_AT = 8;
export const MARK_AT = 10;

/** A write of this size keeps the system calls few; much more would only add latency. */
const BATCH_BYTES = 65_536;
const BATCH_MESSAGES_MAX = 512;

/** What is the same in all messages of a publisher. */
export interface MessageTemplate extends Pick<PublishPacket, "topic" | "qos" | "properties"> {
  readonly payloadBytes: number;
  readonly version: ProtocolVersion;
  /** Number of the publisher, below 65536. */
  readonly publisher: number;
  /** Mark of this run, below 65536. */
  readonly mark: number;
}

/** A reusable batch of messages of one publisher. */
export interface PacketBatch {
  /** How many messages it holds. */
  readonly capacity: number;
  /** Writes the stamp of one message; slots follow each other from 0 on. */
  stamp(slot: number, timeUs: number, sequence: number): void;
  /** Writes the Packet Identifier of the message that was just stamped; at QoS 1 and 2 only. */
  identify(slot: number, packetIdentifier: number): void;
  /** The first messages, as they are to be written. Their memory is that of the batch. */
  first(count: number): Uint8Array;
}

/** A batch of messages that are all alike. */
export class MessageBatch implements PacketBatch {
  readonly capacity: number;
  /** Bytes of one packet. */
  readonly packetBytes: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #payloadAt: number;
  readonly #packetIdentifierAt: number;

  constructor(template: MessageTemplate) {
    const packet = encodedPacket(template);
    this.packetBytes = packet.length;
    this.capacity = batchCapacity(packet.length);
    this.#bytes = new Uint8Array(this.capacity * packet.length);
    this.#view = new DataView(this.#bytes.buffer);
    this.#payloadAt = packet.length - template.payloadBytes;
    const topicAt = topicStart(packet);
    this.#packetIdentifierAt = topicAt + 2 + readU16(packet, topicAt);
    for (let slot = 0; slot < this.capacity; slot += 1) {
      this.#bytes.set(packet, slot * packet.length);
    }
  }

  stamp(slot: number, timeUs: number, sequence: number): void {
    const at = slot * this.packetBytes + this.#payloadAt;
    this.#view.setUint32(at, timeUs);
    this.#view.setUint32(at + SEQUENCE_AT, sequence);
  }

  identify(slot: number, packetIdentifier: number): void {
    this.#view.setUint16(slot * this.packetBytes + this.#packetIdentifierAt, packetIdentifier);
  }

  first(count: number): Uint8Array {
    return this.#bytes.subarray(0, count * this.packetBytes);
  }
}

/** One packet, whose stamp has neither time nor sequence number yet. */
export function encodedPacket(template: MessageTemplate): Uint8Array {
  const { topic, qos, properties, payloadBytes, publisher, mark, version } = template;
  const payload = new Uint8Array(payloadBytes).fill(0x78);
  const view = new DataView(payload.buffer);
  view.setUint16(PUBLISHER_AT, publisher);
  view.setUint16(MARK_AT, mark);
  const packet: PublishPacket = {
    type: "publish",
    topic,
    payload,
    qos,
    retain: false,
    duplicate: false,
    ...(qos === 0 ? {} : { packetIdentifier: 1 }),
    ...(properties === undefined ? {} : { properties }),
  };
  return encodePacket(packet, version);
}

/** How many packets of so many bytes a batch holds. */
export function batchCapacity(packetBytes: number): number {
  return Math.max(1, Math.min(BATCH_MESSAGES_MAX, Math.floor(BATCH_BYTES / packetBytes)));
}

/** Where the topic's length is in a packet: behind the first byte and the Remaining Length. */
export function topicStart(packet: Uint8Array): number {
  return 1 + (decodeVarint(packet, 1, packet.length) & 7);
}

/** Time of a stamp that begins at `at`. */
export function stampTime(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at);
}

/** Sequence number of a stamp. */
export function stampSequence(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at + SEQUENCE_AT);
}

/** Publisher of a stamp. */
export function stampPublisher(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + PUBLISHER_AT);
}

/** Mark of the run of a stamp. */
export function stampMark(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + MARK_AT);
}

/** Where the payload of a PUBLISH begins whose body is at `bodyStart`. */
export function payloadStart(
  firstByte: number,
  bytes: Uint8Array,
  bodyStart: number,
  hasProperties: boolean,
): number {
  const at = bodyStart + 2 + readU16(bytes, bodyStart) + ((firstByte & 6) === 0 ? 0 : 2);
  if (!hasProperties) return at;
  const length = decodeVarint(bytes, at, bytes.length);
  return at + (length & 7) + (length >>> 3);
}

/** Two Byte Integer at `at`. */
export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((readU16(bytes, at) << 16) | readU16(bytes, at + 2)) >>> 0;
}

/** The time of a stamp for now: microseconds of a clock that wraps after 71 minutes. */
export function nowUs(): number {
  return (performance.now() * 1_000) >>> 0;
}
