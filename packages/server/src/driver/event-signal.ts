import { HookEvent } from "../core/hooks/hook-event.ts";
import type { EventSource } from "../core/hooks/hook-event.ts";
import { ShownPublish } from "../core/runs/intercepting-run.ts";
import { MqttConnectionClosedError } from "../errors.ts";
import { sourceOf } from "./handler-waits.ts";

/** What all handlers are given, whatever the event. */
export interface HandlerEvent {
  /**
   * Says that the answer of this handler is of no use any more, or will not be waited for much longer. It is aborted, with this
   * as its `reason`, when
   *
   * - the Network Connection that the event belongs to has closed: `MqttConnectionClosedError`. Events that tell of an end, and
   *   those of the program's own messages, belong to none;
   * - `stop` was called while the handler was at work, or its deadline is over: `MqttServerStateError`;
   * - the handler's time is over: `MqttHandlerTimeoutError`.
   *
   * What the handler answers counts all the same, but for the deadline and the time. Made when it is first read, for this handler
   * alone; not aborted any more when the handler has answered.
   */
  readonly signal: AbortSignal;
}

/** Signals that were read, or aborted before they were, by their event. */
const signals: WeakMap<object, HandlerSignal> = new WeakMap();

/** False until there is a signal: so long there is none to be let go of. */
let isUsed = false;

/** The event whose handler is being called just now, which may read its signal, and where it belongs. */
let calledEvent: object | undefined;
let calledSource: EventSource | undefined;

/** Calls a handler, which is about something of `source`. */
export function callWith<Event extends object>(
  handler: (event: Event) => unknown,
  event: Event,
  source: EventSource | undefined,
): unknown {
  // A handler may cause an event of another server of this process.
  const outerEvent = calledEvent;
  const outerSource = calledSource;
  calledEvent = event;
  calledSource = source;
  try {
    return handler(event);
  } finally {
    calledEvent = outerEvent;
    calledSource = outerSource;
  }
}

/** Gives an event of the core what `HandlerEvent` promises. */
export function withSignal<Given extends object>(event: Given): Given & HandlerEvent {
  if (!(event instanceof HookEvent)) Object.setPrototypeOf(event, HookEvent.prototype);
  return event as Given & HandlerEvent;
}

/** Aborts the signal of the handler that an event was given to, now or as soon as it is read. */
export function abortSignal(event: object, reason: Error): void {
  signalFor(event, undefined).abort(reason);
}

/** The handler has answered: the next one that is given the event has a signal of its own. */
export function letGoOfSignal(event: object): void {
  if (!isUsed) return;
  signals.get(event)?.letGo();
  signals.delete(event);
}

function signalFor(event: object, source: EventSource | undefined): HandlerSignal {
  const known = signals.get(event);
  if (known !== undefined) return known;
  const made = new HandlerSignal(source);
  isUsed = true;
  signals.set(event, made);
  return made;
}

Object.defineProperty(HookEvent.prototype, "signal", {
  get(this: object): AbortSignal {
    const source =
      this === calledEvent ? calledSource : (ShownPublish.sourceOf(this) ?? sourceOf(this));
    return signalFor(this, source).signal;
  },
});

class HandlerSignal {
  readonly #controller = new AbortController();
  readonly #source: EventSource | undefined;

  constructor(source: EventSource | undefined) {
    this.#source = source;
    if (source?.isClosed === true) this.#closed();
    else if (source !== undefined) (source.whenClosed ??= new Set()).add(this.#closed);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.letGo();
    this.#controller.abort(reason);
  }

  letGo(): void {
    this.#source?.whenClosed?.delete(this.#closed);
  }

  readonly #closed = (): void =>
    this.#controller.abort(new MqttConnectionClosedError("the client has gone"));
}
