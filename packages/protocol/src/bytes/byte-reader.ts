import { MalformedPacketError } from "../errors.ts";
import { copyBytes } from "./copy-bytes.ts";
import { decodeUtf8, validateUtf8 } from "#utf8";
import { decodeVarint } from "./varint.ts";

/**
 * A cursor over `bytes` from `position` to `end` that reads the data types of the specification.
 * Every method moves behind what it has read; none makes a view of the bytes, and whatever it
 * answers stays valid when the chunk is reused.
 */
export class ByteReader {
  /** Where the bytes are read from; bytes outside position..end are never touched. */
  readonly bytes: Uint8Array;
  /** Index of the next byte to read. */
  position: number;
  /** Index behind the last byte; may be drawn in while a part, such as properties, is read. */
  end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** Bytes that are left to read. */
  get remaining(): number {
    return this.end - this.position;
  }

  /** One byte. @throws MalformedPacketError when none is left. */
  u8(): number {
    const at = this.#advance(1);
    return this.bytes[at] as number;
  }

  /** Two Byte Integer. @throws MalformedPacketError when it is cut off. */
  u16(): number {
    const at = this.#advance(2);
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  /** Four Byte Integer. @throws MalformedPacketError when it is cut off. */
  u32(): number {
    const high = this.u16();
    return high * 0x1_0000 + this.u16();
  }

  /** Variable Byte Integer. @throws MalformedPacketError when cut off, too long or not minimal. */
  varint(): number {
    const answer = decodeVarint(this.bytes, this.position, this.end);
    if (answer === 0) {
      throw new MalformedPacketError("Variable Byte Integer exceeds its packet");
    }
    this.position += answer & 7;
    return answer >>> 3;
  }

  /** UTF-8 Encoded String. @throws MalformedPacketError when cut off, or ill formed. */
  string(): string {
    const length = this.u16();
    const start = this.#advance(length);
    if (!validateUtf8(this.bytes, start, this.position)) {
      throw new MalformedPacketError("String is not UTF-8 without U+0000");
    }
    return decodeUtf8(this.bytes, start, this.position);
  }

  /** Binary Data, copied. @throws MalformedPacketError when it is cut off. */
  binary(): Uint8Array {
    const length = this.u16();
    const start = this.#advance(length);
    return copyBytes(this.bytes, start, this.position);
  }

  /** Passes over `count` bytes and answers where they start. @throws MalformedPacketError */
  skip(count: number): number {
    return this.#advance(count);
  }

  /** All bytes that are left, copied. */
  rest(): Uint8Array {
    const start = this.position;
    this.position = this.end;
    return copyBytes(this.bytes, start, this.end);
  }

  /** Demands that nothing is left. @throws MalformedPacketError when bytes are left over. */
  finish(): void {
    if (this.position !== this.end) {
      throw new MalformedPacketError(`Packet has ${this.remaining} bytes too many`);
    }
  }

  /** Moves on by `count` bytes and answers where they start. @throws MalformedPacketError */
  #advance(count: number): number {
    const start = this.position;
    if (count > this.end - start) {
      throw new MalformedPacketError(`Field of ${count} bytes exceeds its packet`);
    }
    this.position = start + count;
    return start;
  }
}
