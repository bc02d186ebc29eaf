import { readU16, writeU16 } from "../numbers.ts";
import { MemoryPages, PAGE_BYTES } from "./memory-pages.ts";

const CHUNK_BYTES = PAGE_BYTES;
/** The most that a cell has; what is longer gets an array of its own. */
const CELL_BYTES_MAX = 8_192;
/** Cells begin at multiples of this many bytes. */
const UNIT_BYTES = 8;
const UNITS_PER_CHUNK = CHUNK_BYTES / UNIT_BYTES;
/** Places from here on are arrays of their own. */
const LARGE = 0x8000_0000;
const CHUNKS_MAX = LARGE / UNITS_PER_CHUNK;
const NO_UNIT = 0xffff;
/** A cell is at most this much larger than that of the class below, or one unit. */
const CLASS_STEP = 1.15;

const CLASS_BYTES: readonly number[] = cellSizes();
/** Class by the units that are needed. */
const CLASS_OF: Uint8Array = classes();

/** One page that is cut into cells of one size. */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly index: number;
  readonly sizeClass: number;
  /** Cells that are taken. */
  live: number;
  /** Where the cells begin that were never taken. */
  unused: number;
  /** The first cell that was given back; it begins with where the next one is. */
  free: number;
  /** Neighbours in the list of those of its class that have room. */
  next: Chunk | undefined;
  previous: Chunk | undefined;
}

/**
 * Memory for a great many small pieces of bytes that the collector does not see one by one: pages of 64 KB, each cut
 * into cells of one of some forty sizes. A piece is known by its place, a number above 0; whoever has it remembers its length too.
 *
 * What is lost: within a cell less than 15 % and 8 bytes of what the piece needs, at the end of a chunk less than one cell,
 * and the free cells of chunks of which not all pieces have gone. A chunk that all have left is given back, except for the
 * last one of its size. So memory follows what is kept, unless what goes is picked so that each chunk keeps a piece.
 */
export class ByteSlabs {
  /** By index; 0 is none, so that no place is 0. */
  #chunks: (Chunk | undefined)[] = [undefined];
  #freeIndices: number[] = [];
  #withRoom: (Chunk | undefined)[] = [];
  #large: (Uint8Array | undefined)[] = [];
  #freeLarge: number[] = [];
  readonly #pages: MemoryPages;

  /** `pages`: where the memory comes from. */
  constructor(pages: MemoryPages = new MemoryPages()) {
    this.#pages = pages;
  }

  /** Bytes of all arrays. */
  get bytes(): number {
    let bytes = 0;
    for (const chunk of this.#chunks) bytes += chunk?.bytes.length ?? 0;
    for (const large of this.#large) bytes += large?.length ?? 0;
    return bytes;
  }

  /** The array in which the piece lies, and to be read at once: at `offset`. */
  array(place: number): Uint8Array {
    const found =
      place >= LARGE
        ? this.#large[place - LARGE]
        : this.#chunks[Math.trunc(place / UNITS_PER_CHUNK)]?.bytes;
    if (found === undefined) throw new Error(`nothing lies at ${place}`);
    return found;
  }

  offset(place: number): number {
    return place >= LARGE ? 0 : (place % UNITS_PER_CHUNK) * UNIT_BYTES;
  }

  /** Takes a place for so many bytes, at least one; what is in them is not defined. */
  take(length: number): number {
    if (length > CELL_BYTES_MAX) return this.#takeLarge(length);
    const sizeClass = classOf(length);
    const chunk = this.#withRoom[sizeClass] ?? this.#open(sizeClass);
    const { bytes } = chunk;
    let unit = chunk.free;
    if (unit === NO_UNIT) {
      unit = chunk.unused;
      chunk.unused += unitsOf(sizeClass);
    } else {
      const at = unit * UNIT_BYTES;
      chunk.free = readU16(bytes, at);
    }
    chunk.live += 1;
    if (!hasRoom(chunk)) this.#unlink(chunk);
    return chunk.index * UNITS_PER_CHUNK + unit;
  }

  /** Gives a place back. */
  give(place: number, length: number): void {
    if (length > CELL_BYTES_MAX) {
      this.#large[place - LARGE] = undefined;
      this.#freeLarge.push(place - LARGE);
      return;
    }
    const chunk = this.#chunks[Math.trunc(place / UNITS_PER_CHUNK)];
    if (chunk === undefined) throw new Error(`nothing lies at ${place}`);
    if (!hasRoom(chunk)) this.#link(chunk);
    const unit = place % UNITS_PER_CHUNK;
    const at = unit * UNIT_BYTES;
    writeU16(chunk.bytes, at, chunk.free);
    chunk.free = unit;
    chunk.live -= 1;
    if (chunk.live === 0) this.#emptied(chunk);
  }

  /** A place for something that takes the place of something else: the same, if it fits as well. */
  exchange(place: number, length: number, newLength: number): number {
    const isLarge = length > CELL_BYTES_MAX || newLength > CELL_BYTES_MAX;
    if (isLarge ? length === newLength : classOf(length) === classOf(newLength)) return place;
    this.give(place, length);
    return this.take(newLength);
  }

  clear(): void {
    for (const chunk of this.#chunks) if (chunk !== undefined) this.#pages.give(chunk.bytes);
    this.#chunks = [undefined];
    this.#freeIndices = [];
    this.#withRoom = [];
    this.#large = [];
    this.#freeLarge = [];
  }

  #takeLarge(length: number): number {
    const index = this.#freeLarge.pop() ?? this.#large.length;
    this.#large[index] = new Uint8Array(length);
    return LARGE + index;
  }

  #open(sizeClass: number): Chunk {
    const index = this.#freeIndices.pop() ?? this.#chunks.length;
    if (index >= CHUNKS_MAX) throw new RangeError(`more than ${CHUNKS_MAX} chunks are needed`);
    const chunk: Chunk = {
      bytes: this.#pages.take(),
      index,
      sizeClass,
      live: 0,
      unused: 0,
      free: NO_UNIT,
      next: undefined,
      previous: undefined,
    };
    this.#chunks[index] = chunk;
    this.#link(chunk);
    return chunk;
  }

  #emptied(chunk: Chunk): void {
    // One stays, so that a message which comes and goes does not make a chunk each time.
    if (chunk.next === undefined && chunk.previous === undefined) return;
    this.#unlink(chunk);
    this.#pages.give(chunk.bytes);
    this.#chunks[chunk.index] = undefined;
    this.#freeIndices.push(chunk.index);
  }

  #link(chunk: Chunk): void {
    const first = this.#withRoom[chunk.sizeClass];
    chunk.next = first;
    if (first !== undefined) first.previous = chunk;
    this.#withRoom[chunk.sizeClass] = chunk;
  }

  #unlink(chunk: Chunk): void {
    const { next, previous } = chunk;
    if (next !== undefined) next.previous = previous;
    if (previous === undefined) this.#withRoom[chunk.sizeClass] = next;
    else previous.next = next;
    chunk.next = undefined;
    chunk.previous = undefined;
  }
}

function hasRoom({ free, unused, sizeClass }: Chunk): boolean {
  return free !== NO_UNIT || unused + unitsOf(sizeClass) <= UNITS_PER_CHUNK;
}

function unitsOf(sizeClass: number): number {
  return (CLASS_BYTES[sizeClass] ?? 0) / UNIT_BYTES;
}

function classOf(length: number): number {
  return CLASS_OF[Math.ceil(length / UNIT_BYTES)] ?? 0;
}

function cellSizes(): number[] {
  const sizes: number[] = [];
  for (let size = UNIT_BYTES; size < CELL_BYTES_MAX;) {
    sizes.push(size);
    const step = Math.floor((size * CLASS_STEP) / UNIT_BYTES) * UNIT_BYTES;
    size = Math.max(size + UNIT_BYTES, step);
  }
  sizes.push(CELL_BYTES_MAX);
  return sizes;
}

function classes(): Uint8Array {
  const table = new Uint8Array(CELL_BYTES_MAX / UNIT_BYTES + 1);
  let sizeClass = 0;
  for (let units = 1; units < table.length; units += 1) {
    if (units * UNIT_BYTES > (CLASS_BYTES[sizeClass] ?? 0)) sizeClass += 1;
    table[units] = sizeClass;
  }
  return table;
}
