import { MemoryPages } from "./memory-pages.ts";

/** No row: the root, which is nobody's child or sibling, has this number. */
export const NONE = 0;
export const ROOT = 0;

/** Words of a row. All are 0 in a row that was never used. */
export const PARENT = 0;
/** Of a row that is free: the next free one. */
export const FIRST_CHILD = 1;
export const LAST_CHILD = 2;
/** Siblings are in the order in which they came. A row that is free keeps the one that followed it. */
export const NEXT = 3;
export const PREVIOUS = 4;
export const NEXT_IN_BUCKET = 5;
export const HASH = 6;
/** Place and length of the bytes of the level. */
export const LEVEL = 7;
export const LEVEL_LENGTH = 8;
/** Place and length of the message; 0 if there is none. */
export const RECORD = 9;
export const RECORD_LENGTH = 10;

/** What a replay asks of the message: `summaryOf` makes it. */
export const SUMMARY = 11;

/** Numbers of changes: the one that made the row, which tells it from others that had or will have its place. */
const BORN = 6;
/** The one that brought its message; 0 without one; below 0 if the row is free. */
const CHANGED = 7;

const WORDS = 16;
const NUMBERS = WORDS / 2;
/** A row has 64 bytes. */
const PAGE_BITS = 10;
const PAGE_ROWS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_ROWS - 1;

/** Rows that stay free before one is used again: a walk finds its way on from a row that is free. */
export const FREE_ROWS = 1_024;

/**
 * The nodes of a tree as rows of 64 bytes, in pages that stay where they are when more are needed: no growth takes longer
 * than a page, and the collector sees one array for 1024 nodes. A row is known by its number, which is used again after
 * the node was removed.
 *
 * Rows are used again in the order in which they became free. So as long as a free row says what it said when its node was
 * removed, the siblings that followed, which were there then, still have their rows, or these are free and say so.
 */
export class TopicNodes {
  #memoryPages: Uint8Array[] = [];
  /** The same memory. */
  #pages: Uint32Array[] = [];
  /** The same memory. */
  #numbers: Float64Array[] = [];
  #used = 0;
  #count = 0;
  #firstFree = NONE;
  #lastFree = NONE;
  #free = 0;

  readonly #freeMin: number;
  readonly #memory: MemoryPages;

  /** `freeMin`: so many rows stay free before one is used again. `memory`: where pages come from. */
  constructor(freeMin: number, memory: MemoryPages = new MemoryPages()) {
    this.#freeMin = freeMin;
    this.#memory = memory;
    this.#reset();
  }

  /** How many there are, without the root. */
  get count(): number {
    return this.#count;
  }

  /** Rows are below this. */
  get end(): number {
    return this.#used;
  }

  word(row: number, field: number): number {
    return this.#pages[row >>> PAGE_BITS]?.[(row & PAGE_MASK) * WORDS + field] ?? 0;
  }

  setWord(row: number, field: number, value: number): void {
    const page = this.#pages[row >>> PAGE_BITS];
    if (page !== undefined) page[(row & PAGE_MASK) * WORDS + field] = value;
  }

  born(row: number): number {
    return this.#numbers[row >>> PAGE_BITS]?.[(row & PAGE_MASK) * NUMBERS + BORN] ?? 0;
  }

  changed(row: number): number {
    return this.#numbers[row >>> PAGE_BITS]?.[(row & PAGE_MASK) * NUMBERS + CHANGED] ?? 0;
  }

  /** True if the node was removed, and its row is not used again yet. */
  isFree(row: number): boolean {
    return this.changed(row) < 0;
  }

  setChanged(row: number, change: number): void {
    this.#setNumber(row, CHANGED, change);
  }

  /** Adds the last child of a node. */
  add(parent: number, change: number): number {
    const row = this.#take();
    const last = this.word(parent, LAST_CHILD);
    this.setWord(row, PARENT, parent);
    this.setWord(row, FIRST_CHILD, NONE);
    this.setWord(row, LAST_CHILD, NONE);
    this.setWord(row, NEXT, NONE);
    this.setWord(row, PREVIOUS, last);
    this.#setNumber(row, BORN, change);
    this.#setNumber(row, CHANGED, 0);
    this.setWord(parent, LAST_CHILD, row);
    if (last === NONE) this.setWord(parent, FIRST_CHILD, row);
    else this.setWord(last, NEXT, row);
    this.#count += 1;
    return row;
  }

  /** Removes a node that has neither children nor a message. */
  remove(row: number): void {
    this.#unlink(row);
    this.#setNumber(row, CHANGED, -1);
    this.setWord(row, FIRST_CHILD, NONE);
    if (this.#lastFree === NONE) this.#firstFree = row;
    else this.setWord(this.#lastFree, FIRST_CHILD, row);
    this.#lastFree = row;
    this.#free += 1;
    this.#count -= 1;
  }

  clear(): void {
    this.#count = 0;
    this.#reset();
  }

  /** Takes a row out of the list of its siblings, without changing what it says of them. */
  #unlink(row: number): void {
    const parent = this.word(row, PARENT);
    const next = this.word(row, NEXT);
    const previous = this.word(row, PREVIOUS);
    if (previous === NONE) this.setWord(parent, FIRST_CHILD, next);
    else this.setWord(previous, NEXT, next);
    if (next === NONE) this.setWord(parent, LAST_CHILD, previous);
    else this.setWord(next, PREVIOUS, previous);
  }

  #take(): number {
    const row = this.#firstFree;
    if (row === NONE || this.#free <= this.#freeMin) return this.#extend();
    this.#firstFree = this.word(row, FIRST_CHILD);
    if (this.#firstFree === NONE) this.#lastFree = NONE;
    this.#free -= 1;
    return row;
  }

  #extend(): number {
    const row = this.#used;
    if (row === this.#pages.length * PAGE_ROWS) this.#addPage();
    this.#used += 1;
    return row;
  }

  #addPage(): void {
    const page = this.#memory.take();
    this.#memoryPages.push(page);
    this.#pages.push(new Uint32Array(page.buffer, page.byteOffset, PAGE_ROWS * WORDS));
    this.#numbers.push(new Float64Array(page.buffer, page.byteOffset, PAGE_ROWS * NUMBERS));
  }

  #setNumber(row: number, field: number, value: number): void {
    const page = this.#numbers[row >>> PAGE_BITS];
    if (page !== undefined) page[(row & PAGE_MASK) * NUMBERS + field] = value;
  }

  /** An empty tree needs no more than its root. Rows that walks remember are gone: none has the number of its change. */
  #reset(): void {
    for (const page of this.#memoryPages) this.#memory.give(page);
    this.#memoryPages = [];
    this.#pages = [];
    this.#numbers = [];
    this.#firstFree = NONE;
    this.#lastFree = NONE;
    this.#free = 0;
    this.#addPage();
    this.#used = 1;
  }
}
