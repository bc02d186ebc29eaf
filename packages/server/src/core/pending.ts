/**
 * "Not yet" of an extension event whose handler answers later. The core knows no promises: it parks the
 * work that asked, and goes on with it when the driver reports that the handler has settled.
 */
export interface Pending {
  /** Calls `resume` once the handler has settled; never from inside this call. */
  whenSettled(resume: () => void): void;
  /** Name of the event whose handlers are waited for. */
  readonly event?: string | undefined;
  /**
   * Whether the handlers decide something or are only told something; else it waits for the store, for room in a queue, or for
   * the next turn of the loop. Default: they decide.
   */
  readonly kind?: "question" | "news" | "store" | "room" | "turn" | undefined;
  /** True if a work counts this wait already. */
  readonly isCounted?: boolean;
  /**
   * In place of `whenSettled`: the same handlers are asked about what `next` gives, each time that they have answered, until it
   * gives nothing; then `resume` is called. `next` may be called outside of the core. Absent: they are to be called one by one.
   */
  inSeries?(next: () => object | undefined, resume: () => void): void;
}

/** What an event returns: nothing (done), or the promise-free stand-in for "later". */
export type HookResult = Pending | undefined;

/** Work that may have to wait for handlers. It runs to its end in one go where nobody makes it wait. */
export type Task<Result = void> = Generator<Pending, Result, void>;

/** Waits for a hook inside a task: `yield* settled(hooks.started?.({}))`. */
export function* settled(result: HookResult): Task {
  if (result !== undefined) yield result;
}
