import type { Pending } from "../pending.ts";

/** What was given up, and what it waited for. */
interface AbandonedWork {
  readonly what: string;
  readonly event?: string | undefined;
  readonly isForRoom?: boolean;
}

/** A work was given up, because the server stops, before its handlers had answered. Nothing was changed by what they were asked about. */
export class WorkAbandonedError extends Error {
  override readonly name = "WorkAbandonedError";

  constructor({ what, event, isForRoom = false }: AbandonedWork) {
    const handlers = event === undefined ? "the handlers" : `the handlers of ${event}`;
    const awaited = isForRoom ? "its receivers had room" : `${handlers} had answered`;
    super(`${what}: the server stopped before ${awaited}`);
  }
}

/** Reports what a work failed with; that it was given up is said by what gives up. */
export function reportUnlessAbandoned(
  { report }: { readonly report: (error: unknown) => void },
  error: unknown,
): void {
  if (!(error instanceof WorkAbandonedError)) report(error);
}

interface WorkSurroundings {
  readonly sinceMs: number;
  /** It waits for handlers from now on (1), or no longer (-1). */
  asks(by: 1 | -1): void;
  ended(): void;
}

/** Something that waits, for handlers or for the store. Made by `Works`. */
export class Work {
  /** Client Identifier of the session or connection that it belongs to; empty for what belongs to the server. */
  readonly owner: string;
  /** What waits, in words for the log: `PUBLISH`. */
  readonly what: string;
  /** When it began, in milliseconds. */
  readonly sinceMs: number;
  readonly #surroundings: WorkSurroundings;
  #awaited: Pending | undefined;
  #isAsking = false;
  #isAbandoned = false;
  #resume: (() => void) | undefined;

  constructor(owner: string, what: string, surroundings: WorkSurroundings) {
    this.owner = owner;
    this.what = what;
    this.sinceMs = surroundings.sinceMs;
    this.#surroundings = surroundings;
  }

  /** Whose handlers it waits for; undefined if it waits for none, or for the store. */
  get event(): string | undefined {
    return this.#awaited?.event;
  }

  /** True if it waits for room in queues. */
  get isForRoom(): boolean {
    return this.#awaited?.kind === "room";
  }

  /** True while it waits for handlers. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** True if no handler is waited for any more. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** True if it is to end without what its handlers were asked about. */
  get isGivenUp(): boolean {
    const kind = this.#awaited?.kind ?? "question";
    return this.#isAbandoned && (kind === "question" || kind === "room");
  }

  /** The same wait, which ends at once when the work is given up. */
  waiting(pending: Pending): Pending {
    return {
      event: pending.event,
      kind: pending.kind,
      isCounted: true,
      whenSettled: (resume) => this.#wait(pending, resume),
    };
  }

  #wait(pending: Pending, resume: () => void): void {
    this.#awaited = pending;
    const isForHandlers = pending.kind !== "store" && pending.kind !== "turn";
    if (isForHandlers && this.#isAbandoned) return resume();
    const once = (): void => {
      if (this.#resume !== once) return;
      this.#resume = undefined;
      this.#isAsking = false;
      try {
        resume();
      } finally {
        // It counts until what follows from the answer is done, which may wait again.
        if (isForHandlers) this.#surroundings.asks(-1);
      }
    };
    this.#resume = once;
    if (isForHandlers) {
      this.#isAsking = true;
      this.#surroundings.asks(1);
    }
    pending.whenSettled(once);
  }

  /** Waits for no handler any more. */
  abandon(): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    if (this.#isAsking) this.#resume?.();
  }

  /** It is over. */
  end(): void {
    this.#surroundings.ended();
  }
}
