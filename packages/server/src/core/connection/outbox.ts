import type { BytePool } from "../byte-pool.ts";
import { copyInto } from "../copying.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Bytes that wait to be written to one connection. It holds an array of the pool while it is not
 * empty and none while it is, so an idle connection costs nothing here.
 *
 * Writers ask for room with `reserve`, then write into `bytes` from the position that it gave.
 */
export class Outbox {
  bytes: Uint8Array = NO_BYTES;
  length = 0;
  readonly #pool: BytePool;

  constructor(pool: BytePool) {
    this.#pool = pool;
  }

  /** Makes room for `count` bytes, which count as written, and gives the position of the first. */
  reserve(count: number): number {
    const position = this.length;
    const needed = position + count;
    if (needed > this.bytes.length) this.#grow(needed);
    this.length = needed;
    return position;
  }

  /** Appends `source[start, end)` and gives the position of the first byte. */
  append(source: Uint8Array, start: number, end: number): number {
    const position = this.reserve(end - start);
    copyInto(this.bytes, position, source, start, end);
    return position;
  }

  /** Takes the first bytes away; the array too, unless it `isKept`. */
  removeFirst(count: number, isKept: boolean): void {
    if (isKept) this.bytes.copyWithin(0, count, this.length);
    const rest = isKept ? undefined : this.bytes.slice(count, this.length);
    this.length -= count;
    if (rest === undefined) return;
    this.detach();
    this.append(rest, 0, rest.length);
  }

  /** Takes the array away, as when it now belongs to a wire; the outbox is empty then. */
  detach(): void {
    this.bytes = NO_BYTES;
    this.length = 0;
  }

  /** Empties the outbox and gives its array back to the pool. */
  clear(): void {
    if (this.bytes.length > 0) this.#pool.give(this.bytes);
    this.detach();
  }

  #grow(needed: number): void {
    const larger = this.#pool.take(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    if (this.bytes.length > 0) this.#pool.give(this.bytes);
    this.bytes = larger;
  }
}
