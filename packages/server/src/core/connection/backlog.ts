import type { BytePool } from "../byte-pool.ts";
import { Outbox } from "./outbox.ts";

/** A part of a backlog takes about this many bytes before the next is begun: what is written, and dropped, at a time. */
const PART_BYTES = 65_536;

/** Some messages of a backlog. */
export class BacklogPart extends Outbox {
  readonly backlog: Backlog;
  #packetCount = 0;
  /** Up to where in its own bytes the packets are counted. */
  #countedTo = 0;

  constructor(backlog: Backlog, pool: BytePool) {
    super(pool);
    this.backlog = backlog;
  }

  override get isDroppable(): boolean {
    return true;
  }

  /** How many packets it holds. Each is counted once, so that asking again and again costs little. */
  get packetCount(): number {
    if (this.#countedTo < this.usedBytes) {
      this.#packetCount += this.packetCountFrom(this.#countedTo);
      this.#countedTo = this.usedBytes;
    }
    return this.#packetCount;
  }

  override dropFirst(): void {
    this.#packetCount = this.packetCount - 1;
    super.dropFirst();
    this.#countedTo = this.usedBytes;
  }

  /** True once the next message begins another part. */
  get isComplete(): boolean {
    return this.length >= PART_BYTES || this.usedBytes >= PART_BYTES;
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
  /** Messages in them. */
  #countBefore = 0;

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

  /** How many messages wait. */
  get messageCount(): number {
    return this.#countBefore + (this.#parts.at(-1)?.packetCount ?? 0);
  }

  /** Where the next message goes. */
  get end(): Outbox {
    const last = this.#parts.at(-1);
    if (last !== undefined && !last.isComplete) return last;
    this.#lengthBefore += last?.length ?? 0;
    this.#countBefore += last?.packetCount ?? 0;
    const { pool, parts } = this.#surroundings;
    const part = new BacklogPart(this, pool);
    this.#parts.push(part);
    parts.add(part);
    return part;
  }

  /** Takes the oldest part out; undefined if there is none. */
  shift(): BacklogPart | undefined {
    const part = this.#parts.shift();
    if (part === undefined) return undefined;
    this.#surroundings.parts.delete(part);
    if (this.#parts.length > 0) this.#countOff(part.length, part.packetCount);
    return part;
  }

  /** The oldest message as a packet, in an array of its own; undefined if there is none. */
  oldest(): Uint8Array | undefined {
    return this.length === 0 ? undefined : this.#parts[0]?.firstPacket();
  }

  /** Drops the oldest message; false if there is none. */
  dropOldest(): boolean {
    const [part] = this.#parts;
    if (part === undefined || part.length === 0) return false;
    const { length } = part;
    part.dropFirst();
    if (this.#parts.length > 1) this.#countOff(length - part.length, 1);
    if (part.length === 0) this.shift();
    return true;
  }

  clear(): void {
    for (const part of this.#parts) {
      this.#surroundings.parts.delete(part);
      part.clear();
    }
    this.#parts = [];
    this.#lengthBefore = 0;
    this.#countBefore = 0;
  }

  /** Something that was not in the last part has gone. */
  #countOff(bytes: number, messages: number): void {
    this.#lengthBefore -= bytes;
    this.#countBefore -= messages;
  }
}
