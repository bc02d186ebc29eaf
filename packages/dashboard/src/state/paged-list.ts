/** A list that the server gives page by page, as far as the reader has scrolled. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { errorText } from "./error-text.ts";
import { queryOf } from "./query.ts";
import { ask } from "./session.ts";

export interface PagedList<Item> {
  readonly items: readonly Item[];
  /** Items of the whole list. */
  readonly total: number;
  readonly isLoading: boolean;
  readonly error: string | undefined;
  /** Loads on, if item `index` is not there yet. */
  readonly want: (index: number) => void;
  /** Asks for it anew. */
  readonly reload: () => void;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string;
  readonly total?: number;
}

const FIRST_LIMIT = 200;
const NEXT_LIMIT = 1_000;

interface Loading<Item> {
  readonly items: Item[];
  cursor: string | undefined;
  total: number;
  wanted: number;
  isBusy: boolean;
  readonly abort: AbortController;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The list at `path`, which has to be asked for in an order, so that its length is known. */
export function usePagedList<Item>(path: string, query: Query): PagedList<Item> {
  const key = `${path}${queryOf(query)}`;
  const [version, setVersion] = useState(0);
  const [, redraw] = useState(0);
  const [error, setError] = useState<string | undefined>(undefined);
  const loading = useRef<Loading<Item> | undefined>(undefined);

  const load = useCallback(async (one: Loading<Item>, given: Query): Promise<void> => {
    if (one.isBusy) return;
    one.isBusy = true;
    try {
      do {
        const limit = one.items.length === 0 ? FIRST_LIMIT : NEXT_LIMIT;
        const asked = queryOf({ ...given, limit, cursor: one.cursor });
        const page = await ask<Page<Item>>(`${path}${asked}`, one.abort.signal);
        one.items.push(...page.items);
        one.cursor = page.cursor;
        one.total = page.cursor === undefined ? one.items.length : (page.total ?? one.items.length);
        redraw((count) => count + 1);
      } while (one.cursor !== undefined && one.items.length <= one.wanted);
    } catch (failure) {
      if (!one.abort.signal.aborted) setError(errorText(failure));
    }
    one.isBusy = false;
    if (!one.abort.signal.aborted) redraw((count) => count + 1);
  }, []);

  useEffect(() => {
    const one: Loading<Item> = {
      items: [],
      cursor: undefined,
      total: 0,
      wanted: 0,
      isBusy: false,
      abort: new AbortController(),
    };
    loading.current = one;
    setError(undefined);
    void load(one, query);
    return () => one.abort.abort();
  }, [key, version]);

  const now = loading.current;
  return {
    items: now?.items ?? [],
    total: now?.total ?? 0,
    isLoading: now?.isBusy ?? true,
    error,
    want: (index) => {
      if (now === undefined || index < now.items.length || now.cursor === undefined) return;
      now.wanted = Math.max(now.wanted, index);
      void load(now, query);
    },
    reload: () => setVersion((count) => count + 1),
  };
}
