import { showValue } from "@anax/protocol";
import type { RulesFor } from "@anax/protocol";
import { checked } from "../checking/rules.ts";

/** Items of one page unless the query says otherwise. */
const LIMIT_DEFAULT = 100;
/** Items of one page of a list. */
const LIMIT_MAX = 10_000;
/** Steps that one call for a list takes at most, also if a filter lets nothing through: a few milliseconds. */
const STEPS_MAX = 20_000;
/** Lists that may be open at a time; beyond, the one that was used longest ago is closed. */
const OPEN_MAX = 100;

/** What to list. */
export interface PageQuery<Item> {
  /** Lets through what is wanted. With a cursor, the filter is that of the first page. */
  readonly filter?: (item: Item) => boolean;
  /** Items of a page, 1 to 10000. Default 100. */
  readonly limit?: number;
  /** Of the page before. */
  readonly cursor?: string;
}

/** A part of a list. It may be shorter than the limit, or empty, and have more after it. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Gives the next page; absent when this one is the last. */
  readonly cursor?: string;
}

/** What a query may hold. */
export const QUERY_RULES: RulesFor<PageQuery<never>> = {
  filter: "function",
  limit: "unknown",
  cursor: "string",
};

/** Throws `RangeError` for what is no number of items, up to `maximum`. */
export function requireLimit(limit: number, maximum: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maximum) return;
  throw new RangeError(`limit is ${String(limit)}, not 1 to ${maximum}`);
}

interface Listing<Item> {
  readonly steps: Iterator<Item | undefined>;
  readonly filter: ((item: Item) => boolean) | undefined;
  pageNumber: number;
  /** The page given last: who asks for it again, because an answer was lost, gets it again. */
  last: Page<Item>;
}

/** The items of a list, one after the other, as they are when their turn comes. */
export function* itemsOf<Item>(steps: Iterator<Item | undefined>): Generator<Item, undefined> {
  for (let step = steps.next(); step.done !== true; step = steps.next()) {
    if (step.value !== undefined) yield step.value;
  }
}

/**
 * Lists that are given page by page. A list is walked as it is when its turn comes: what is added or removed
 * meanwhile may be seen or not, all else is seen once. No page costs more than its own steps.
 */
export class Listings<Item> {
  #opened = 0;
  readonly #open = new Map<string, Listing<Item>>();

  /**
   * Throws `RangeError` for a limit that is none, and for a cursor that is not known (any more);
   * `MqttConfigurationError` for what a query does not have.
   */
  page(query: PageQuery<Item>, begin: () => Iterator<Item | undefined>): Page<Item> {
    const given = checked<PageQuery<Item>>("query", query, QUERY_RULES);
    const { cursor, filter, limit = LIMIT_DEFAULT } = given;
    requireLimit(limit, LIMIT_MAX);
    if (cursor !== undefined) return this.#continue(cursor, limit);
    this.#opened += 1;
    const id = String(this.#opened);
    const listing = { steps: begin(), filter, pageNumber: 0, last: { items: [] } };
    return this.#next(id, listing, limit);
  }

  #continue(cursor: string, limit: number): Page<Item> {
    const [id = "", pageNumber] = cursor.split(".");
    const listing = this.#open.get(id);
    if (listing !== undefined && String(listing.pageNumber) === pageNumber) {
      return this.#next(id, listing, limit);
    }
    if (listing !== undefined && String(listing.pageNumber - 1) === pageNumber) return listing.last;
    throw new RangeError(`there is no page ${showValue(cursor)} (any more): list anew`);
  }

  #next(id: string, listing: Listing<Item>, limit: number): Page<Item> {
    const { items, isDone } = collect(listing, limit);
    listing.pageNumber += 1;
    listing.last = isDone ? { items } : { items, cursor: `${id}.${listing.pageNumber}` };
    this.#open.delete(id);
    this.#open.set(id, listing);
    const [oldest] = this.#open.keys();
    if (this.#open.size > OPEN_MAX && oldest !== undefined) this.#open.delete(oldest);
    return listing.last;
  }
}

function collect<Item>(
  { steps, filter }: Listing<Item>,
  limit: number,
): { items: Item[]; isDone: boolean } {
  const items: Item[] = [];
  for (let step = 0; step < STEPS_MAX && items.length < limit; step += 1) {
    const next = steps.next();
    if (next.done === true) return { items, isDone: true };
    const item = next.value;
    if (item !== undefined && (filter === undefined || filter(item))) items.push(item);
  }
  return { items, isDone: false };
}
