import type { Pending, Task } from "../pending.ts";
import { Work, WorkAbandonedError } from "./work.ts";

/** Whom a work belongs to: a connection, a session, or the server, whose Client Identifier is empty. */
export interface WorkOwner {
  readonly clientId: string;
}

/** Owner of what belongs to no client. */
export const THE_SERVER: WorkOwner = { clientId: "" };

/**
 * All that waits for handlers of the program, or for the store. `stop` waits until no handler is waited for, and names what it
 * gives up. What never has to wait is no work and costs nothing here.
 */
export class Works implements Iterable<Work> {
  readonly #now: () => number;
  readonly #live: Set<Work> = new Set();
  #asking = 0;
  #whenIdle: (() => void)[] = [];

  /** `now`: the time, as the core counts it. */
  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  get count(): number {
    return this.#live.size;
  }

  /** How many of them wait for handlers. The others wait for the store. */
  get asking(): number {
    return this.#asking;
  }

  /** In the order in which they began. */
  [Symbol.iterator](): IterableIterator<Work> {
    return this.#live.values();
  }

  /** Those of one Client Identifier, in the order in which they began. */
  of(clientId: string): Work[] {
    return Array.from(this.#live).filter(({ owner }) => owner === clientId);
  }

  /** Something begins to wait. It is counted until `end()` is called. */
  begin(owner: string, what: string): Work {
    const work = new Work(owner, what, {
      sinceMs: this.#now(),
      asks: (by) => this.#asks(by),
      ended: () => this.#live.delete(work),
    });
    this.#live.add(work);
    return work;
  }

  /**
   * Runs a task to its end, across its waits, then calls `done`, or `failed` with what it threw. From its first wait on it is a
   * work. One that is given up fails with `WorkAbandonedError`.
   */
  run<Result>(
    what: string,
    owner: WorkOwner,
    task: Task<Result>,
    done: (result: Result) => void,
    failed: (error: unknown) => void,
  ): void {
    let step: IteratorResult<Pending, Result>;
    try {
      step = task.next();
    } catch (error) {
      return failed(error);
    }
    if (step.done === true) return done(step.value);
    this.#wait(step.value, { what, owner, task, done, failed, work: undefined });
  }

  #wait<Result>(pending: Pending, running: Running<Result>): void {
    const goOn = (): void => this.#goOn(running);
    // A work within the task is counted already, and is the one to be given up.
    if (pending.isCounted === true) return pending.whenSettled(goOn);
    running.work ??= this.begin(running.owner.clientId, running.what);
    running.work.waiting(pending).whenSettled(goOn);
  }

  #goOn<Result>(running: Running<Result>): void {
    const { task, done, failed, work } = running;
    let step: IteratorResult<Pending, Result>;
    try {
      step = work?.isGivenUp === true ? task.throw(new WorkAbandonedError(work)) : task.next();
    } catch (error) {
      work?.end();
      return failed(error);
    }
    if (step.done !== true) return this.#wait(step.value, running);
    work?.end();
    done(step.value);
  }

  /** News that handlers are told: whoever told it does not wait, but it is counted. */
  note(what: string, owner: WorkOwner, pending: Pending | undefined): void {
    if (pending === undefined) return;
    const work = this.begin(owner.clientId, what);
    work.waiting(pending).whenSettled(() => work.end());
  }

  /** Calls `resume` when no handler is waited for, which may be now. */
  whenIdle(resume: () => void): void {
    if (this.#asking === 0) resume();
    else this.#whenIdle.push(resume);
  }

  /**
   * Waits for no handler any more: a work that waits for an answer ends with `WorkAbandonedError` and has changed nothing, one
   * whose news handlers are told goes on to its end. Gives those that were there. What waits for the store goes on doing so.
   */
  abandonAll(): readonly Work[] {
    const live = Array.from(this.#live);
    const abandoned = live.filter(({ isAsking }) => isAsking);
    for (const work of live) work.abandon();
    return abandoned;
  }

  #asks(by: 1 | -1): void {
    this.#asking += by;
    if (this.#asking > 0 || this.#whenIdle.length === 0) return;
    const resumes = this.#whenIdle;
    this.#whenIdle = [];
    for (const resume of resumes) resume();
  }
}

interface Running<Result> {
  readonly what: string;
  readonly owner: WorkOwner;
  readonly task: Task<Result>;
  readonly done: (result: Result) => void;
  readonly failed: (error: unknown) => void;
  /** Undefined until the task itself waits. */
  work: Work | undefined;
}

/**
 * A task that is a work of its own within another task, from its first wait on, when `begin` is called: for one that has to know
 * its work.
 */
export function* asWork<Result>(task: Task<Result>, begin: () => Work): Task<Result> {
  let step = task.next();
  if (step.done === true) return step.value;
  const work = begin();
  try {
    while (step.done !== true) {
      yield work.waiting(step.value);
      step = work.isGivenUp ? task.throw(new WorkAbandonedError(work)) : task.next();
    }
    return step.value;
  } finally {
    work.end();
  }
}
