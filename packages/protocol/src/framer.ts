import { EMPTY_BYTES } from "./bytes/copy-bytes.ts";
import { decodeVarint } from "./bytes/varint.ts";
import { ProtocolError } from "./errors.ts";

const PACKET_TOO_LARGE = 0x95;
// Room for an acknowledgement cut in two; longer packets double from here as they arrive.
const CARRY_BYTES_MIN = 64;

/**
 * Cuts chunks into whole packets. It allocates nothing per packet: `next` tells by fields where in
 * `bytes` a packet lies. Packets are read where the chunk has them; only one that is cut off at
 * the end of a chunk is copied, into a carry buffer that grows with what has really arrived (never
 * by what a Remaining Length declares) and is dropped when empty.
 *
 *     framer.push(chunk);
 *     while (framer.next()) {
 *       handle(framer.firstByte, framer.bytes, framer.bodyStart, framer.end);
 *     }
 *     framer.release();
 *
 * There are two regions. `bytes` from `position` to `limit` is the one being read: the carry, or a
 * chunk in place. Behind a carry that holds the beginning of a packet there may be one chunk that
 * waits; `next` moves over just what that packet lacks, and goes on in the chunk itself.
 *
 * Hot loops: after `next` was true, a loop may read on in `bytes` from `position` by itself, up to
 * `limit`, with `decodeVarint`. Before it calls `next` (or `push`, `release`) again it tells by
 * `skipTo` how far it came, which must be the start of a packet. What it leaves, whole or
 * cut off, is what `next` reads on with.
 *
 * After an error the framer stays where it was, and gives the same error again.
 */
export class Framer {
  /** Fixed header + Remaining Length, in bytes; a larger packet is refused. May be changed. */
  maximumPacketSize: number;
  /** First byte of the packet that `next` found: type and flags. */
  firstByte = 0;
  /** Where the packet lies; valid, as the indices are, until `next`, `push` or `release`. */
  bytes: Uint8Array = EMPTY_BYTES;
  /** Index in `bytes` of the packet's fixed header. */
  start = 0;
  /** Index in `bytes` behind Remaining Length, where the packet's body begins. */
  bodyStart = 0;
  /** Index in `bytes` behind the packet. */
  end = 0;

  #position = 0;
  #limit = 0;
  /** True when `bytes` is memory of our own, false when it is a chunk of the caller. */
  #isCarry = true;
  #waiting: Uint8Array = EMPTY_BYTES;
  #waitingPosition = 0;

  /** `maximumPacketSize`: in bytes, fixed header included. */
  constructor(maximumPacketSize: number) {
    this.maximumPacketSize = maximumPacketSize;
  }

  /** Index in `bytes` of what was not read yet: behind the packet that `next` found. */
  get position(): number {
    return this.#position;
  }

  /** Index in `bytes` behind the region that can be read in place. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Bytes that were pushed and not read yet. After `next` was false: those of the unfinished
   * packet, whose first byte is then `bytes[position]`.
   */
  get pending(): number {
    return this.#limit - this.#position + this.#waiting.length - this.#waitingPosition;
  }

  /**
   * Adds a chunk. Its memory is read in place until `next` was false or `release` was called.
   * Pushed while packets are still unread, it is copied behind them.
   */
  push(chunk: Uint8Array): void {
    if (this.#position === this.#limit && this.#waiting === EMPTY_BYTES) {
      this.#readInPlace(chunk, 0);
    } else if (this.#isCarry && this.#waiting === EMPTY_BYTES) {
      this.#waiting = chunk;
      this.#waitingPosition = 0;
    } else {
      this.release();
      this.#append(chunk, 0, chunk.length);
    }
  }

  /**
   * Finds the next whole packet; false when more bytes are needed. After false no memory of the
   * caller is referred to any more.
   *
   * @throws ProtocolError 0x95 as soon as the size is known to be above `maximumPacketSize`;
   *   MalformedPacketError for a Remaining Length that is too long or not minimal.
   */
  next(): boolean {
    while (!this.#findPacket()) {
      if (!this.#refill()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Tells that everything before `position` has been read by the caller itself.
   * @throws RangeError when it lies outside position..limit.
   */
  skipTo(position: number): void {
    if (position < this.#position || position > this.#limit) {
      throw new RangeError(`Position ${position} is not from ${this.#position} to ${this.#limit}`);
    }
    this.#position = position;
  }

  /**
   * Copies whatever is unread out of the caller's chunk, whose memory may then be reused. Needed
   * only when reading stops before `next` was false.
   */
  release(): void {
    if (!this.#isCarry || this.#position === this.#limit) {
      this.#moveToCarry();
    }
    if (this.#waiting !== EMPTY_BYTES) {
      const chunk = this.#waiting;
      this.#waiting = EMPTY_BYTES;
      this.#append(chunk, this.#waitingPosition, chunk.length);
      this.#waitingPosition = 0;
    }
  }

  /** Takes the packet at `position` when it is whole. */
  #findPacket(): boolean {
    const start = this.#position;
    const answer = decodeVarint(this.bytes, start + 1, this.#limit);
    if (answer === 0) {
      return false;
    }
    const bodyStart = start + 1 + (answer & 7);
    const end = bodyStart + (answer >>> 3);
    if (end - start > this.maximumPacketSize) {
      throw new ProtocolError(
        `Packet of ${end - start} bytes exceeds Maximum Packet Size ${this.maximumPacketSize}`,
        PACKET_TOO_LARGE,
      );
    }
    if (end > this.#limit) {
      return false;
    }
    this.firstByte = this.bytes[start] as number;
    this.start = start;
    this.bodyStart = bodyStart;
    this.end = end;
    this.#position = end;
    return true;
  }

  /** Brings more bytes into the region being read; false when there are none. */
  #refill(): boolean {
    const available = this.#waiting.length - this.#waitingPosition;
    if (available === 0) {
      this.release();
      return false;
    }
    if (this.#position === this.#limit) {
      this.#readInPlace(this.#waiting, this.#waitingPosition);
      return true;
    }
    const from = this.#waitingPosition;
    const count = Math.min(available, this.#lacking());
    this.#waitingPosition = from + count;
    this.#append(this.#waiting, from, from + count);
    return true;
  }

  /** Bytes to take before looking again: up to the end of the packet, once its size is known. */
  #lacking(): number {
    const answer = decodeVarint(this.bytes, this.#position + 1, this.#limit);
    if (answer === 0) {
      return 1;
    }
    return this.#position + 1 + (answer & 7) + (answer >>> 3) - this.#limit;
  }

  #readInPlace(chunk: Uint8Array, position: number): void {
    this.bytes = chunk;
    this.#position = position;
    this.#limit = chunk.length;
    this.#isCarry = false;
    this.#waiting = EMPTY_BYTES;
    this.#waitingPosition = 0;
  }

  /** What is unread, in a new carry; in none when nothing is. */
  #moveToCarry(): void {
    const count = this.#limit - this.#position;
    if (count === 0) {
      this.bytes = EMPTY_BYTES;
    } else {
      const carry = new Uint8Array(Math.max(count, CARRY_BYTES_MIN));
      carry.set(this.bytes.subarray(this.#position, this.#limit));
      this.bytes = carry;
    }
    this.#position = 0;
    this.#limit = count;
    this.#isCarry = true;
  }

  /** Copies behind `limit` of the carry, which it moves to the front or doubles to make room. */
  #append(source: Uint8Array, from: number, to: number): void {
    const added = to - from;
    const unread = this.#limit - this.#position;
    if (this.#limit + added > this.bytes.length) {
      // Moving no more than was read since the last time keeps the cost linear.
      const movable = unread <= this.#position && unread + added <= this.bytes.length;
      const target = movable ? this.bytes : this.#largerCarry(unread + added);
      target.set(this.bytes.subarray(this.#position, this.#limit));
      this.bytes = target;
      this.#position = 0;
      this.#limit = unread;
    }
    this.bytes.set(source.subarray(from, to), this.#limit);
    this.#limit += added;
  }

  #largerCarry(needed: number): Uint8Array {
    return new Uint8Array(Math.max(needed, this.bytes.length * 2, CARRY_BYTES_MIN));
  }
}
