import { decodeUtf8, validateUtf8 } from "@anax/protocol";
import { mixByte, spread } from "../level-hash.ts";
import { hasBytesAt } from "../same-bytes.ts";

const SLASH = 0x2f;
const PLUS = 0x2b;
const NUMBER_SIGN = 0x23;
const DOLLAR = 0x24;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Levels for which there is room at first; more are rare, and make room for themselves. */
const LEVELS_AT_FIRST = 128;

/**
 * The levels of one Topic Name, found in the bytes of a packet in one pass, and hashed. One object is used again and
 * again: it refers to the bytes that it read last.
 */
export class TopicLevels {
  bytes: Uint8Array = NO_BYTES;
  count = 0;
  /** True if the topic begins with `$`. */
  isSystem = false;
  #ends: Int32Array = new Int32Array(LEVELS_AT_FIRST);
  #hashes: Int32Array = new Int32Array(LEVELS_AT_FIRST);
  #start = 0;
  readonly #seed: number;

  constructor(seed: number) {
    // Hashes are kept as signed numbers, and that of an empty level is the seed.
    this.#seed = seed | 0;
  }

  /** Reads `bytes[start, end)`; false if that is no valid Topic Name [MQTT-4.7.1-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2]. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.bytes = bytes;
    this.#start = start;
    this.count = 0;
    this.isSystem = bytes[start] === DOLLAR;
    const seed = this.#seed;
    let hash = seed;
    let highest = 0;
    for (let index = start; index < end; index += 1) {
      const byte = bytes[index] ?? 0;
      if (byte === SLASH) {
        this.#add(index, hash);
        hash = seed;
        continue;
      }
      if (byte === PLUS || byte === NUMBER_SIGN || byte === 0) return false;
      highest |= byte;
      hash = mixByte(hash, seed, byte);
    }
    this.#add(end, hash);
    return end > start && (highest < 0x80 || validateUtf8(bytes, start, end));
  }

  /** Where the level begins in `bytes`. */
  start(level: number): number {
    return level === 0 ? this.#start : (this.#ends[level - 1] ?? 0) + 1;
  }

  /** Where the level ends in `bytes`. */
  end(level: number): number {
    return this.#ends[level] ?? 0;
  }

  hash(level: number): number {
    return this.#hashes[level] ?? 0;
  }

  /** Of all levels together. */
  get digest(): number {
    let digest = 0;
    for (let level = 0; level < this.count; level += 1)
      digest = Math.imul(digest, 0x9e3779b1) + (this.#hashes[level] ?? 0);
    return spread(digest);
  }

  get text(): string {
    return decodeUtf8(this.bytes, this.#start, this.end(this.count - 1));
  }

  /** True if the topic is `tree`, or begins with it and a slash. No topic that begins with `$` is below nothing. */
  isBelow(tree: Uint8Array): boolean {
    const { length } = tree;
    if (length === 0) return !this.isSystem;
    const start = this.#start;
    const end = start + length;
    const topicEnd = this.end(this.count - 1);
    if (end > topicEnd || (end < topicEnd && this.bytes[end] !== SLASH)) return false;
    return hasBytesAt(tree, this.bytes, start);
  }

  /** True if `bytes[start, start + length)` are those of the topic. */
  isIn(bytes: Uint8Array, start: number, length: number): boolean {
    const begin = this.#start;
    if (this.end(this.count - 1) - begin !== length) return false;
    for (let index = length - 1; index >= 0; index -= 1)
      if (bytes[start + index] !== this.bytes[begin + index]) return false;
    return true;
  }

  /** True if these are the bytes of the topic. */
  isSame(topic: Uint8Array): boolean {
    const start = this.#start;
    const length = this.end(this.count - 1) - start;
    return topic.length === length && hasBytesAt(topic, this.bytes, start);
  }

  #add(end: number, hash: number): void {
    if (this.count === this.#ends.length) this.#grow();
    this.#ends[this.count] = end;
    this.#hashes[this.count] = hash;
    this.count += 1;
  }

  #grow(): void {
    const ends = new Int32Array(this.#ends.length * 2);
    const hashes = new Int32Array(ends.length);
    ends.set(this.#ends);
    hashes.set(this.#hashes);
    this.#ends = ends;
    this.#hashes = hashes;
  }
}
