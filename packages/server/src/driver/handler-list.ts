import type { HookResult, Pending } from "../core/pending.ts";
import { asError, MqttHandlerTimeoutError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/logger.ts";

/** What handlers need from around them. */
export interface HandlerSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that one handler may take to answer. */
  readonly handlerTimeoutMs: number;
  readonly counters: HandlerCounters;
  /** Runs what waited for a handler, inside the core. */
  readonly resume: (work: () => void) => void;
}

/** How handlers have failed so far. */
export interface HandlerCounters {
  /** Threw or rejected. */
  handlerFailures: number;
  /** Did not answer in time. */
  handlerTimeouts: number;
}

/** What happens when a handler fails, as the table of events says it. */
export interface HandlerOutcome<Given> {
  readonly fail?: (event: Given) => void;
  readonly isFinal?: (event: Given) => boolean;
}

type Handler<Seen> = (event: Seen) => void | Promise<void>;

/** The handlers of one event, in the order in which they are called. `Given` is the core's, `Seen` the handler's. */
export class HandlerList<Given extends object, Seen extends Given> {
  readonly name: string;
  readonly #outcome: HandlerOutcome<Given>;
  readonly #surroundings: HandlerSurroundings;
  readonly #prepare: (event: Given) => Seen;
  /** Replaced, never changed: an event on its way keeps the list that it began with. */
  #handlers: readonly Handler<Seen>[] = [];

  constructor(
    name: string,
    outcome: HandlerOutcome<Given>,
    surroundings: HandlerSurroundings,
    prepare: (event: Given) => Seen,
  ) {
    this.name = name;
    this.#outcome = outcome;
    this.#surroundings = surroundings;
    this.#prepare = prepare;
  }

  add(handler: Handler<Seen>): void {
    this.#handlers = [...this.#handlers, handler];
  }

  remove(handler: Handler<Seen>): void {
    this.#handlers = this.#handlers.filter((candidate) => candidate !== handler);
  }

  /** What the core calls; undefined while there are no handlers. */
  get hook(): ((event: Given) => HookResult) | undefined {
    return this.#handlers.length === 0 ? undefined : this.#dispatch;
  }

  /** Calls handlers until one of them is to be waited for: for those that answer at once, no promise and no closure. */
  readonly #dispatch = (given: Given): HookResult => {
    const event = this.#prepare(given);
    const handlers = this.#handlers;
    for (let index = 0; index < handlers.length; index += 1) {
      const answer = this.#call(handlers[index], event);
      if (answer === "over") return undefined;
      if (answer !== undefined) return this.#waitFor(answer, index + 1, handlers, event);
    }
    return undefined;
  };

  /** "over" if no further handler is to be asked; a promise if the handler wants to be waited for. */
  #call(handler: Handler<Seen> | undefined, event: Seen): "over" | PromiseLike<void> | undefined {
    try {
      const answer = handler?.(event);
      if (isPromise(answer)) return answer;
    } catch (error) {
      return this.#failed(event, error) ? "over" : undefined;
    }
    return this.#outcome.isFinal?.(event) === true ? "over" : undefined;
  }

  #waitFor(
    answer: PromiseLike<void>,
    next: number,
    handlers: readonly Handler<Seen>[],
    event: Seen,
  ): Pending {
    const waiting = new WaitingForHandlers(this.#surroundings.resume);
    void this.#callRest(answer, handlers.slice(next), event).then(() => waiting.settle());
    return waiting;
  }

  /** Never rejects: every failure has its outcome. */
  async #callRest(
    first: PromiseLike<void>,
    rest: readonly Handler<Seen>[],
    event: Seen,
  ): Promise<void> {
    if (await this.#isOverAfter(first, event)) return;
    for (const handler of rest) {
      const answer = this.#call(handler, event);
      if (answer === "over") return;
      if (answer !== undefined && (await this.#isOverAfter(answer, event))) return;
    }
  }

  /** Waits for one handler, but not for ever; true if no further handler is to be asked. */
  #isOverAfter(answer: PromiseLike<void>, event: Seen): Promise<boolean> {
    const { clock, handlerTimeoutMs } = this.#surroundings;
    return new Promise((resolve) => {
      let isLate = false;
      const cancelTimeout = clock.callAfter(handlerTimeoutMs, () => {
        isLate = true;
        resolve(this.#timedOut(event));
      });
      const inTime = (report: () => boolean): void => {
        if (isLate) return;
        cancelTimeout();
        resolve(report());
      };
      answer.then(
        () => inTime(() => this.#outcome.isFinal?.(event) === true),
        (error: unknown) => inTime(() => this.#failed(event, error)),
      );
    });
  }

  /** Logs and counts a failure; true if it decided the event, so that no further handler is asked. */
  #failed(event: Given, thrown: unknown): boolean {
    this.#surroundings.counters.handlerFailures += 1;
    return this.#decide(event, asError(thrown));
  }

  #timedOut(event: Given): boolean {
    this.#surroundings.counters.handlerTimeouts += 1;
    const { handlerTimeoutMs } = this.#surroundings;
    const text = `the handler of ${this.name} took more than ${handlerTimeoutMs} ms`;
    const hasDecided = this.#decide(event, new MqttHandlerTimeoutError(text));
    freeze(event);
    return hasDecided;
  }

  #decide(event: Given, error: Error): boolean {
    this.#surroundings.log.error?.("a handler failed", { event: this.name }, error);
    if (this.#outcome.fail === undefined) return false;
    this.#outcome.fail(event);
    return true;
  }
}

/** The core's view of handlers that answer later. */
class WaitingForHandlers implements Pending {
  readonly #run: (work: () => void) => void;
  #resume: (() => void) | undefined;
  #isSettled = false;

  constructor(run: (work: () => void) => void) {
    this.#run = run;
  }

  whenSettled(resume: () => void): void {
    if (this.#isSettled) queueMicrotask(() => this.#run(resume));
    else this.#resume = resume;
  }

  settle(): void {
    this.#isSettled = true;
    if (this.#resume !== undefined) this.#run(this.#resume);
  }
}

function isPromise(answer: void | Promise<void>): answer is Promise<void> {
  return typeof answer === "object" && typeof answer.then === "function";
}

/** Nothing that a late handler writes may reach the core: writing to a frozen event throws in the handler. */
function freeze(event: object): void {
  if ("response" in event) Object.freeze(event.response);
  Object.freeze(event);
}
