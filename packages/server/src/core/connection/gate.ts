import type { BytePool } from "../byte-pool.ts";
import { Outbox } from "./outbox.ts";

interface Segment {
  readonly position: number;
  readonly outbox: Outbox;
}

/**
 * Output of one connection that asserts what must be stored first. Each part waits for its position of the
 * journal; parts leave in the order in which they came.
 */
export class Gate {
  readonly #pool: BytePool;
  #segments: Segment[] = [];

  constructor(pool: BytePool) {
    this.#pool = pool;
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  /** Bytes that wait. */
  get length(): number {
    let length = 0;
    for (const { outbox } of this.#segments) length += outbox.length;
    return length;
  }

  /** Where output goes that depends on `position`, which is never below that of what waits already. */
  at(position: number): Outbox {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.position >= position) return last.outbox;
    const segment: Segment = { position, outbox: new Outbox(this.#pool) };
    this.#segments.push(segment);
    return segment.outbox;
  }

  /** Moves what depends on nothing above `committed` to `target`. */
  release(committed: number, target: Outbox): void {
    while (this.#segments.length > 0) {
      const [first] = this.#segments;
      if (first === undefined || first.position > committed) return;
      target.takeOver(first.outbox);
      this.#segments.shift();
    }
  }

  clear(): void {
    for (const { outbox } of this.#segments) outbox.clear();
    this.#segments = [];
  }
}
