import { SLOTS_MAX } from "../owed/address-book.ts";

const CAPACITY_MIN = 1_024;
/** No slot. */
export const NONE = 0xffffffff;

/**
 * Rows of numbers, one for each message that the journal has and a session is owed: where it lies, and how many are owed
 * it. Rows are in columns of plain numbers, for there may be millions: a row takes 40 bytes, an object with the same
 * fields three times that, and the collector never looks at it. A row is known by its slot, which is used again when the
 * row is removed. The rows of one batch are a list, so that no array has to grow with it.
 */
export class MessageTable {
  #numbers: Float64Array = new Float64Array(CAPACITY_MIN);
  #positions: Float64Array = new Float64Array(CAPACITY_MIN);
  /** Of a slot that is free: the next free one. */
  #offsets: Uint32Array = new Uint32Array(CAPACITY_MIN);
  #sizes: Uint32Array = new Uint32Array(CAPACITY_MIN);
  #payloads: Uint32Array = new Uint32Array(CAPACITY_MIN);
  #references: Uint32Array = new Uint32Array(CAPACITY_MIN);
  #next: Uint32Array = new Uint32Array(CAPACITY_MIN);
  #previous: Uint32Array = new Uint32Array(CAPACITY_MIN);
  /** Slots that were ever used since the table was empty. */
  #used = 0;
  #free = NONE;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Slots are below this. */
  get end(): number {
    return this.#used;
  }

  /** Adds a row that nobody is owed yet, in no batch. */
  add(number: number, size: number, payloadBytes: number): number {
    const slot = this.#take();
    this.#numbers[slot] = number;
    this.#sizes[slot] = size;
    this.#payloads[slot] = payloadBytes;
    this.#references[slot] = 0;
    return slot;
  }

  /** Removes a row, which is in no list any more. */
  remove(slot: number): void {
    this.#numbers[slot] = 0;
    this.#offsets[slot] = this.#free;
    this.#free = slot;
    this.#count -= 1;
    if (this.#count === 0) this.#reset();
  }

  /** The message lies there now. */
  place(slot: number, position: number, offset: number): void {
    this.#positions[slot] = position;
    this.#offsets[slot] = offset;
  }

  /** Puts a row before the first one of a list; it is the first one now. */
  link(slot: number, first: number): void {
    this.#next[slot] = first;
    this.#previous[slot] = NONE;
    if (first !== NONE) this.#previous[first] = slot;
  }

  /** Takes a row out of its list; gives the first of the list, which was `first`. */
  unlink(slot: number, first: number): number {
    const next = this.next(slot);
    const previous = this.#previous[slot] ?? NONE;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous === NONE) return next;
    this.#next[previous] = next;
    return first;
  }

  /** The next row of the same list; `NONE` after the last. */
  next(slot: number): number {
    return this.#next[slot] ?? NONE;
  }

  /** Number of the message; 0 if the slot is free. */
  number(slot: number): number {
    return this.#numbers[slot] ?? 0;
  }

  /** Position of its batch. */
  position(slot: number): number {
    return this.#positions[slot] ?? 0;
  }

  /** Where it begins in the batch. */
  offset(slot: number): number {
    return this.#offsets[slot] ?? 0;
  }

  /** Bytes of the message. */
  size(slot: number): number {
    return this.#sizes[slot] ?? 0;
  }

  /** Bytes of its payload. */
  payloadBytes(slot: number): number {
    return this.#payloads[slot] ?? 0;
  }

  references(slot: number): number {
    return this.#references[slot] ?? 0;
  }

  /** Changes how many are owed the message, and gives how many are now. */
  refer(slot: number, change: 1 | -1): number {
    const references = this.references(slot) + change;
    this.#references[slot] = references;
    return references;
  }

  #take(): number {
    let slot = this.#free;
    if (slot === NONE) {
      slot = this.#used;
      if (slot === this.#numbers.length) this.#grow();
      this.#used += 1;
    } else this.#free = this.offset(slot);
    this.#count += 1;
    return slot;
  }

  #grow(): void {
    const capacity = this.#numbers.length * 2;
    if (capacity > SLOTS_MAX) throw new RangeError(`more than ${SLOTS_MAX / 2} messages are owed`);
    this.#numbers = grown(this.#numbers, new Float64Array(capacity));
    this.#positions = grown(this.#positions, new Float64Array(capacity));
    this.#offsets = grown(this.#offsets, new Uint32Array(capacity));
    this.#sizes = grown(this.#sizes, new Uint32Array(capacity));
    this.#payloads = grown(this.#payloads, new Uint32Array(capacity));
    this.#references = grown(this.#references, new Uint32Array(capacity));
    this.#next = grown(this.#next, new Uint32Array(capacity));
    this.#previous = grown(this.#previous, new Uint32Array(capacity));
  }

  /** An empty table needs no order of free slots, and little memory. */
  #reset(): void {
    this.#used = 0;
    this.#free = NONE;
    if (this.#numbers.length <= CAPACITY_MIN * 64) return;
    this.#numbers = new Float64Array(CAPACITY_MIN);
    this.#positions = new Float64Array(CAPACITY_MIN);
    this.#offsets = new Uint32Array(CAPACITY_MIN);
    this.#sizes = new Uint32Array(CAPACITY_MIN);
    this.#payloads = new Uint32Array(CAPACITY_MIN);
    this.#references = new Uint32Array(CAPACITY_MIN);
    this.#next = new Uint32Array(CAPACITY_MIN);
    this.#previous = new Uint32Array(CAPACITY_MIN);
  }
}

function grown<Column extends Float64Array | Uint32Array>(old: Column, larger: Column): Column {
  larger.set(old);
  return larger;
}
