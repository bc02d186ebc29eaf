/**
 * The set of Packet Identifiers that one side of a Session has in use, and the choice of the next.
 *
 * The set is a direct-mapped table: the low bits of the identifier itself choose its slot, so
 * taking, finding and giving back cost one array access each and allocate nothing. An identifier
 * whose slot is occupied by another is passed over, never put elsewhere; the table doubles when it
 * is three quarters full. So its size follows the number of identifiers in use, even when one of
 * them is held for ever while the others go round and round. At its largest the table has a slot
 * for every identifier. Nothing is allocated before the first use: most Sessions are idle.
 *
 * Beside each identifier there is room for three numbers of its owner, its notes. So what is known of an
 * exchange needs no arrays of its own, which for one exchange at a time would be the larger part of a Session.
 */
import { requireInteger } from "../integer.ts";
import { requireInvariant } from "./invariant.ts";

/** Largest Packet Identifier; the smallest is 1. */
export const PACKET_IDENTIFIER_MAX = 65_535;

/** Most Sessions have one exchange at a time. */
const CAPACITY_FIRST = 1;
const CAPACITY_MAX = 65_536;

/** An empty table up to this size is kept, because a busy Session is about to need it again. */
const CAPACITY_KEPT_MAX = 1_024;

/** Numbers in the table for each slot: the identifier, and its notes. */
const SLOT_SIZE = 4;

/** A number beside an identifier, by its place. */
export type Note = 1 | 2 | 3;

/** Never written to. */
const NO_TABLE: number[] = [];

/** Packet Identifiers in use, from 1 to 65535. Time and memory are bounded by the number in use. */
export class PacketIdentifiers {
  /**
   * `SLOT_SIZE` numbers for each slot; identifier 0 is a free slot. An ordinary array: a typed one of a few slots
   * costs four times as much memory.
   */
  #table: number[] = NO_TABLE;
  #capacity = 0;
  #count = 0;
  #last = 0;

  /** How many identifiers are in use. */
  get count(): number {
    return this.#count;
  }

  /**
   * Slots in the table: 0, or a power of two. Changes only in `take`, `reserve`, `release` and
   * `clear`.
   */
  get capacity(): number {
    return this.#capacity;
  }

  /** The identifier that `take` gave last; 0 if it never did. */
  get last(): number {
    return this.#last;
  }

  /** Takes the next identifier that is not in use; 0 if all are [MQTT-2.2.1-3] [MQTT-2.2.1-4]. Its notes are 0. */
  take(): number {
    if (this.#count === PACKET_IDENTIFIER_MAX) return 0;
    if (this.#isCrowded()) this.#grow();
    const table = this.#table;
    const mask = this.#capacity - 1;
    let identifier = this.#last;
    do {
      identifier = identifier === PACKET_IDENTIFIER_MAX ? 1 : identifier + 1;
    } while (table[(identifier & mask) * SLOT_SIZE] !== 0);
    table[(identifier & mask) * SLOT_SIZE] = identifier;
    this.#last = identifier;
    this.#count += 1;
    return identifier;
  }

  /**
   * Takes exactly this identifier, as when a Session is rebuilt from storage; false if it is in
   * use. Its notes are 0.
   * @throws RangeError if it is not an integer from 1 to 65535.
   */
  reserve(identifier: number): boolean {
    requirePacketIdentifier(identifier);
    if (this.has(identifier)) return false;
    if (this.#isCrowded()) this.#grow();
    while (this.#table[this.#indexOf(identifier)] !== 0) this.#grow();
    this.#table[this.#indexOf(identifier)] = identifier;
    this.#count += 1;
    return true;
  }

  /** Gives an identifier back, its notes are forgotten; false if it was not in use. */
  release(identifier: number): boolean {
    if (!this.has(identifier)) return false;
    const index = this.#indexOf(identifier);
    const table = this.#table;
    table[index] = 0;
    table[index + 1] = 0;
    table[index + 2] = 0;
    table[index + 3] = 0;
    this.#count -= 1;
    if (this.#count === 0 && this.#capacity > CAPACITY_KEPT_MAX) this.#resize(0);
    return true;
  }

  /** Whether this identifier is in use; false for 0 and for any number that is none. */
  has(identifier: number): boolean {
    return (
      this.#count > 0 && identifier !== 0 && this.#table[this.#indexOf(identifier)] === identifier
    );
  }

  /** The slot of an identifier in use, from 0 to `capacity - 1`. */
  slotOf(identifier: number): number {
    return identifier & (this.#capacity - 1);
  }

  /** The identifier in this slot, from 0 to `capacity - 1`; 0 if the slot is free. */
  identifierAt(slot: number): number {
    return this.#table[slot * SLOT_SIZE] ?? 0;
  }

  /** What was noted beside an identifier in use; 0 if nothing was. */
  note(identifier: number, note: Note): number {
    return this.#table[this.#indexOf(identifier) + note] ?? 0;
  }

  /** Notes a number beside an identifier in use. */
  setNote(identifier: number, note: Note, value: number): void {
    this.#table[this.#indexOf(identifier) + note] = value;
  }

  /** Gives all identifiers and the memory back; the next one taken is 1. */
  clear(): void {
    this.#resize(0);
    this.#count = 0;
    this.#last = 0;
  }

  /**
   * Checks that each identifier is in its own slot, that free slots have no notes, and that `count` is right.
   * @throws Error if not, which is a defect of this class.
   */
  invariants(): void {
    let count = 0;
    let isSound = this.#table.length === this.#capacity * SLOT_SIZE;
    for (let slot = 0; slot < this.#capacity; slot += 1) {
      const identifier = this.identifierAt(slot);
      const at = slot * SLOT_SIZE;
      const hasNotes =
        this.#table[at + 1] !== 0 || this.#table[at + 2] !== 0 || this.#table[at + 3] !== 0;
      if (identifier === 0) isSound &&= !hasNotes;
      else count += 1;
      isSound &&= identifier === 0 || slot === this.slotOf(identifier);
    }
    requireInvariant(isSound && count === this.#count, "PacketIdentifiers");
  }

  #indexOf(identifier: number): number {
    return (identifier & (this.#capacity - 1)) * SLOT_SIZE;
  }

  #isCrowded(): boolean {
    const capacity = this.#capacity;
    return capacity < CAPACITY_MAX && this.#count * 4 >= capacity * 3;
  }

  #grow(): void {
    this.#resize(this.#capacity === 0 ? CAPACITY_FIRST : this.#capacity * 2);
  }

  /** Identifiers in different slots stay in different slots, because the mask only gains a bit. */
  #resize(capacity: number): void {
    const old = this.#table;
    // Made at its length: an array that grows by itself has room for sixteen more.
    const table = capacity === 0 ? NO_TABLE : new Array<number>(capacity * SLOT_SIZE).fill(0);
    for (let index = 0; capacity > 0 && index < old.length; index += SLOT_SIZE) {
      const identifier = old[index] ?? 0;
      if (identifier === 0) continue;
      const at = (identifier & (capacity - 1)) * SLOT_SIZE;
      for (let place = 0; place < SLOT_SIZE; place += 1)
        table[at + place] = old[index + place] ?? 0;
    }
    this.#table = table;
    this.#capacity = capacity;
  }
}

/**
 * Checks a Packet Identifier that the caller supplies.
 * @throws RangeError if it is not an integer from 1 to 65535.
 */
export function requirePacketIdentifier(identifier: number): void {
  requireInteger(identifier, "packetIdentifier", 1, PACKET_IDENTIFIER_MAX);
}
