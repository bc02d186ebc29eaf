import type { Pending, Task } from "../pending.ts";

/** A work was given up because the server stops. Nothing was changed by it. */
export class WorkAbandonedError extends Error {
  readonly code = "ANAX_WORK_ABANDONED";

  constructor(what: string) {
    super(`the server stopped before the handlers had answered: ${what}`);
    this.name = "WorkAbandonedError";
  }
}

/** Something that waits for handlers. Made by `Works.begin`. */
export class Work {
  /** Client Identifier of the session that it belongs to; empty for what belongs to the server. */
  readonly owner: string;
  /** What waits, in words for the log: `a PUBLISH to "a/b"`. */
  readonly what: string;
  /** True once what it is about was stored or given on: from then on it can only end. */
  isRecorded = false;
  #isAbandoned = false;
  #resume: (() => void) | undefined;
  readonly #ended: (work: Work) => void;

  constructor(owner: string, what: string, ended: (work: Work) => void) {
    this.owner = owner;
    this.what = what;
    this.#ended = ended;
  }

  /** True once the server waits for it no longer. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** It waits no longer. To be called once. */
  end(): void {
    this.#ended(this);
  }

  /** The same wait, which ends at once when the work is given up. */
  waiting(pending: Pending): Pending {
    return {
      whenSettled: (resume) => {
        if (this.#isAbandoned) return resume();
        const once = (): void => {
          if (this.#resume !== once) return;
          this.#resume = undefined;
          resume();
        };
        this.#resume = once;
        pending.whenSettled(once);
      },
    };
  }

  /** Waits for no handler any more. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#resume?.();
  }
}

/** All works of a server: `stop` waits for them, and names those that it gives up. */
export class Works implements Iterable<Work> {
  readonly #live: Set<Work> = new Set();
  #whenNone: (() => void)[] = [];

  get count(): number {
    return this.#live.size;
  }

  /** In the order in which they began. */
  [Symbol.iterator](): IterableIterator<Work> {
    return this.#live.values();
  }

  /** Something begins to wait. It is counted until `end()` is called. */
  begin(owner: string, what: string): Work {
    const work = new Work(owner, what, (ended) => this.#end(ended));
    this.#live.add(work);
    return work;
  }

  /** Calls `resume` when none is left, which may be now. */
  whenNone(resume: () => void): void {
    if (this.count === 0) resume();
    else this.#whenNone.push(resume);
  }

  /**
   * Lets go of all: one that is not recorded ends with `WorkAbandonedError` and has changed nothing, one that is recorded
   * goes on to its end without waiting. Gives those that were there.
   */
  abandonAll(): readonly Work[] {
    const abandoned = Array.from(this.#live);
    for (const work of abandoned) work.abandon();
    return abandoned;
  }

  #end(work: Work): void {
    if (!this.#live.delete(work) || this.count > 0) return;
    const resumes = this.#whenNone;
    this.#whenNone = [];
    for (const resume of resumes) resume();
  }
}

/**
 * Runs a task that is a work from its first wait on, when `begin` is called: what never waits costs nothing.
 * A work that is given up before it is recorded ends with `WorkAbandonedError`.
 */
export function* asWork<Result>(task: Task<Result>, begin: () => Work): Task<Result> {
  let step = task.next();
  if (step.done === true) return step.value;
  const work = begin();
  try {
    while (step.done !== true) {
      if (!work.isAbandoned) yield work.waiting(step.value);
      step =
        work.isAbandoned && !work.isRecorded
          ? task.throw(new WorkAbandonedError(work.what))
          : task.next();
    }
    return step.value;
  } finally {
    work.end();
  }
}
