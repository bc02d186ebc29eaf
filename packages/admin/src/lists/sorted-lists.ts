/**
 * Lists in an order, page by page. Items are walked in small slices, each sorted for itself, and a page merges the heads of the
 * slices: no step is long, however many there are. What is shown is how an item is when its page is asked for.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

/** Items of a slice: sorting it takes a few milliseconds. */
const SLICE = 2_000;
/** Rows of one sorted list. */
const ROWS_MAX = 500_000;
/** Sorted lists that may be open at a time; beyond, the one used longest ago is closed. */
const OPEN_MAX = 16;

/** What to sort by. */
export type Key = string | number;

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

interface Row {
  readonly key: Key;
  readonly kept: unknown;
}

interface Slice {
  readonly rows: readonly Row[];
  next: number;
}

interface Open {
  readonly slices: Slice[];
  readonly isDescending: boolean;
  readonly isOnePage: boolean;
  readonly show: (kept: never) => unknown;
  readonly total: number;
  pageNumber: number;
  last: SortedPage;
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
  async begin<Item, Kept>(list: SortedList<Item, Kept>, limit: number): Promise<SortedPage> {
    const slices = await slicesOf(list);
    const total = slices.reduce((sum, { rows }) => sum + rows.length, 0);
    const { isDescending, isOnePage = false, show } = list;
    this.#opened += 1;
    const last = { items: [], total };
    const open = { slices, isDescending, isOnePage, show, total, pageNumber: 0, last };
    return this.#next(`${PREFIX}${this.#opened}`, open, limit);
  }

  /** The page after the one that gave this cursor. Throws `RangeError` for a cursor that is not known (any more). */
  next(cursor: string, limit: number): SortedPage {
    const [id = "", pageNumber] = cursor.split(".");
    const open = this.#open.get(id);
    if (open !== undefined && String(open.pageNumber) === pageNumber)
      return this.#next(id, open, limit);
    if (open !== undefined && String(open.pageNumber - 1) === pageNumber) return open.last;
    throw new RangeError(`there is no page ${JSON.stringify(cursor)} (any more): list anew`);
  }

  #next(id: string, open: Open, limit: number): SortedPage {
    const items: unknown[] = [];
    while (items.length < limit) {
      const row = takeFirst(open);
      if (row === undefined) break;
      items.push(...shown(open, row));
    }
    const { total, isOnePage, pageNumber } = open;
    const isDone = isOnePage || isAtEnd(open);
    // Nobody can ask for it again: it would only take the place of a list that somebody reads.
    if (isDone && pageNumber === 0) return { items, total };
    open.pageNumber += 1;
    open.last = isDone ? { items, total } : { items, total, cursor: `${id}.${open.pageNumber}` };
    this.#open.delete(id);
    this.#open.set(id, open);
    const [oldest] = this.#open.keys();
    if (this.#open.size > OPEN_MAX && oldest !== undefined) this.#open.delete(oldest);
    return open.last;
  }
}

async function slicesOf<Item, Kept>(list: SortedList<Item, Kept>): Promise<Slice[]> {
  const slices: Slice[] = [];
  let rows: Row[] = [];
  let steps = 0;
  let rowCount = 0;
  const order = list.isDescending ? -1 : 1;
  const end = (): void => {
    rowCount += rows.length;
    if (rowCount > ROWS_MAX)
      throw new RangeError(`a list of over ${ROWS_MAX} rows is not sorted: list it without sort`);
    if (rows.length > 0)
      slices.push({
        rows: rows.sort((left, right) => order * compare(left.key, right.key)),
        next: 0,
      });
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

function isAtEnd({ slices }: Open): boolean {
  return slices.every(({ rows, next }) => next === rows.length);
}

function takeFirst({ slices, isDescending }: Open): Row | undefined {
  const order = isDescending ? -1 : 1;
  let first: Slice | undefined;
  let row: Row | undefined;
  for (const slice of slices) {
    const head = slice.rows[slice.next];
    if (head === undefined) continue;
    if (row !== undefined && order * compare(head.key, row.key) >= 0) continue;
    first = slice;
    row = head;
  }
  if (first !== undefined) first.next += 1;
  return row;
}

/** Texts by their code units, which is quick; of a mixture, numbers first. */
function compare(left: Key, right: Key): number {
  if (typeof left !== typeof right) return typeof left === "number" ? -1 : 1;
  return left < right ? -1 : Number(left > right);
}
