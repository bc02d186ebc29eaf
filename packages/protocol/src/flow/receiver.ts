/**
 * The receiving side of QoS 2, the same in client and server: which identifiers have come in a
 * PUBLISH and wait for their PUBREL. It answers one question, "is this message new?"; it keeps no
 * message, but a number of the caller's for each, by which messages can be told apart.
 *
 * The peer chooses the identifiers, so the size of the table must follow their number and not their
 * values: an attacker with two far-apart identifiers would else make each Session hold a table of
 * 65536. So it is an open-addressed table, at most half full, allocated on the first use. A search
 * passes at most the identifiers that are open, whose number the Receive Maximum limits.
 */
import { requireInvariant } from "./invariant.ts";
import { requirePacketIdentifier } from "./packet-identifiers.ts";

const CAPACITY_FIRST = 8;

/** An empty table up to this size is kept, because a busy Session is about to need it again. */
const CAPACITY_KEPT_MAX = 1_024;

const NO_TABLE = new Uint16Array(0);
const NO_CONTENTS = new Uint32Array(0);

/** Incoming QoS 2 identifiers of one Session, from PUBLISH until PUBREL. */
export class Receiver {
  /** Identifiers at `identifier & mask` or after; 0 is a free slot. */
  #table: Uint16Array = NO_TABLE;
  /** What is known of each one's message, in the same slots. */
  #contents: Uint32Array = NO_CONTENTS;
  #size = 0;

  /** How many identifiers wait for PUBREL. */
  get size(): number {
    return this.#size;
  }

  /**
   * A QoS 2 PUBLISH came: true if its message is new, false if it is a repetition that is answered
   * by PUBREC but not delivered again [MQTT-4.3.3-10]. The DUP flag plays no part. `content` is kept with a new one:
   * 32 bits that tell messages apart, or 0.
   * @throws RangeError if the identifier is not an integer from 1 to 65535.
   */
  receive(identifier: number, content = 0): boolean {
    requirePacketIdentifier(identifier);
    if (this.#size * 2 >= this.#table.length) this.#grow();
    const slot = this.#slot(identifier);
    if (this.#table[slot] === identifier) return false;
    this.#table[slot] = identifier;
    this.#contents[slot] = content;
    this.#size += 1;
    return true;
  }

  /**
   * The identifier is free again: PUBREL came [MQTT-4.3.3-12], or the PUBLISH was refused by a
   * PUBREC of 0x80 or above [MQTT-4.3.3-9]. False if it was not waiting.
   */
  release(identifier: number): boolean {
    if (!this.has(identifier)) return false;
    this.#closeGap(this.#slot(identifier));
    this.#size -= 1;
    if (this.#size === 0 && this.#table.length > CAPACITY_KEPT_MAX) this.#dropTables();
    return true;
  }

  /** What was given with the identifier that waits; 0 if nothing was, or it does not wait. */
  contentOf(identifier: number): number {
    return this.has(identifier) ? (this.#contents[this.#slot(identifier)] ?? 0) : 0;
  }

  /** The identifier, which waits, is that of another message now. */
  replaceContent(identifier: number, content: number): void {
    if (this.has(identifier)) this.#contents[this.#slot(identifier)] = content;
  }

  /** Whether this identifier waits for its PUBREL. */
  has(identifier: number): boolean {
    return this.#size > 0 && identifier !== 0 && this.#table[this.#slot(identifier)] === identifier;
  }

  /** The identifiers that wait for PUBREL, in no particular order, to be stored. */
  *identifiers(): Generator<number, void, undefined> {
    for (const identifier of this.#table) {
      if (identifier !== 0) yield identifier;
    }
  }

  /**
   * Puts an identifier back from storage; putting it twice does no harm.
   * @throws RangeError if it is not an integer from 1 to 65535.
   */
  restore(identifier: number, content = 0): void {
    this.receive(identifier, content);
  }

  /** Forgets all identifiers and gives the memory back. */
  clear(): void {
    this.#dropTables();
    this.#size = 0;
  }

  #dropTables(): void {
    this.#table = NO_TABLE;
    this.#contents = NO_CONTENTS;
  }

  /**
   * Checks that every identifier is found where it is looked for, and that `size` is their number.
   * @throws Error if not, which is a defect of this class.
   */
  invariants(): void {
    const identifiers = [...this.identifiers()];
    const areFound = identifiers.every((identifier) => this.has(identifier));
    requireInvariant(areFound && identifiers.length === this.#size, "Receiver");
  }

  /** The slot of the identifier, or the free slot where it belongs. There is always a free one. */
  #slot(identifier: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let slot = identifier & mask;
    while (table[slot] !== identifier && table[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** Moves back what stands after the gap and would not be found across it. */
  #closeGap(gap: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let hole = gap;
    for (let slot = (gap + 1) & mask; ; slot = (slot + 1) & mask) {
      const identifier = table[slot] ?? 0;
      if (identifier === 0) break;
      const distanceFromHome = (slot - identifier) & mask;
      if (distanceFromHome < ((slot - hole) & mask)) continue;
      table[hole] = identifier;
      this.#contents[hole] = this.#contents[slot] ?? 0;
      hole = slot;
    }
    table[hole] = 0;
  }

  #grow(): void {
    const old = this.#table;
    const contents = this.#contents;
    const capacity = old.length === 0 ? CAPACITY_FIRST : old.length * 2;
    this.#table = new Uint16Array(capacity);
    this.#contents = new Uint32Array(capacity);
    for (const [index, identifier] of old.entries()) {
      if (identifier === 0) continue;
      const slot = this.#slot(identifier);
      this.#table[slot] = identifier;
      this.#contents[slot] = contents[index] ?? 0;
    }
  }
}
