/** Many sorted slices read as one sorted list, from any place on: without merging what is before it. */

/** What to sort by. */
export type Key = string | number;

export interface Row {
  readonly key: Key;
  readonly kept: unknown;
}

type Slice = readonly Row[];
type Order = (left: Row, right: Row) => number;

export function orderOf(isDescending: boolean): Order {
  return isDescending
    ? (left, right) => compare(right.key, left.key)
    : (left, right) => compare(left.key, right.key);
}

/** Texts by their code units, which is quick; of a mixture, numbers first. */
function compare(left: Key, right: Key): number {
  if (typeof left !== typeof right) return typeof left === "number" ? -1 : 1;
  return left < right ? -1 : Number(left > right);
}

/** At most `limit` rows of the list that the slices are together, from the place `offset` on. Of equal rows, those of earlier slices first. */
export function rowsFrom(
  slices: readonly Slice[],
  isDescending: boolean,
  offset: number,
  limit: number,
): Row[] {
  const order = orderOf(isDescending);
  const next = placesBefore(slices, order, offset);
  const rows: Row[] = [];
  while (rows.length < limit) {
    const from = firstOf(slices, next, order);
    const row = slices[from]?.[next[from] ?? 0];
    if (row === undefined) break;
    next[from] = (next[from] ?? 0) + 1;
    rows.push(row);
  }
  return rows;
}

/** The slice whose next row is the first of all; -1 if there are no rows left. */
function firstOf(slices: readonly Slice[], next: readonly number[], order: Order): number {
  let first = -1;
  let row: Row | undefined;
  for (let index = 0; index < slices.length; index += 1) {
    const head = slices[index]?.[next[index] ?? 0];
    if (head === undefined || (row !== undefined && order(head, row) >= 0)) continue;
    first = index;
    row = head;
  }
  return first;
}

/** The part of a slice of which it is not known yet on which side of the place it is. */
interface Part {
  readonly slice: Slice;
  readonly index: number;
  from: number;
  to: number;
}

/**
 * How many rows of each slice are among the first `count` of all. It compares all open parts with the middle of the middle one, by its
 * weight, so at least a quarter of what is open is settled each time.
 */
function placesBefore(slices: readonly Slice[], order: Order, count: number): number[] {
  const parts = slices.map((slice, index) => ({ slice, index, from: 0, to: slice.length }));
  for (;;) {
    const pivot = middleOf(parts, order);
    if (pivot === undefined) return parts.map(({ from }) => from);
    const before = parts.map((part) => rowsBefore(part, pivot, order));
    const isBelow = before.reduce((sum, rows) => sum + rows, 0) < count;
    for (const [at, part] of parts.entries()) {
      const rows = before[at] ?? 0;
      if (!isBelow) part.to = rows;
      else part.from = part === pivot.part ? rows + 1 : rows;
    }
  }
}

interface Pivot {
  readonly part: Part;
  readonly row: Row;
  readonly place: number;
}

function middleOf(parts: readonly Part[], order: Order): Pivot | undefined {
  const middles = parts.flatMap((part) => {
    const place = (part.from + part.to) >> 1;
    const row = part.slice[place];
    return part.from === part.to || row === undefined ? [] : [{ part, row, place }];
  });
  middles.sort((left, right) => order(left.row, right.row) || left.part.index - right.part.index);
  const open = middles.reduce((sum, { part }) => sum + part.to - part.from, 0);
  let weight = 0;
  return middles.find(({ part }) => (weight += part.to - part.from) * 2 >= open);
}

/** Rows of a slice that come before the pivot. */
function rowsBefore({ slice, index, from, to }: Part, pivot: Pivot, order: Order): number {
  if (index === pivot.part.index) return pivot.place;
  const tie = index < pivot.part.index ? 1 : 0;
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = slice[middle];
    if (row !== undefined && order(row, pivot.row) < tie) low = middle + 1;
    else high = middle;
  }
  return low;
}
