/**
 * PUBLISH packets of which no two need to be alike: each to a random topic of its publisher, with a payload of random
 * size. They are written one behind the other when they are stamped.
 */
import { encodeVarintInto } from "@anax/protocol";
import {
  batchCapacity,
  encodedPacket,
  MARK_AT,
  PUBLISHER_AT,
  SEQUENCE_AT,
  topicStart,
} from "./message-batch.ts";
import type { MessageTemplate, PacketBatch } from "./message-batch.ts";

/** How the messages of a publisher differ. */
export interface Mix {
  /** Each message goes to one of these. */
  readonly topics: readonly string[];
  /** Smallest size of a payload in bytes; the largest is that of the template. */
  readonly payloadBytesMin: number;
}

/** Fixed header with the longest Remaining Length. */
const HEADER_BYTES_MAX = 5;
const LETTER_X = 0x78;

/** A reusable batch of mixed messages of one publisher. */
export class MixedBatch implements PacketBatch {
  readonly capacity: number;
  readonly #template: MessageTemplate;
  readonly #payloadBytesMin: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Topics with their lengths, as they stand in a packet. */
  readonly #topics: readonly Uint8Array[];
  /** Property length and properties. */
  readonly #properties: Uint8Array;
  readonly #firstByte: number;
  #random: number;
  #length = 0;
  #identifierAt = 0;

  /** Publishers of different numbers send different mixes, and the same ones in each run. */
  constructor(template: MessageTemplate, { topics, payloadBytesMin }: Mix) {
    this.#template = template;
    this.#payloadBytesMin = payloadBytesMin;
    this.#topics = topics.map(withLength);
    const packet = encodedPacket({ ...template, topic: "x" });
    this.#firstByte = packet[0] ?? 0;
    const payloadAt = packet.length - template.payloadBytes;
    const afterTopic = topicStart(packet) + 3 + (template.qos > 0 ? 2 : 0);
    this.#properties = packet.slice(afterTopic, payloadAt);
    const topicBytes = Math.max(...this.#topics.map(({ length }) => length));
    const largest = HEADER_BYTES_MAX + topicBytes + 2 + this.#properties.length;
    const packetBytesMax = largest + template.payloadBytes;
    this.capacity = batchCapacity(packetBytesMax);
    this.#bytes = new Uint8Array(this.capacity * packetBytesMax);
    this.#view = new DataView(this.#bytes.buffer);
    this.#random = (template.publisher + 1) * 0x9e37_79b1;
  }

  stamp(slot: number, timeUs: number, sequence: number): void {
    if (slot === 0) this.#length = 0;
    const { qos, publisher, mark, payloadBytes } = this.#template;
    const bytes = this.#bytes;
    const topic = this.#topics[this.#below(this.#topics.length)] ?? new Uint8Array(2);
    const size = this.#payloadBytesMin + this.#below(payloadBytes - this.#payloadBytesMin + 1);
    const identifierBytes = qos > 0 ? 2 : 0;
    const remaining = topic.length + identifierBytes + this.#properties.length + size;
    let at = this.#length;
    bytes[at] = this.#firstByte;
    at = encodeVarintInto(remaining, bytes, at + 1);
    bytes.set(topic, at);
    this.#identifierAt = at + topic.length;
    at = this.#identifierAt + identifierBytes;
    bytes.set(this.#properties, at);
    at += this.#properties.length;
    bytes.fill(LETTER_X, at, at + size);
    this.#view.setUint32(at, timeUs);
    this.#view.setUint32(at + SEQUENCE_AT, sequence);
    this.#view.setUint16(at + PUBLISHER_AT, publisher);
    this.#view.setUint16(at + MARK_AT, mark);
    this.#length = at + size;
  }

  identify(_slot: number, packetIdentifier: number): void {
    this.#view.setUint16(this.#identifierAt, packetIdentifier);
  }

  first(_count: number): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A random number from 0 to `end` - 1 (xorshift). */
  #below(end: number): number {
    let value = this.#random;
    value ^= value << 13;
    value ^= value >>> 17;
    value ^= value << 5;
    this.#random = value;
    return (value >>> 0) % end;
  }
}

function withLength(topic: string): Uint8Array {
  const text = new TextEncoder().encode(topic);
  const bytes = new Uint8Array(2 + text.length);
  new DataView(bytes.buffer).setUint16(0, text.length);
  bytes.set(text, 2);
  return bytes;
}
