import { hashLevel, spread } from "../level-hash.ts";
import { FilterNode } from "./filter-node.ts";

/** Places of the table at first; a power of two. */
const PLACES_AT_FIRST = 1_024;

/**
 * All children that are no wildcards, of all nodes, in one table: a child is found by the number of its parent and the
 * hash of its level. Open addressing with linear probing, at most half full. Nothing is allocated to find a child, and a
 * level that no Topic Filter has costs one probe.
 */
export class FilterNodes {
  readonly #seed: number;
  readonly #nodes: (FilterNode | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  /** Number of the node at each place, plus one; 0 if there is none. */
  #places: Int32Array = new Int32Array(PLACES_AT_FIRST);
  #count = 0;

  /** `seed`: that of the hashes that `child` is asked with. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** Makes a node. One whose level is no wildcard is found only after `add`. */
  create(parent: FilterNode | undefined, level: string): FilterNode {
    const number = this.#freeNumbers.pop() ?? this.#nodes.length;
    const node = new FilterNode(number, parent, level);
    this.#nodes[number] = node;
    return node;
  }

  /** Lets the number of a removed node be used again. */
  forget(node: FilterNode): void {
    this.#nodes[node.number] = undefined;
    this.#freeNumbers.push(node.number);
  }

  /** The child of `parent` whose level is `bytes[start, end)`, with this hash. */
  child(
    parent: FilterNode,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): FilterNode | undefined {
    const mask = this.#places.length - 1;
    let place = placeOf(parent, hash) & mask;
    for (;;) {
      const found = this.#places[place] ?? 0;
      if (found === 0) return undefined;
      const node = this.#nodes[found - 1];
      if (node?.hash === hash && node.parent === parent && node.isLevel(bytes, start, end))
        return node;
      place = (place + 1) & mask;
    }
  }

  /** Hash of a level, as `TopicLevels` has it. */
  hashOf(bytes: Uint8Array, start: number, end: number): number {
    return hashLevel(this.#seed, this.#seed, bytes, start, end);
  }

  /** Makes a node findable as the child of its parent. */
  add(node: FilterNode, hash: number): void {
    node.hash = hash;
    if (this.#count * 2 >= this.#places.length) this.#grow();
    this.#put(node);
    this.#count += 1;
  }

  remove(node: FilterNode): void {
    const mask = this.#places.length - 1;
    let place = placeOf(node.parent, node.hash) & mask;
    while (this.#places[place] !== node.number + 1) place = (place + 1) & mask;
    this.#close(place, mask);
    this.#count -= 1;
  }

  #put(node: FilterNode): void {
    const mask = this.#places.length - 1;
    let place = placeOf(node.parent, node.hash) & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = node.number + 1;
  }

  /** Empties a place, and moves what followed to where it is looked for. */
  #close(from: number, mask: number): void {
    let empty = from;
    let place = from;
    for (;;) {
      place = (place + 1) & mask;
      const found = this.#places[place] ?? 0;
      if (found === 0) break;
      const node = this.#nodes[found - 1];
      const home = placeOf(node?.parent, node?.hash ?? 0) & mask;
      // Stays if its home lies behind the empty place, up to where it is.
      if (((place - home) & mask) < ((place - empty) & mask)) continue;
      this.#places[empty] = found;
      empty = place;
    }
    this.#places[empty] = 0;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Int32Array(old.length * 2);
    for (const found of old) {
      const node = found === 0 ? undefined : this.#nodes[found - 1];
      if (node !== undefined) this.#put(node);
    }
  }
}

function placeOf(parent: FilterNode | undefined, hash: number): number {
  return spread(hash ^ Math.imul(parent?.number ?? 0, 0x9e3779b1));
}
