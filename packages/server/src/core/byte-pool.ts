/**
 * Free byte arrays, so that a connection holds memory for output only while it has output. Arrays
 * above the largest class are left to the garbage collector. The smallest is for those many that get a message now and then:
 * thousands of them have output in one turn.
 */
const CLASS_BYTES = [512, 4_096, 65_536, 1_048_576] as const;
const FREE_MAX = [4_096, 1_024, 256, 16] as const;

export class BytePool {
  readonly #free: readonly Uint8Array[][] = CLASS_BYTES.map(() => []);

  /** An array of at least `bytes` bytes, with whatever was in it before. */
  take(bytes: number): Uint8Array {
    for (let index = 0; index < CLASS_BYTES.length; index += 1) {
      const size = CLASS_BYTES[index] ?? 0;
      if (bytes <= size) return this.#free[index]?.pop() ?? new Uint8Array(size);
    }
    return new Uint8Array(bytes);
  }

  /** Gives an array back that nobody reads any more. */
  give(bytes: Uint8Array): void {
    for (let index = 0; index < CLASS_BYTES.length; index += 1) {
      const free = this.#free[index];
      if (bytes.length !== CLASS_BYTES[index] || free === undefined) continue;
      if (free.length < (FREE_MAX[index] ?? 0)) free.push(bytes);
    }
  }
}
