import type { EventSource } from "../core/hooks/hook-event.ts";
import type { HookResult } from "../core/pending.ts";
import { asError, MqttHandlerTimeoutError, MqttServerStateError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/logger.ts";
import { isThenable } from "../user-code.ts";
import type { AnswerCheck } from "./answer-check.ts";
import { abortSignal, callWith, letGoOfSignal } from "./event-signal.ts";
import type { HandlerWaits } from "./handler-waits.ts";
import { WaitingForHandlers } from "./waiting-for-handlers.ts";
import type { Asked, Asking } from "./waiting-for-handlers.ts";

/** What handlers need from around them. */
export interface HandlerSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that one handler may take to answer. */
  readonly handlerTimeoutMs: number;
  /** The same where the start waits for it. */
  readonly startTimeoutMs: number;
  readonly counters: HandlerCounters;
  /** What is waited for just now. */
  readonly waits: HandlerWaits;
  /** Runs what waited for a handler, inside the core. */
  readonly resume: (work: () => void) => void;
}

/** How handlers have failed so far. */
export interface HandlerCounters {
  /** Threw, rejected, or answered what cannot be. */
  handlerFailures: number;
  /** Did not answer in time. */
  handlerTimeouts: number;
}

/** What happens when a handler fails, as the table of events says it. */
export interface HandlerOutcome<Given> {
  readonly fail?: (event: Given, error: Error) => void;
  readonly isOfStart?: boolean;
  readonly isFinal?: (event: Given) => boolean;
  /** Absent if the event only tells something. */
  readonly answers?: AnswerCheck<Given> | undefined;
}

type Handler<Seen> = (event: Seen) => void | Promise<void>;

/** The handlers of one event, in the order in which they are called. `Given` is the core's, `Seen` the handler's. */
export class HandlerList<Given extends object, Seen extends Given> implements Asking<Given, Seen> {
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
  get hook(): ((event: Given, source?: EventSource) => HookResult) | undefined {
    return this.#handlers.length === 0 ? undefined : this.#dispatch;
  }

  /** Calls handlers until one of them is to be waited for: for those that answer at once, no promise, closure or object. */
  readonly #dispatch = (given: Given, source?: EventSource): HookResult => {
    const event = this.#prepare(given);
    const before = this.#outcome.answers?.before?.(event);
    const handlers = this.#handlers;
    for (let index = 0; index < handlers.length; index += 1) {
      const answer = this.#call(handlers[index], event, source, before);
      if (answer === "over") return undefined;
      if (answer === undefined) continue;
      const asked = { event, source, before, handlers, called: index + 1 };
      return new WaitingForHandlers(this, asked, answer);
    }
    return undefined;
  };

  begin(given: Given, source: EventSource | undefined): Asked<Seen> {
    const event = this.#prepare(given);
    const before = this.#outcome.answers?.before?.(event);
    return { event, source, before, handlers: this.#handlers, called: 0 };
  }

  callNext(asked: Asked<Seen>): Promise<void> | undefined {
    const { event, source, before, handlers } = asked;
    while (asked.called < handlers.length) {
      const handler = handlers[asked.called];
      asked.called += 1;
      const answer = this.#call(handler, event, source, before);
      if (answer !== undefined) return answer === "over" ? undefined : answer;
    }
    return undefined;
  }

  /** "over" if no further handler is to be asked; a promise if the handler wants to be waited for. */
  #call(
    handler: Handler<Seen> | undefined,
    event: Seen,
    source: EventSource | undefined,
    before: unknown,
  ): "over" | Promise<void> | undefined {
    try {
      const answer: unknown = handler && callWith(handler, event, source);
      // What is no promise of the platform is called by one of it, which survives all that it may do.
      if (isThenable(answer)) return Promise.resolve(answer as PromiseLike<void>);
    } catch (error) {
      return this.#failed(event, error) ? "over" : undefined;
    }
    return this.#answered(event, before) ? "over" : undefined;
  }

  get kind(): "question" | "news" {
    return this.#outcome.fail === undefined ? "news" : "question";
  }

  get clock(): Clock {
    return this.#surroundings.clock;
  }

  get waits(): HandlerWaits {
    return this.#surroundings.waits;
  }

  get resume(): (work: () => void) => void {
    return this.#surroundings.resume;
  }

  /** A handler is done: its answer is checked. True if no further handler is to be asked. */
  #answered(event: Seen, before: unknown): boolean {
    letGoOfSignal(event);
    try {
      this.#outcome.answers?.check(event, before, (fault) => this.#leftOut(event, fault));
    } catch (error) {
      return this.#failed(event, error);
    }
    return this.#outcome.isFinal?.(event) === true;
  }

  /** A part of an answer that cannot be was taken out of it; the rest stands. */
  #leftOut(event: Given, fault: Error): void {
    this.#surroundings.counters.handlerFailures += 1;
    const fields = { event: this.name, clientId: clientOf(event) };
    this.#surroundings.log.warn?.("a part of a handler's answer is left out", fields, fault);
  }

  get timeoutMs(): number {
    const { handlerTimeoutMs, startTimeoutMs } = this.#surroundings;
    return this.#outcome.isOfStart === true ? startTimeoutMs : handlerTimeoutMs;
  }

  answered({ event, before }: Asked<Seen>): boolean {
    return this.#answered(event, before);
  }

  failed({ event }: Asked<Seen>, thrown: unknown): boolean {
    return this.#failed(event, thrown);
  }

  /** Logs and counts a failure; true if it decided the event, so that no further handler is asked. */
  #failed(event: Given, thrown: unknown): boolean {
    letGoOfSignal(event);
    this.#surroundings.counters.handlerFailures += 1;
    return this.#decide(event, asError(thrown));
  }

  timedOut(asked: Asked<Seen>): boolean {
    const { event } = asked;
    this.#surroundings.counters.handlerTimeouts += 1;
    const text = `the handler of ${this.name} took more than ${this.timeoutMs} ms`;
    const error = new MqttHandlerTimeoutError(text);
    const hasDecided = this.#decide(event, error);
    leave(asked, error);
    return hasDecided;
  }

  /** The server stops, which says what it leaves: no failure of the handler. */
  givenUp(asked: Asked<Seen>): boolean {
    const { event } = asked;
    const error = new MqttServerStateError(
      `the server stopped before the handler of ${this.name} had answered`,
    );
    const hasDecided = this.#writeDown(event, error);
    leave(asked, error);
    return hasDecided;
  }

  #decide(event: Given, error: Error): boolean {
    const fields = { event: this.name, clientId: clientOf(event) };
    this.#surroundings.log.error?.("a handler failed", fields, error);
    return this.#writeDown(event, error);
  }

  /** Writes the outcome of a failure into the event; false if it has none. */
  #writeDown(event: Given, error: Error): boolean {
    if (this.#outcome.fail === undefined) return false;
    try {
      this.#outcome.answers?.clean(event);
      this.#outcome.fail(event, error);
    } catch (cause) {
      // A handler may have frozen what it was given.
      const fields = { event: this.name, clientId: clientOf(event) };
      this.#surroundings.log.error?.("a failure could not be written down", fields, asError(cause));
    }
    return true;
  }
}

/** Whom an event is about; undefined if it is about nobody. */
function clientOf(event: object): unknown {
  if ("clientId" in event) return event.clientId;
  return "receiverClientId" in event ? event.receiverClientId : undefined;
}

/**
 * A handler is not waited for any longer. Nothing that it writes may reach the core: writing to a frozen event throws in the handler.
 * The next one, which is told something, is given a copy with a signal of its own.
 */
function leave<Seen extends object>(asked: Asked<Seen>, reason: Error): void {
  const { event } = asked;
  if ("response" in event) Object.freeze(event.response);
  Object.freeze(event);
  abortSignal(event, reason);
  asked.event = Object.assign(Object.create(Object.getPrototypeOf(event)), event);
}
