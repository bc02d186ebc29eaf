import { decodeUtf8, validateUtf8 } from "@anax/protocol";
import { mixByte, spread } from "../level-hash.ts";
import { hasBytesAt } from "../same-bytes.ts";

const SLASH = 0x2f;
const PLUS = 0x2b;
const NUMBER_SIGN = 0x23;
const DOLLAR = 0x24;
const DIGEST_FACTOR = 0x9e3779b1;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Levels for which there is room at first; more are rare, and make room for themselves. */
const LEVELS_AT_FIRST = 128;

/**
 * The levels of one Topic Name, found in the bytes of a packet in one pass, and hashed. One object is used again and
 * again: it refers to the bytes that it read last.
 */
export class TopicLevels {
  bytes: Uint8Array = NO_BYTES;
  /** The topic is in `bytes[begin, stop)`. */
  begin = 0;
  stop = 0;
  count = 0;
  /** True if the topic begins with `$`. */
  isSystem = false;
  /** Hash of all levels together, a signed number. */
  digest = 0;
  #ends: Int32Array = new Int32Array(LEVELS_AT_FIRST);
  #hashes: Int32Array = new Int32Array(LEVELS_AT_FIRST);
  /** The bytes, to be read in words, and of which array that is. */
  #words: DataView = new DataView(NO_BYTES.buffer);
  #viewed: Uint8Array = NO_BYTES;
  readonly #seed: number;

  constructor(seed: number) {
    // Hashes are kept as signed numbers, and that of an empty level is the seed.
    this.#seed = seed | 0;
  }

  /** Reads `bytes[start, end)`; false if that is no valid Topic Name [MQTT-4.7.1-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2]. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.bytes = bytes;
    this.begin = start;
    this.stop = end;
    this.count = 0;
    this.isSystem = bytes[start] === DOLLAR;
    const seed = this.#seed;
    let hash = seed;
    let digest = 0;
    let highest = 0;
    for (let index = start; index < end; index += 1) {
      const byte = bytes[index] ?? 0;
      if (byte === SLASH) {
        this.#add(index, hash);
        digest = Math.imul(digest, DIGEST_FACTOR) + hash;
        hash = seed;
        continue;
      }
      if (byte === PLUS || byte === NUMBER_SIGN || byte === 0) return false;
      highest |= byte;
      hash = mixByte(hash, seed, byte);
    }
    this.#add(end, hash);
    this.digest = spread(Math.imul(digest, DIGEST_FACTOR) + hash) | 0;
    return end > start && (highest < 0x80 || validateUtf8(bytes, start, end));
  }

  /** Where the level begins in `bytes`. */
  start(level: number): number {
    return level === 0 ? this.begin : (this.#ends[level - 1] ?? 0) + 1;
  }

  /** Where the level ends in `bytes`. */
  end(level: number): number {
    return this.#ends[level] ?? 0;
  }

  hash(level: number): number {
    return this.#hashes[level] ?? 0;
  }

  get text(): string {
    return decodeUtf8(this.bytes, this.begin, this.stop);
  }

  /** The bytes, to be read in words: the topic is in `[begin, stop)`. */
  get words(): DataView {
    if (this.#viewed !== this.bytes) this.#view();
    return this.#words;
  }

  /** True if these are the bytes of the topic. */
  isSame(topic: Uint8Array): boolean {
    return topic.length === this.stop - this.begin && hasBytesAt(topic, this.bytes, this.begin);
  }

  #view(): void {
    const { buffer, byteOffset, byteLength } = this.bytes;
    this.#words = new DataView(buffer, byteOffset, byteLength);
    this.#viewed = this.bytes;
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
