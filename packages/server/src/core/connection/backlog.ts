import type { BytePool } from "../byte-pool.ts";
import { Outbox } from "./outbox.ts";

/** A part of a backlog takes about this many bytes before the next is begun: what is written, and dropped, at a time. */
const PART_BYTES = 65_536;

/** Some messages of a backlog. */
export class BacklogPart extends Outbox {
  readonly backlog: Backlog;

  constructor(backlog: Backlog, pool: BytePool) {
    super(pool);
    this.backlog = backlog;
  }
}

/** What a backlog needs of the server, and whose it is. */
interface BacklogSurroundings {
  readonly clientId: string;
  readonly pool: BytePool;
  /** Parts of all backlogs of the server, oldest first. */
  readonly parts: Set<BacklogPart>;
}

/**
 * QoS 0 messages that wait because a client does not read. They are in parts, so that a long backlog grows without being
 * copied, is written part by part, and can be dropped from its oldest message on.
 */
export class Backlog {
  readonly #surroundings: BacklogSurroundings;
  #parts: BacklogPart[] = [];
  /** Bytes of all parts but the last. */
  #lengthBefore = 0;

  constructor(surroundings: BacklogSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Whom the messages are for. */
  get clientId(): string {
    return this.#surroundings.clientId;
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
    const { pool, parts } = this.#surroundings;
    const part = new BacklogPart(this, pool);
    this.#parts.push(part);
    parts.add(part);
    return part;
  }

  /** Takes the oldest part out; undefined if there is none. */
  shift(): Outbox | undefined {
    const part = this.#parts.shift();
    if (part === undefined) return undefined;
    this.#surroundings.parts.delete(part);
    if (this.#parts.length > 0) this.#lengthBefore -= part.length;
    return part;
  }

  clear(): void {
    for (const part of this.#parts) {
      this.#surroundings.parts.delete(part);
      part.clear();
    }
    this.#parts = [];
    this.#lengthBefore = 0;
  }
}
