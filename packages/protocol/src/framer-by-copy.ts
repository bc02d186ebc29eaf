import { EMPTY_BYTES } from "./bytes/copy-bytes.ts";
import { decodeVarint } from "./bytes/varint.ts";
import { ProtocolError } from "./errors.ts";
import type { Framer as FullFramer } from "./framer.ts";
import { requireInteger } from "./integer.ts";

const PACKET_TOO_LARGE = 0x95;

/**
 * The same as in `framer.ts`, for browsers: it copies every chunk, where the other reads in place, and is a third as
 * long. The same chunks give the same packets and the same errors; a test compares the two.
 */
export class Framer implements Omit<FullFramer, never> {
  maximumPacketSize: number;
  firstByte = 0;
  /** Memory of its own; what is unread lies from `position` to `limit`. */
  bytes: Uint8Array = EMPTY_BYTES;
  start = 0;
  bodyStart = 0;
  end = 0;
  position = 0;
  limit = 0;

  constructor(maximumPacketSize: number) {
    this.maximumPacketSize = maximumPacketSize;
  }

  get pending(): number {
    return this.limit - this.position;
  }

  push(chunk: Uint8Array): void {
    const { bytes, pending } = this;
    const needed = pending + chunk.length;
    if (this.limit + chunk.length > bytes.length) {
      // Moving no more than was read since the last time keeps the cost linear.
      const isMovable = pending <= this.position && needed <= bytes.length;
      this.bytes = isMovable ? bytes : new Uint8Array(Math.max(needed, bytes.length * 2));
      this.bytes.set(bytes.subarray(this.position, this.limit));
      this.position = 0;
      this.limit = pending;
    }
    this.bytes.set(chunk, this.limit);
    this.limit += chunk.length;
  }

  next(): boolean {
    const { bytes, position, limit } = this;
    const answer = decodeVarint(bytes, position + 1, limit);
    if (answer === 0) return false;
    const bodyStart = position + 1 + (answer & 7);
    const end = bodyStart + (answer >>> 3);
    if (end - position > this.maximumPacketSize) {
      throw new ProtocolError(
        `Packet of ${end - position} bytes exceeds Maximum Packet Size ${this.maximumPacketSize}`,
        PACKET_TOO_LARGE,
      );
    }
    if (end > limit) return false;
    this.firstByte = bytes[position] as number;
    this.start = position;
    this.bodyStart = bodyStart;
    this.end = end;
    this.position = end;
    return true;
  }

  skipTo(position: number): void {
    this.position = requireInteger(position, "position", this.position, this.limit);
  }

  /** Gives the memory back when all was read. */
  release(): void {
    if (this.pending > 0) return;
    this.bytes = EMPTY_BYTES;
    this.position = 0;
    this.limit = 0;
  }
}
