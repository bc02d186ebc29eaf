import { readSync } from "node:fs";
import {
  AT,
  DEPTH_MAX,
  ENTRY,
  ENTRY_FLAGS,
  FLAGS,
  IS_LITTLE_ENDIAN,
  KEY_BYTES_MAX,
  LARGE,
  META_PAGES,
  NO_PAGE,
  PAGE_HEADER_BYTES,
  TREE,
  TREE_BYTES,
} from "./file-layout.ts";

/** A state of a file: its trees, and what pages may belong to it. */
export interface FileState {
  readonly pageBytes: number;
  readonly transaction: bigint;
  readonly lastPage: bigint;
  readonly trees: readonly Tree[];
}

/** A tree of pages. */
export interface Tree {
  readonly depth: number;
  readonly root: bigint;
}

/** A page of a tree, with how many there are from it down to a leaf. */
interface Place {
  readonly page: number;
  readonly depth: number;
}

/**
 * Looks at each page that can be reached from the roots: is it the page that it should be, does what is in it stay in it, is it
 * in one place only? What is wrong, or undefined. It reads all pages but those of large values, as a server that
 * starts does, and costs a small part of the time of that.
 */
export function problemOfPages(descriptor: number, state: FileState): string | undefined {
  const walk = new PageWalk(descriptor, state);
  for (const { root, depth } of state.trees) {
    const problem = root === NO_PAGE ? undefined : walk.problemBelow({ page: Number(root), depth });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

class PageWalk {
  readonly #descriptor: number;
  readonly #pageBytes: number;
  readonly #transaction: bigint;
  readonly #lastPage: number;
  readonly #page: DataView;
  /** The same page: headers and entries begin at even places, and this is read quicker. */
  readonly #words: Uint16Array;
  /** A bit for each page that was seen. */
  readonly #seen: Uint8Array;
  #todo: Place[] = [];

  constructor(descriptor: number, { pageBytes, transaction, lastPage }: FileState) {
    this.#descriptor = descriptor;
    this.#pageBytes = pageBytes;
    this.#transaction = transaction;
    this.#lastPage = Number(lastPage);
    this.#page = new DataView(new ArrayBuffer(pageBytes));
    this.#words = new Uint16Array(this.#page.buffer);
    this.#seen = new Uint8Array(Math.floor(this.#lastPage / 8) + 1);
  }

  problemBelow(root: Place): string | undefined {
    this.#todo = [];
    let problem = this.#reach(root);
    for (
      let place = this.#todo.pop();
      place !== undefined && problem === undefined;
      place = this.#todo.pop()
    )
      problem = this.#problemIn(place);
    return problem;
  }

  /** A page is to be looked at. */
  #reach(place: Place): string | undefined {
    if (place.depth < 1 || place.depth > DEPTH_MAX) return `a tree has ${place.depth} levels`;
    this.#todo.push(place);
    return this.#problemOfPlace(place.page);
  }

  #problemOfPlace(page: number): string | undefined {
    if (page < META_PAGES || page > this.#lastPage) return `there is no page ${page}`;
    const bit = 1 << (page & 7);
    const bits = this.#seen[page >>> 3] ?? 0;
    if ((bits & bit) !== 0) return `page ${page} is in two places`;
    this.#seen[page >>> 3] = bits | bit;
    return undefined;
  }

  #problemIn({ page, depth }: Place): string | undefined {
    this.#read(page);
    const kind = depth === 1 ? "leaf" : "branch";
    const [lower, upper] = [this.#u16(AT.lower), this.#u16(AT.upper)];
    const isSound =
      this.#isPage(page, FLAGS[kind]) &&
      lower <= upper &&
      upper <= this.#pageBytes - PAGE_HEADER_BYTES;
    if (!isSound) return `page ${page} is not the ${kind} that it should be`;
    for (let at = 0; at < lower; at += 2) {
      const offset = this.#u16(PAGE_HEADER_BYTES + at);
      const entry = PAGE_HEADER_BYTES + offset;
      const isInside =
        offset >= upper && (offset & 1) === 0 && entry + ENTRY.key <= this.#pageBytes;
      const problem = isInside ? this.#problemOfEntry(entry, depth) : OUTSIDE;
      if (problem === OUTSIDE) return `page ${page} has ${OUTSIDE}`;
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #problemOfEntry(entry: number, depth: number): string | undefined {
    const keyBytes = this.#u16(entry + ENTRY.keyBytes);
    const flags = this.#u16(entry + ENTRY.flags);
    const low = this.#u16(entry + ENTRY.low) + this.#u16(entry + ENTRY.high) * 2 ** 16;
    const value = entry + ENTRY.key + keyBytes;
    const room = this.#pageBytes - value;
    if (keyBytes > KEY_BYTES_MAX || room < 0) return OUTSIDE;
    if (depth > 1) return this.#reach({ page: low + flags * 2 ** 32, depth: depth - 1 });
    if ((flags & ENTRY_FLAGS.isTree) !== 0)
      return low !== TREE_BYTES || room < low ? OUTSIDE : this.#problemOfTree(value);
    if ((flags & ENTRY_FLAGS.isLarge) !== 0)
      return room < LARGE.bytes ? OUTSIDE : this.#problemOfLarge(value, low);
    return room < low ? OUTSIDE : undefined;
  }

  #problemOfTree(at: number): string | undefined {
    const root = this.#u64(at + TREE.root);
    if (root === NO_PAGE) return undefined;
    return this.#reach({
      page: Number(root),
      depth: this.#page.getUint16(at + TREE.depth, IS_LITTLE_ENDIAN),
    });
  }

  /** A value of so many bytes with pages of its own. The page that is looked at stays as it is. */
  #problemOfLarge(at: number, bytes: number): string | undefined {
    const [first, pages] = [Number(this.#u64(at)), Number(this.#u64(at + LARGE.pages))];
    if (first + pages - 1 > this.#lastPage || PAGE_HEADER_BYTES + bytes > pages * this.#pageBytes)
      return `the value at page ${first} is longer than its pages`;
    for (let page = first; page < first + pages; page += 1) {
      const problem = this.#problemOfPlace(page);
      if (problem !== undefined) return problem;
    }
    const header = new DataView(new ArrayBuffer(PAGE_HEADER_BYTES));
    readSync(this.#descriptor, header, 0, PAGE_HEADER_BYTES, first * this.#pageBytes);
    const isSound =
      this.#isPage(first, FLAGS.overflow, header) &&
      header.getUint32(AT.overflowPages, IS_LITTLE_ENDIAN) === pages;
    return isSound ? undefined : `page ${first} is not the value that it should be`;
  }

  /** What was written after this state of the file belongs to another one. */
  #isPage(page: number, flags: number, header = this.#page): boolean {
    return (
      header.getBigUint64(AT.pageNumber, IS_LITTLE_ENDIAN) === BigInt(page) &&
      header.getBigUint64(AT.pageTransaction, IS_LITTLE_ENDIAN) <= this.#transaction &&
      header.getUint16(AT.flags, IS_LITTLE_ENDIAN) === flags
    );
  }

  #read(page: number): void {
    readSync(this.#descriptor, this.#page, 0, this.#pageBytes, page * this.#pageBytes);
  }

  /** At an even place. */
  #u16(at: number): number {
    return this.#words[at >>> 1] ?? 0;
  }

  #u64(at: number): bigint {
    return this.#page.getBigUint64(at, IS_LITTLE_ENDIAN);
  }
}

/** What an entry is that reaches beyond its page. */
const OUTSIDE = "an entry that is not in it";
