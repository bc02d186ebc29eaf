import type { EventSource } from "../core/hooks/hook-event.ts";

/** A handler that is waited for, or those of a series of events, one after the other. */
export interface HandlerWait {
  /** What the first of them was given. */
  readonly event: object;
  /** Where the events belong. */
  readonly source: EventSource | undefined;
  readonly currentEvent: () => object;
  /** Ends the waiting. */
  readonly giveUp: () => void;
}

/** Of all servers of this process, by what the handlers were given: an event does not know its server. */
const WAITS: Map<object, HandlerWait> = new Map();

/** Where an event belongs whose handler is waited for. */
export function sourceOf(event: object): EventSource | undefined {
  return WAITS.get(event)?.source;
}

/**
 * The handlers that are waited for just now. When the server stops and its deadline is over, none is waited for any longer: those
 * that are then called are over as soon as they do not answer at once.
 */
export class HandlerWaits {
  readonly #own: Set<HandlerWait> = new Set();
  #isOver = false;

  /** A handler is waited for. */
  begin(wait: HandlerWait): void {
    if (this.#isOver) return wait.giveUp();
    this.#own.add(wait);
    WAITS.set(wait.event, wait);
  }

  /** The handler has answered, or its time is over. */
  end(wait: HandlerWait): void {
    this.#own.delete(wait);
    WAITS.delete(wait.event);
  }

  /** What the handlers were given that are waited for. */
  get events(): object[] {
    return Array.from(this.#own, (wait) => wait.currentEvent());
  }

  /** Waits for none any longer, until `resume`. */
  giveUpAll(): void {
    this.#isOver = true;
    for (const wait of Array.from(this.#own)) wait.giveUp();
  }

  /** Handlers are waited for again. */
  resume(): void {
    this.#isOver = false;
  }
}
