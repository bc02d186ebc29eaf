import { EMPTY_BYTES, copyBytes } from "./copy-bytes.ts";
import { encodeUtf8Into, encodedLength } from "#utf8";
import { VARINT_MAXIMUM, encodeVarintInto, varintSize } from "./varint.ts";

const STRING_BYTES_MAX = 65_535;
const CAPACITY_MIN = 64;

/**
 * A growing buffer that the data types of the specification are appended to. It is meant to be
 * reused: set `length` to 0 (or back to an earlier length) and write again.
 * Integers are written as they are; whoever calls has checked their range.
 */
export class ByteWriter {
  /** The buffer; only the first `length` bytes mean anything. Replaced when it grows. */
  bytes: Uint8Array;
  /** Bytes written so far. */
  length = 0;

  /** `capacity`: bytes to begin with; 0 allocates nothing until the first write. */
  constructor(capacity = 0) {
    this.bytes = capacity === 0 ? EMPTY_BYTES : new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes; doubles, so that appending stays linear. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2, CAPACITY_MIN));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
  }

  /** One byte. */
  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length] = value;
    this.length += 1;
  }

  /** Two Byte Integer. */
  u16(value: number): void {
    this.reserve(2);
    this.bytes[this.length] = value >>> 8;
    this.bytes[this.length + 1] = value;
    this.length += 2;
  }

  /** Four Byte Integer. */
  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  /** Variable Byte Integer. */
  varint(value: number): void {
    this.reserve(varintSize(value));
    this.length = encodeVarintInto(value, this.bytes, this.length);
  }

  /**
   * UTF-8 Encoded String; `field` names it in the error.
   * @throws TypeError when it is no string; RangeError when it is longer than 65 535 bytes, or
   *   holds U+0000 or a lone surrogate.
   */
  string(value: string, field: string): void {
    if (typeof value !== "string") {
      throw new TypeError(`${field} must be a string, not ${typeof value}`);
    }
    if (value.length > STRING_BYTES_MAX) {
      throw new RangeError(tooLong(field, value.length));
    }
    // Three bytes per code unit always suffice; only without that room is the exact need counted.
    if (2 + value.length * 3 > this.bytes.length - this.length) {
      this.reserve(2 + encodedLength(value));
    }
    const start = this.length + 2;
    const end = encodeUtf8Into(value, this.bytes, start);
    if (end - start > STRING_BYTES_MAX) {
      throw new RangeError(tooLong(field, end - start));
    }
    this.u16(end - start);
    this.length = end;
  }

  /**
   * Binary Data; `field` names it in the error.
   * @throws TypeError when it is no Uint8Array; RangeError when it is longer than 65 535 bytes.
   */
  binary(value: Uint8Array, field: string): void {
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(`${field} must be a Uint8Array`);
    }
    if (value.length > STRING_BYTES_MAX) {
      throw new RangeError(tooLong(field, value.length));
    }
    this.u16(value.length);
    this.raw(value);
  }

  /** The bytes themselves, without a length. */
  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  /**
   * Leaves room for a Variable Byte Integer that counts what is written from here until
   * `closeLength`, and answers where the counted bytes start. `expected` is a guess of the count:
   * a good one saves moving the bytes afterwards, a bad one does no harm.
   */
  openLength(expected: number): number {
    const size = varintSize(expected);
    this.reserve(size);
    this.length += size;
    return this.length;
  }

  /**
   * Fills in the room that `openLength(expected)` left before `start`.
   * @throws RangeError when more than 268 435 455 bytes were written.
   */
  closeLength(start: number, expected: number): void {
    const count = this.length - start;
    if (count > VARINT_MAXIMUM) {
      throw new RangeError(`Length ${count} exceeds ${VARINT_MAXIMUM}`);
    }
    const reserved = varintSize(expected);
    const shift = varintSize(count) - reserved;
    if (shift !== 0) {
      this.reserve(Math.max(shift, 0));
      this.bytes.copyWithin(start + shift, start, this.length);
      this.length += shift;
    }
    encodeVarintInto(count, this.bytes, start - reserved);
  }

  /** What was written, in memory of its own size. The writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.length === this.bytes.length ? this.bytes : copyBytes(this.bytes, 0, this.length);
  }
}

function tooLong(field: string, length: number): string {
  return `${field} of ${length} bytes exceeds ${STRING_BYTES_MAX}`;
}
