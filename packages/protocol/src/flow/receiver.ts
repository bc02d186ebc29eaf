/**
 * The receiving side of QoS 2, the same in client and server: which identifiers have come in a
 * PUBLISH and wait for their PUBREL. It answers one question, "is this message new?"; it keeps no
 * message.
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

/** Incoming QoS 2 identifiers of one Session, from PUBLISH until PUBREL. */
export class Receiver {
  /** Identifiers at `identifier & mask` or after; 0 is a free slot. */
  #table: Uint16Array = NO_TABLE;
  #size = 0;

  /** How many identifiers wait for PUBREL. */
  get size(): number {
    return this.#size;
  }

  /**
   * A QoS 2 PUBLISH came: true if its message is new, false if it is a repetition that is answered
   * by PUBREC but not delivered again [MQTT-4.3.3-10]. The DUP flag plays no part.
   * @throws RangeError if the identifier is not an integer from 1 to 65535.
   */
  receive(identifier: number): boolean {
    requirePacketIdentifier(identifier);
    if (this.#size * 2 >= this.#table.length) this.#grow();
    const slot = this.#slot(identifier);
    if (this.#table[slot] === identifier) return false;
    this.#table[slot] = identifier;
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
    if (this.#size === 0 && this.#table.length > CAPACITY_KEPT_MAX) this.#table = NO_TABLE;
    return true;
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
  restore(identifier: number): void {
    this.receive(identifier);
  }

  /** Forgets all identifiers and gives the memory back. */
  clear(): void {
    this.#table = NO_TABLE;
    this.#size = 0;
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
      hole = slot;
    }
    table[hole] = 0;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Uint16Array(old.length === 0 ? CAPACITY_FIRST : old.length * 2);
    for (const identifier of old) {
      if (identifier !== 0) this.#table[this.#slot(identifier)] = identifier;
    }
  }
}
