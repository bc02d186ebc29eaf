import { decodeUtf8 } from "@anax/protocol";
import { hashLevel, spread } from "../level-hash.ts";
import { ByteSlabs } from "./byte-slabs.ts";
import { MemoryPages } from "./memory-pages.ts";
import { TopicIndex } from "./topic-index.ts";
import {
  FIRST_CHILD,
  FREE_ROWS,
  HASH,
  LEVEL,
  LEVEL_LENGTH,
  NEXT,
  NEXT_IN_BUCKET,
  NONE,
  PARENT,
  RECORD,
  ROOT,
  TopicNodes,
} from "./topic-nodes.ts";

const SLASH = 0x2f;
const DOLLAR = 0x24;

/** An empty tree that had more rows gives its memory back; a smaller one is likely to be filled again. */
const ROWS_KEPT = 65_536;

/**
 * Topics as a tree of their levels, so that a filter with wildcards visits what it may match and nothing else. A child is
 * found by the hash of its parent and its level. Nodes that lead to nothing are removed.
 */
export class TopicTree {
  readonly nodes: TopicNodes;
  /** Levels and messages. */
  readonly slabs: ByteSlabs;
  readonly #index: TopicIndex;
  readonly #seed: number;
  /** Counts what is added, set and removed; never begins anew. */
  changes = 0;

  /** `seed`: a number that clients do not know, so that they cannot choose topics which all have one hash. */
  constructor(seed: number, freeRows: number = FREE_ROWS) {
    this.#seed = seed;
    const memory = new MemoryPages();
    this.slabs = new ByteSlabs(memory);
    this.nodes = new TopicNodes(freeRows, memory);
    this.#index = new TopicIndex(this.nodes, memory);
  }

  /** The node of the topic in `bytes[start, end)`; `NONE` if it has none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let row = ROOT;
    for (let from = start; from <= end;) {
      const to = levelEnd(bytes, from, end);
      row = this.child(row, bytes, from, to);
      if (row === NONE) return NONE;
      from = to + 1;
    }
    return row;
  }

  /** The same, made where it is not there yet. Whoever asks gives it a message at once. */
  reach(bytes: Uint8Array, start: number, end: number): number {
    let row = ROOT;
    for (let from = start; from <= end;) {
      const to = levelEnd(bytes, from, end);
      const hash = this.#hash(row, bytes, from, to);
      const child = this.#search(row, hash, bytes, from, to);
      row = child === NONE ? this.#add(row, hash, bytes, from, to) : child;
      from = to + 1;
    }
    return row;
  }

  /** The child of a node that is the level in `bytes[start, end)`; `NONE` if it has none. */
  child(parent: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#search(parent, this.#hash(parent, bytes, start, end), bytes, start, end);
  }

  /** True if the level begins with `$`. */
  isSystemLevel(row: number): boolean {
    const { nodes, slabs } = this;
    if (nodes.word(row, LEVEL_LENGTH) === 0) return false;
    const place = nodes.word(row, LEVEL);
    return slabs.array(place)[slabs.offset(place)] === DOLLAR;
  }

  /** The first levels that begin with `$`. */
  *systemLevels(): Generator<string, void, undefined> {
    const { nodes, slabs } = this;
    for (let row = nodes.word(ROOT, FIRST_CHILD); row !== NONE; row = nodes.word(row, NEXT)) {
      if (!this.isSystemLevel(row)) continue;
      const place = nodes.word(row, LEVEL);
      const start = slabs.offset(place);
      yield decodeUtf8(slabs.array(place), start, start + nodes.word(row, LEVEL_LENGTH));
    }
  }

  /** Removes a node without a message if it leads to nothing, and then its parents. */
  prune(from: number): void {
    const { nodes } = this;
    let row = from;
    while (row !== ROOT && nodes.word(row, RECORD) === 0 && nodes.word(row, FIRST_CHILD) === NONE) {
      const parent = nodes.word(row, PARENT);
      const length = nodes.word(row, LEVEL_LENGTH);
      if (length > 0) this.slabs.give(nodes.word(row, LEVEL), length);
      this.#index.remove(row);
      nodes.remove(row);
      row = parent;
    }
    if (nodes.count === 0 && nodes.end > ROWS_KEPT) this.clear();
  }

  clear(): void {
    this.nodes.clear();
    this.slabs.clear();
    this.#index.clear();
  }

  #add(parent: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const { nodes, slabs } = this;
    this.changes += 1;
    const row = nodes.add(parent, this.changes);
    const length = end - start;
    const place = length === 0 ? 0 : slabs.take(length);
    nodes.setWord(row, LEVEL, place);
    nodes.setWord(row, LEVEL_LENGTH, length);
    nodes.setWord(row, RECORD, 0);
    nodes.setWord(row, HASH, hash);
    if (length > 0) slabs.array(place).set(bytes.subarray(start, end), slabs.offset(place));
    this.#index.add(row);
    return row;
  }

  #search(parent: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const { nodes } = this;
    let row = this.#index.first(hash);
    while (row !== NONE) {
      const isIt =
        nodes.word(row, HASH) === hash &&
        nodes.word(row, PARENT) === parent &&
        this.#isLevel(row, bytes, start, end);
      if (isIt) return row;
      row = nodes.word(row, NEXT_IN_BUCKET);
    }
    return NONE;
  }

  #isLevel(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (this.nodes.word(row, LEVEL_LENGTH) !== length) return false;
    if (length === 0) return true;
    const place = this.nodes.word(row, LEVEL);
    const own = this.slabs.array(place);
    const offset = this.slabs.offset(place);
    for (let index = 0; index < length; index += 1)
      if (own[offset + index] !== bytes[start + index]) return false;
    return true;
  }

  #hash(parent: number, bytes: Uint8Array, start: number, end: number): number {
    const seed = this.#seed;
    return spread(hashLevel(Math.imul(parent ^ seed, 0x9e3779b1), seed, bytes, start, end));
  }
}

/** Where the level that begins at `start` ends. */
function levelEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SLASH) at += 1;
  return at;
}
