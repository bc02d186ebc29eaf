import type { BytePool } from "../byte-pool.ts";
import { Outbox } from "./outbox.ts";

/** A part of a backlog takes about this many bytes before the next is begun: what is written, and dropped, at a time. */
const PART_BYTES = 65_536;

/**
 * QoS 0 messages that wait because a client does not read. They are in parts, so that a long backlog grows without being
 * copied, is written part by part, and can be dropped from its oldest message on.
 */
export class Backlog {
  readonly #pool: BytePool;
  #parts: Outbox[] = [];
  /** Bytes of all parts but the last. */
  #lengthBefore = 0;

  constructor(pool: BytePool) {
    this.#pool = pool;
  }

  /** Bytes that the client gets. */
  get length(): number {
    return this.#lengthBefore + (this.#parts.at(-1)?.length ?? 0);
  }

  /** Where the next message goes. */
  get end(): Outbox {
    const last = this.#parts.at(-1);
    if (last !== undefined && last.length < PART_BYTES) return last;
    this.#lengthBefore += last?.length ?? 0;
    const part = new Outbox(this.#pool);
    this.#parts.push(part);
    return part;
  }

  /** Takes the oldest part out; undefined if there is none. */
  shift(): Outbox | undefined {
    const part = this.#parts.shift();
    if (this.#parts.length > 0) this.#lengthBefore -= part?.length ?? 0;
    return part;
  }

  clear(): void {
    for (const part of this.#parts) part.clear();
    this.#parts = [];
    this.#lengthBefore = 0;
  }
}
