import type { SharedBytes } from "./shared-bytes.ts";

/** The smallest array: some acknowledgements, or what goes before a shared payload. */
const SMALLEST_BYTES = 128;
/** Arrays above this are left to the garbage collector. */
const LARGEST_BYTES = 1_048_576;
/** Free arrays that are kept of one size. */
const FREE_MAX = 4_096;
/** Bytes of arrays for output that are kept free, for the next turn. */
const FREE_BYTES_MAX = 33_554_432;

/** Milliseconds between two looks at arrays for output that nothing has needed: what a burst took is given back within a minute. */
export const TRIM_INTERVAL_MS = 25_000;

/** Sizes in steps of one and a half, in whole words. */
const CLASS_BYTES: readonly number[] = sizes();

/** Of each power of two the smallest class that holds as much. */
const FIRST_CLASS: readonly number[] = Array.from({ length: 21 }, (_item, power) =>
  CLASS_BYTES.findIndex((size) => size >= 2 ** power),
);

function sizes(): number[] {
  const found = [SMALLEST_BYTES];
  for (let size = SMALLEST_BYTES; size < LARGEST_BYTES;) {
    size = Math.min(LARGEST_BYTES, Math.ceil((size * 1.5) / 8) * 8);
    found.push(size);
  }
  return found;
}

/** The smallest class that holds so many bytes, which are not above the largest. */
function classOf(bytes: number): number {
  let index = FIRST_CLASS[31 - Math.clz32(Math.max(1, bytes))] ?? 0;
  while ((CLASS_BYTES[index] ?? Infinity) < bytes) index += 1;
  return index;
}

/** Free arrays of one size. */
class FreeArrays {
  readonly arrays: Uint8Array[] = [];
  /** Fewest that were free since the last look: so many were not needed. */
  unused = 0;
}

/**
 * Arrays for output, so that a connection holds memory for it only while it has some, and the count of all bytes that output
 * holds. What was free for a while is let go.
 */
export class BytePool {
  /** Bytes that output holds: arrays that were taken and not given back, and what is shared, which counts once. */
  heldBytes = 0;
  readonly #free: readonly FreeArrays[] = CLASS_BYTES.map(() => new FreeArrays());
  #freeBytes = 0;

  /** Bytes of arrays that are free. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** An array of at least `bytes` bytes, with whatever was in it before. */
  take(bytes: number): Uint8Array {
    if (bytes > LARGEST_BYTES) {
      this.heldBytes += bytes;
      return new Uint8Array(bytes);
    }
    const index = classOf(bytes);
    const size = CLASS_BYTES[index] ?? bytes;
    this.heldBytes += size;
    const free = this.#free[index];
    const found = free?.arrays.pop();
    if (free === undefined || found === undefined) return new Uint8Array(size);
    this.#freeBytes -= size;
    if (free.arrays.length < free.unused) free.unused = free.arrays.length;
    return found;
  }

  /** Gives an array back that nobody reads any more. */
  give(bytes: Uint8Array): void {
    this.letGo(bytes);
    const { length } = bytes;
    if (length > LARGEST_BYTES || this.#freeBytes + length > FREE_BYTES_MAX) return;
    const index = classOf(length);
    const free = this.#free[index];
    if (free === undefined || length !== CLASS_BYTES[index] || free.arrays.length >= FREE_MAX)
      return;
    free.arrays.push(bytes);
    this.#freeBytes += length;
  }

  /** An array that was taken is the garbage collector's from now on. */
  letGo(bytes: Uint8Array): void {
    this.heldBytes -= bytes.length;
  }

  /** One more place in an output holds these bytes. */
  hold(shared: SharedBytes): void {
    shared.holders += 1;
    if (shared.holders > 1) return;
    this.heldBytes += shared.bytes.length;
    shared.keeper?.held(shared);
  }

  /** One place less does. */
  release(shared: SharedBytes): void {
    shared.holders -= 1;
    if (shared.holders > 0) return;
    this.heldBytes -= shared.bytes.length;
    shared.keeper?.freed(shared);
  }

  /** Lets go of arrays that were free ever since the last call. */
  trim(): void {
    for (const [index, free] of this.#free.entries()) {
      const { arrays, unused } = free;
      if (unused > 0) arrays.splice(0, unused);
      this.#freeBytes -= unused * (CLASS_BYTES[index] ?? 0);
      free.unused = arrays.length;
    }
  }
}
