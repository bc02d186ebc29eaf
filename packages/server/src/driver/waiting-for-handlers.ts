import type { EventSource } from "../core/hooks/hook-event.ts";
import type { Pending } from "../core/pending.ts";
import { queueMicrotask } from "../platform.ts";
import type { CancelCall, Clock } from "../ports/clock.ts";
import type { HandlerWait, HandlerWaits } from "./handler-waits.ts";

/** An event on its way through its handlers. */
export interface Asked<Seen> {
  /** As the handler is given it that is called next. */
  event: Seen;
  /** Where it belongs. */
  readonly source: EventSource | undefined;
  /** What was noted of it before the first handler was called. */
  readonly before: unknown;
  /** Those that it began with. */
  readonly handlers: readonly ((event: Seen) => void | Promise<void>)[];
  /** How many of them have been called. */
  called: number;
}

/** How the handlers of one event are called, and what becomes of it when one of them is done. */
export interface Asking<Given extends object, Seen extends Given> {
  readonly name: string;
  readonly kind: "question" | "news";
  /** Milliseconds that a handler may take. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly waits: HandlerWaits;
  /** Runs what waited, inside the core. */
  readonly resume: (work: () => void) => void;
  begin(given: Given, source: EventSource | undefined): Asked<Seen>;
  /** Calls handlers until one is to be waited for; undefined if there is none. */
  callNext(asked: Asked<Seen>): Promise<void> | undefined;
  /** A handler that was waited for has answered, has failed, is too late, or is given up: whether no further one is to be asked. */
  answered(asked: Asked<Seen>): boolean;
  failed(asked: Asked<Seen>, error: unknown): boolean;
  timedOut(asked: Asked<Seen>): boolean;
  givenUp(asked: Asked<Seen>): boolean;
}

/**
 * Handlers that answer later: of one event, or of several in a series. Each is waited for before the next is called. An answer costs
 * the promise of its handler and that of `then`: one timer, and one entry of what is waited for, serve a whole series.
 */
export class WaitingForHandlers<Given extends object, Seen extends Given> implements Pending {
  readonly event: string;
  readonly kind: "question" | "news";
  readonly #asking: Asking<Given, Seen>;
  #asked: Asked<Seen>;
  /** When the handler was called that is waited for. */
  #sinceMs = 0;
  #next: (() => object | undefined) | undefined;
  #resume: (() => void) | undefined;
  #isSettled = false;
  /** Undefined while nothing is waited for. */
  #wait: Wait | undefined;

  /** `answer`: of the handler of `asked` that was called last. */
  constructor(asking: Asking<Given, Seen>, asked: Asked<Seen>, answer: Promise<void>) {
    this.event = asking.name;
    this.kind = asking.kind;
    this.#asking = asking;
    this.#asked = asked;
    this.#await(answer);
  }

  whenSettled(resume: () => void): void {
    this.#resume = resume;
    if (this.#isSettled) queueMicrotask(() => this.#asking.resume(resume));
  }

  inSeries(next: () => object | undefined, resume: () => void): void {
    this.#next = next;
    this.#resume = resume;
    if (this.#isSettled) queueMicrotask(() => this.#goOn(true));
  }

  /** The handler that was waited for is done. `isOver`: no further one is to be asked about this event. */
  #goOn(isOver: boolean): void {
    let isDecided = isOver;
    for (;;) {
      const answer = isDecided ? undefined : this.#asking.callNext(this.#asked);
      if (answer !== undefined) return this.#await(answer);
      const next = this.#next?.();
      if (next === undefined) return this.#settle();
      this.#asked = this.#asking.begin(next as Given, this.#asked.source);
      isDecided = false;
    }
  }

  #settle(): void {
    this.#end();
    this.#isSettled = true;
    if (this.#resume !== undefined) this.#asking.resume(this.#resume);
  }

  #await(answer: Promise<void>): void {
    this.#sinceMs = this.#asking.clock.now();
    const known = this.#wait;
    const wait = (this.#wait ??= this.#begin());
    answer.then(wait.answered, wait.failed);
    // It may be given up at once.
    if (known === undefined) this.#asking.waits.begin(wait);
  }

  /** What a handler answers that is too late is not heard: the wait for the next one is another. */
  #begin(): Wait {
    const { clock, timeoutMs } = this.#asking;
    const { event, source } = this.#asked;
    const isCurrent = (): boolean => this.#wait === wait;
    const decided = (isOver: boolean): void => {
      this.#end();
      this.#goOn(isOver);
    };
    const look = (): void => {
      const leftMs = this.#sinceMs + timeoutMs - clock.now();
      if (leftMs > 0) wait.cancelTimeout = clock.callAfter(leftMs, look);
      else decided(this.#asking.timedOut(this.#asked));
    };
    const wait: Wait = {
      event,
      source,
      currentEvent: () => this.#asked.event,
      answered: () => {
        if (isCurrent()) this.#goOn(this.#asking.answered(this.#asked));
      },
      failed: (error) => {
        if (isCurrent()) this.#goOn(this.#asking.failed(this.#asked, error));
      },
      giveUp: () => decided(this.#asking.givenUp(this.#asked)),
      cancelTimeout: clock.callAfter(timeoutMs, look),
    };
    return wait;
  }

  #end(): void {
    const wait = this.#wait;
    if (wait === undefined) return;
    this.#wait = undefined;
    wait.cancelTimeout();
    this.#asking.waits.end(wait);
  }
}

/** From when a handler is waited for until one is too late, or none is waited for any more. */
interface Wait extends HandlerWait {
  readonly answered: () => void;
  readonly failed: (error: unknown) => void;
  cancelTimeout: CancelCall;
}
