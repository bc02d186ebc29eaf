/**
 * Lists in an order, page by page. Items are walked in small slices, each sorted for itself, and a page merges what
 * is its own of each: no step is long, however many there are. What is shown is how an item is when its page is asked for.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { orderOf, rowsFrom } from "./merged-slices.ts";
import type { Key, Row } from "./merged-slices.ts";

/** Items of a slice: sorting it takes a few milliseconds. */
const SLICE = 2_000;
/** Rows of one sorted list. */
const ROWS_MAX = 500_000;
/** Sorted lists that may be open at a time; beyond, the one used longest ago is closed. */
const OPEN_MAX = 16;

/** A list to be sorted. */
export interface SortedList<Item, Kept> {
  /** Undefined: a step without an item. */
  readonly items: Iterable<Item | undefined>;
  readonly filter: (item: Item) => boolean;
  readonly key: (item: Item) => Key;
  readonly isDescending: boolean;
  /** True: no page after the first is wanted, so that none is kept for it. Default false. */
  readonly isOnePage?: boolean;
  /** The little that is kept of an item until it is shown. */
  readonly keep: (item: Item) => Kept;
  /** For JSON; undefined if there is no such item any more. */
  readonly show: (kept: Kept) => unknown;
}

/** A page of such a list. */
export interface SortedPage {
  readonly items: readonly unknown[];
  /** Gives the next page; absent when this is the last. */
  readonly cursor?: string;
  /** Rows of the whole list, when it was sorted. */
  readonly total: number;
}

interface Open {
  /** Each sorted for itself. */
  readonly slices: readonly (readonly Row[])[];
  readonly isDescending: boolean;
  readonly show: (kept: never) => unknown;
  readonly total: number;
}

/** Which page is wanted. */
export interface SortedPageRequest {
  /** Places of the list. Items that are gone since it was sorted are left out, so a page may be short. */
  readonly limit: number;
  /** Place of its first item. Default: of a first page 0, else the one behind the page before. */
  readonly offset?: number | undefined;
}

/** Cursors of these lists begin so. */
const PREFIX = "sorted-";

/** The lists that are open. */
export class SortedLists {
  readonly #open: Map<string, Open> = new Map();
  #opened = 0;

  /** Whether a cursor is of one of these lists. */
  static hasCursor(cursor: string | undefined): cursor is string {
    return cursor?.startsWith(PREFIX) === true;
  }

  /** Sorts a list and gives its first page. Rejects with `RangeError` if it has too many rows. */
  async begin<Item, Kept>(
    list: SortedList<Item, Kept>,
    { limit, offset = 0 }: SortedPageRequest,
  ): Promise<SortedPage> {
    const slices = await slicesOf(list);
    const total = slices.reduce((sum, rows) => sum + rows.length, 0);
    const { isDescending, isOnePage = false, show } = list;
    const open = { slices, isDescending, show, total };
    const page = pageOf(open, offset, limit);
    const end = offset + limit;
    // A list of which no more can be asked for would only take the place of one that somebody reads.
    if (isOnePage || end >= total) return page;
    this.#opened += 1;
    const id = `${PREFIX}${this.#opened}`;
    this.#keep(id, open);
    return { ...page, cursor: `${id}.${end}` };
  }

  /**
   * The page after the one that gave this cursor, or any other page of the same list. A cursor may be used again and again.
   * Throws `RangeError` for a cursor that is not known (any more).
   */
  next(cursor: string, { limit, offset }: SortedPageRequest): SortedPage {
    const [id = "", after] = cursor.split(".");
    const open = this.#open.get(id);
    const place = offset ?? Number(after);
    if (open === undefined || !Number.isSafeInteger(place) || place < 0)
      throw new RangeError(`there is no page ${JSON.stringify(cursor)} (any more): list anew`);
    this.#keep(id, open);
    const end = place + limit;
    const page = pageOf(open, place, limit);
    return end >= open.total ? page : { ...page, cursor: `${id}.${end}` };
  }

  /** As the one used last. */
  #keep(id: string, open: Open): void {
    this.#open.delete(id);
    this.#open.set(id, open);
    const [oldest] = this.#open.keys();
    if (this.#open.size > OPEN_MAX && oldest !== undefined) this.#open.delete(oldest);
  }
}

function pageOf(open: Open, offset: number, limit: number): SortedPage {
  const { slices, isDescending, total } = open;
  const rows = rowsFrom(slices, isDescending, offset, limit);
  return { items: rows.flatMap((row) => shown(open, row)), total };
}

async function slicesOf<Item, Kept>(
  list: SortedList<Item, Kept>,
): Promise<readonly (readonly Row[])[]> {
  const slices: (readonly Row[])[] = [];
  let rows: Row[] = [];
  let steps = 0;
  let rowCount = 0;
  const order = orderOf(list.isDescending);
  const end = (): void => {
    rowCount += rows.length;
    if (rowCount > ROWS_MAX)
      throw new RangeError(`a list of over ${ROWS_MAX} rows is not sorted: list it without sort`);
    if (rows.length > 0) slices.push(rows.sort(order));
    rows = [];
  };
  for (const item of list.items) {
    if (item !== undefined && list.filter(item))
      rows.push({ key: list.key(item), kept: list.keep(item) });
    steps += 1;
    if (steps % SLICE !== 0) continue;
    end();
    await nextTurn();
  }
  end();
  return slices;
}

function shown({ show }: Open, { kept }: Row): readonly unknown[] {
  const item = show(kept as never);
  return item === undefined ? [] : [item];
}
