/**
 * The set of Packet Identifiers that one side of a Session has in use, and the choice of the next.
 *
 * The set is a direct-mapped table: the low bits of the identifier itself choose its slot, so
 * taking, finding and giving back cost one array access each and allocate nothing. An identifier
 * whose slot is occupied by another is passed over, never put elsewhere; the table doubles when it
 * is three quarters full. So its size follows the number of identifiers in use, even when one of
 * them is held for ever while the others go round and round. At its largest the table has a slot
 * for every identifier. Nothing is allocated before the first use: most Sessions are idle.
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

/** Never written to. */
const NO_TABLE: number[] = [];

/** Packet Identifiers in use, from 1 to 65535. Time and memory are bounded by the number in use. */
export class PacketIdentifiers {
  /** Slot to identifier; 0 is a free slot. An ordinary array: a typed one of a few slots costs four times as much memory. */
  #table: number[] = NO_TABLE;
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
    return this.#table.length;
  }

  /** The identifier that `take` gave last; 0 if it never did. */
  get last(): number {
    return this.#last;
  }

  /** Takes the next identifier that is not in use; 0 if all are [MQTT-2.2.1-3] [MQTT-2.2.1-4]. */
  take(): number {
    if (this.#count === PACKET_IDENTIFIER_MAX) return 0;
    if (this.#isCrowded()) this.#grow();
    const table = this.#table;
    const mask = table.length - 1;
    let identifier = this.#last;
    do {
      identifier = identifier === PACKET_IDENTIFIER_MAX ? 1 : identifier + 1;
    } while (table[identifier & mask] !== 0);
    table[identifier & mask] = identifier;
    this.#last = identifier;
    this.#count += 1;
    return identifier;
  }

  /**
   * Takes exactly this identifier, as when a Session is rebuilt from storage; false if it is in
   * use.
   * @throws RangeError if it is not an integer from 1 to 65535.
   */
  reserve(identifier: number): boolean {
    requirePacketIdentifier(identifier);
    if (this.has(identifier)) return false;
    if (this.#isCrowded()) this.#grow();
    while (this.#table[identifier & (this.#table.length - 1)] !== 0) this.#grow();
    this.#table[identifier & (this.#table.length - 1)] = identifier;
    this.#count += 1;
    return true;
  }

  /** Gives an identifier back; false if it was not in use. */
  release(identifier: number): boolean {
    if (!this.has(identifier)) return false;
    this.#table[identifier & (this.#table.length - 1)] = 0;
    this.#count -= 1;
    if (this.#count === 0 && this.#table.length > CAPACITY_KEPT_MAX) this.#table = NO_TABLE;
    return true;
  }

  /** Whether this identifier is in use; false for 0 and for any number that is none. */
  has(identifier: number): boolean {
    const slot = identifier & (this.#table.length - 1);
    return this.#count > 0 && identifier !== 0 && this.#table[slot] === identifier;
  }

  /** The identifier in this slot, from 0 to `capacity - 1`; 0 if the slot is free. */
  identifierAt(slot: number): number {
    return this.#table[slot] ?? 0;
  }

  /** Gives all identifiers and the memory back; the next one taken is 1. */
  clear(): void {
    this.#table = NO_TABLE;
    this.#count = 0;
    this.#last = 0;
  }

  /**
   * Checks that each identifier is in its own slot and that `count` is their number.
   * @throws Error if not, which is a defect of this class.
   */
  invariants(): void {
    let count = 0;
    let isSound = true;
    for (const [slot, identifier] of this.#table.entries()) {
      if (identifier === 0) continue;
      count += 1;
      isSound &&= slot === (identifier & (this.#table.length - 1));
    }
    requireInvariant(isSound && count === this.#count, "PacketIdentifiers");
  }

  #isCrowded(): boolean {
    const capacity = this.#table.length;
    return capacity < CAPACITY_MAX && this.#count * 4 >= capacity * 3;
  }

  /** Identifiers in different slots stay in different slots, because the mask only gains a bit. */
  #grow(): void {
    const old = this.#table;
    const capacity = old.length === 0 ? CAPACITY_FIRST : old.length * 2;
    const table = new Array<number>(capacity).fill(0);
    for (const identifier of old) {
      if (identifier !== 0) table[identifier & (capacity - 1)] = identifier;
    }
    this.#table = table;
  }
}

/**
 * Checks a Packet Identifier that the caller supplies.
 * @throws RangeError if it is not an integer from 1 to 65535.
 */
export function requirePacketIdentifier(identifier: number): void {
  requireInteger(identifier, "packetIdentifier", 1, PACKET_IDENTIFIER_MAX);
}
