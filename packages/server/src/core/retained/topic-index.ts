import { MemoryPages, PAGE_BYTES } from "./memory-pages.ts";
import { HASH, NEXT_IN_BUCKET, NONE } from "./topic-nodes.ts";
import type { TopicNodes } from "./topic-nodes.ts";

const BUCKETS_MIN = 1_024;
const PAGE_BITS = Math.log2(PAGE_BYTES / Uint32Array.BYTES_PER_ELEMENT);
const PAGE_BUCKETS = 1 << PAGE_BITS;

/**
 * Nodes by their hash. It grows by one bucket with each node, whose part of another bucket moves there (linear hashing): a
 * table that doubles would stop the server for as long as a million nodes take to move.
 */
export class TopicIndex {
  readonly #nodes: TopicNodes;
  readonly #memory: MemoryPages;
  #memoryPages: Uint8Array[] = [];
  /** The same memory. */
  #pages: Uint32Array[] = [];
  #count = 0;
  #buckets = 0;
  /** The largest power of two that is not above the number of buckets. */
  #half = 0;

  /** `memory`: where pages come from. */
  constructor(nodes: TopicNodes, memory: MemoryPages = new MemoryPages()) {
    this.#nodes = nodes;
    this.#memory = memory;
    this.clear();
  }

  /** The first of those that may have this hash; the next follow by `NEXT_IN_BUCKET`. */
  first(hash: number): number {
    return this.#head(this.#bucketOf(hash));
  }

  add(row: number): void {
    this.#put(row, this.#bucketOf(this.#nodes.word(row, HASH)));
    this.#count += 1;
    if (this.#count > this.#buckets) this.#split();
  }

  remove(row: number): void {
    const bucket = this.#bucketOf(this.#nodes.word(row, HASH));
    const next = this.#nodes.word(row, NEXT_IN_BUCKET);
    let before = this.#head(bucket);
    this.#count -= 1;
    if (before === row) return this.#setHead(bucket, next);
    for (;;) {
      const follower = this.#nodes.word(before, NEXT_IN_BUCKET);
      if (follower === row) return this.#nodes.setWord(before, NEXT_IN_BUCKET, next);
      if (follower === NONE) throw new Error(`node ${row} is not in the index`);
      before = follower;
    }
  }

  clear(): void {
    for (const page of this.#memoryPages) this.#memory.give(page);
    this.#memoryPages = [];
    this.#pages = [];
    this.#addPage();
    this.#count = 0;
    this.#buckets = BUCKETS_MIN;
    this.#half = BUCKETS_MIN;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (this.#half * 2 - 1);
    return bucket < this.#buckets ? bucket : bucket - this.#half;
  }

  #split(): void {
    const added = this.#buckets;
    if (added === this.#pages.length * PAGE_BUCKETS) this.#addPage();
    const old = added - this.#half;
    this.#buckets += 1;
    let row = this.#head(old);
    this.#setHead(old, NONE);
    while (row !== NONE) {
      const next = this.#nodes.word(row, NEXT_IN_BUCKET);
      this.#put(row, this.#bucketOf(this.#nodes.word(row, HASH)));
      row = next;
    }
    if (this.#buckets === this.#half * 2) this.#half = this.#buckets;
  }

  #addPage(): void {
    const page = this.#memory.take();
    this.#memoryPages.push(page);
    this.#pages.push(new Uint32Array(page.buffer, page.byteOffset, PAGE_BUCKETS));
  }

  #put(row: number, bucket: number): void {
    this.#nodes.setWord(row, NEXT_IN_BUCKET, this.#head(bucket));
    this.#setHead(bucket, row);
  }

  #head(bucket: number): number {
    return this.#pages[bucket >>> PAGE_BITS]?.[bucket & (PAGE_BUCKETS - 1)] ?? NONE;
  }

  #setHead(bucket: number, row: number): void {
    const page = this.#pages[bucket >>> PAGE_BITS];
    if (page !== undefined) page[bucket & (PAGE_BUCKETS - 1)] = row;
  }
}
