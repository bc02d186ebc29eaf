/** A list of the server, of which the parts that the reader looks at are fetched, in whatever order. */
import { useEffect, useRef, useState } from "preact/hooks";
import { errorText } from "./error-text.ts";
import { queryOf } from "./query.ts";
import { ApiError, ask } from "./session.ts";

export interface PagedList<Item> {
  /** Changes when it becomes another list, which is read from its top. */
  readonly key: string;
  /** The item at a place; undefined: not fetched yet, null: gone since the list was made. */
  readonly itemAt: (place: number) => Item | null | undefined;
  /** Items of the whole list. */
  readonly total: number;
  /** True until its length is known. */
  readonly isLoading: boolean;
  readonly error: string | undefined;
  /** Has the places from `first` up to `end` fetched. */
  readonly want: (first: number, end: number) => void;
  /** Asks for it anew. What is there is shown until then. */
  readonly reload: () => void;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string;
  readonly total?: number;
}

/** Items that are fetched at a time. */
const BLOCK = 200;
/** Blocks that are kept; beyond, the one fetched longest ago is forgotten. */
const BLOCKS_MAX = 50;

interface Loading<Item> {
  readonly blocks: Map<number, readonly Item[]>;
  readonly abort: AbortController;
  cursor: string | undefined;
  /** Undefined until the first block is there. */
  total: number | undefined;
  isBusy: boolean;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** How a list is asked for the page that begins at a place. */
type PageAt = (place: number, cursor: string | undefined) => Query;

/** Of lists in an order. */
const byOffset: PageAt = (offset, cursor) => ({ offset, cursor });

/** The list at `path`, which has to be asked for in an order, so that its length is known. */
export function usePagedList<Item>(
  path: string,
  query: Query,
  pageAt: PageAt = byOffset,
): PagedList<Item> {
  const key = `${path}${queryOf(query)}`;
  const [version, setVersion] = useState(0);
  const [, redraw] = useState(0);
  const [error, setError] = useState<string | undefined>(undefined);
  const shown = useRef<Loading<Item> | undefined>(undefined);
  const latest = useRef<Loading<Item> | undefined>(undefined);
  const wanted = useRef<readonly [first: number, end: number]>([0, 0]);

  const load = async (one: Loading<Item>): Promise<void> => {
    if (one.isBusy) return;
    one.isBusy = true;
    const { signal } = one.abort;
    try {
      for (;;) {
        const block = missingBlock(one, wanted.current);
        if (block === undefined) break;
        const asked = { ...query, ...pageAt(block * BLOCK, one.cursor), limit: BLOCK };
        const page = await ask<Page<Item>>(`${path}${queryOf(asked)}`, signal);
        keepBlock(one, block, page);
        shown.current = one;
        redraw((count) => count + 1);
      }
    } catch (failure) {
      // The server closes lists that are not read for long.
      const isClosed = failure instanceof ApiError && failure.status === 400 && one.total;
      if (isClosed) setVersion((count) => count + 1);
      else if (!signal.aborted) setError(errorText(failure));
    }
    one.isBusy = false;
  };

  useEffect(() => {
    const one: Loading<Item> = {
      blocks: new Map(),
      abort: new AbortController(),
      cursor: undefined,
      total: undefined,
      isBusy: false,
    };
    latest.current = one;
    setError(undefined);
    void load(one);
    return () => one.abort.abort();
  }, [key, version]);

  const now = shown.current;
  return {
    key,
    itemAt: (place) => {
      const block = now?.blocks.get(Math.floor(place / BLOCK));
      return block && (block[place % BLOCK] ?? null);
    },
    total: now?.total ?? 0,
    isLoading: now?.total === undefined,
    error,
    want: (first, end) => {
      wanted.current = [first, end];
      if (latest.current?.total !== undefined) void load(latest.current);
    },
    reload: () => setVersion((count) => count + 1),
  };
}

/** The first block that the reader looks at and that is not there; before all others that at the top, which tells the length. */
function missingBlock(
  { total, blocks }: Loading<unknown>,
  [first, end]: readonly [number, number],
): number | undefined {
  if (total === undefined) return 0;
  const until = Math.min(end, total);
  for (let block = Math.floor(first / BLOCK); block * BLOCK < until; block += 1)
    if (!blocks.has(block)) return block;
  return undefined;
}

function keepBlock<Item>(one: Loading<Item>, block: number, page: Page<Item>): void {
  one.cursor ??= page.cursor;
  one.total ??= page.total ?? page.items.length;
  one.blocks.set(block, page.items);
  const [oldest] = one.blocks.keys();
  if (one.blocks.size > BLOCKS_MAX && oldest !== undefined) one.blocks.delete(oldest);
}
