/** Messages that wait to be sent for the first time, in the order of the caller. Bounded. */
import { Queue } from "./queue.ts";
import type { PublishRequest } from "./requests.ts";

/** Limits of what waits. */
export interface WaitingLimits {
  /** Messages that may wait to be sent. */
  readonly queuedMessagesMax: number;
  /** Bytes of their payloads. */
  readonly queuedBytesMax: number;
}

/** Messages that wait to be sent for the first time. */
export class WaitingMessages {
  readonly #limits: WaitingLimits;
  readonly #queue: Queue<PublishRequest> = new Queue();
  #bytes = 0;

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  /** How many wait, those included that were abandoned meanwhile. */
  get length(): number {
    return this.#queue.length;
  }

  /** The one that has waited longest. */
  get first(): PublishRequest | undefined {
    return this.#queue.first;
  }

  /** Lets a message wait; false when that would exceed a limit. */
  push(request: PublishRequest): boolean {
    const { queuedMessagesMax, queuedBytesMax } = this.#limits;
    const bytes = this.#bytes + request.payload.length;
    if (this.length >= queuedMessagesMax || bytes > queuedBytesMax) return false;
    this.#bytes = bytes;
    this.#queue.push(request);
    return true;
  }

  /** Takes the first one out. */
  shift(): void {
    this.#bytes -= this.#queue.shift()?.payload.length ?? 0;
  }

  /** Puts messages before all others; they were in flight and so were counted before. */
  prepend(requests: readonly PublishRequest[]): void {
    for (const { payload } of requests) this.#bytes += payload.length;
    this.#queue.prepend(requests);
  }

  /** Takes all out. */
  takeAll(): readonly PublishRequest[] {
    this.#bytes = 0;
    return this.#queue.takeAll();
  }
}
