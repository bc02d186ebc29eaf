/** Bytes of a page. */
export const PAGE_BYTES = 65_536;

const PAGES_MIN = 4;
/** 32 MB: half of what makes the collector run at once, whatever else there is. */
const PAGES_MAX = 512;

/** One array that is cut into pages. */
interface Block {
  readonly buffer: ArrayBuffer;
  readonly pages: number;
  /** Pages that were never taken begin here: they are 0 already. */
  fresh: number;
  /** Pages that were given back. */
  readonly given: number[];
}

/**
 * Pages of 64 KB, cut from blocks of which each new one is as large as all before it together, up to a limit. The collector
 * starts whenever arrays have grown by some 8 MB, however little it can free: in small arrays, 200 MB that stay are 25
 * collections, and each of them holds up everybody. In blocks they are 7. What was never touched of a block is no memory yet.
 */
export class MemoryPages {
  readonly #blocks: Map<ArrayBufferLike, Block> = new Map();
  #pages = 0;

  /** Bytes of all blocks. */
  get bytes(): number {
    return this.#pages * PAGE_BYTES;
  }

  /** A page of zeros. */
  take(): Uint8Array {
    for (const block of this.#blocks.values()) {
      const given = block.given.pop();
      if (given !== undefined) return pageOf(block, given).fill(0);
      if (block.fresh < block.pages) return this.#takeFresh(block);
    }
    return this.#takeFresh(this.#open());
  }

  /** Gives a page back. A block of which all pages have come back is left to the collector, unless it is the only one. */
  give(page: Uint8Array): void {
    const block = this.#blocks.get(page.buffer);
    if (block === undefined) throw new Error("the page is not from here");
    block.given.push(page.byteOffset / PAGE_BYTES);
    if (isEmpty(block)) this.#emptied(block);
  }

  #takeFresh(block: Block): Uint8Array {
    block.fresh += 1;
    return pageOf(block, block.fresh - 1);
  }

  #open(): Block {
    const pages = Math.min(Math.max(this.#pages, PAGES_MIN), PAGES_MAX);
    const buffer = new ArrayBuffer(pages * PAGE_BYTES);
    const block: Block = { buffer, pages, fresh: 0, given: [] };
    this.#blocks.set(buffer, block);
    this.#pages += pages;
    return block;
  }

  /** One empty block stays, the smallest, so that what comes and goes does not make a block each time. */
  #emptied(block: Block): void {
    for (const other of this.#blocks.values()) {
      if (other === block || !isEmpty(other)) continue;
      const larger = other.pages > block.pages ? other : block;
      this.#blocks.delete(larger.buffer);
      this.#pages -= larger.pages;
      return;
    }
  }
}

function isEmpty({ fresh, given }: Block): boolean {
  return given.length === fresh;
}

function pageOf({ buffer }: Block, page: number): Uint8Array {
  return new Uint8Array(buffer, page * PAGE_BYTES, PAGE_BYTES);
}
