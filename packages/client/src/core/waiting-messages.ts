/**
 * Messages that wait to be sent for the first time, in the order of the caller. A plain array with a
 * moving head: both ends cost O(1), and what lies before the head is cut off now and then.
 */
import type { PublishRequest } from "./requests.ts";

const CUT_MESSAGES_MIN = 1_024;

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
  #requests: PublishRequest[] = [];
  #head = 0;
  #bytes = 0;

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  /** How many wait, those included that were abandoned meanwhile. */
  get length(): number {
    return this.#requests.length - this.#head;
  }

  /** The one that has waited longest. */
  get first(): PublishRequest | undefined {
    return this.#requests[this.#head];
  }

  /** Lets a message wait; false when that would exceed a limit. */
  push(request: PublishRequest): boolean {
    const { queuedMessagesMax, queuedBytesMax } = this.#limits;
    const bytes = this.#bytes + request.payload.length;
    if (this.length >= queuedMessagesMax || bytes > queuedBytesMax) return false;
    this.#bytes = bytes;
    this.#requests.push(request);
    return true;
  }

  /** Takes the first one out. */
  shift(): void {
    const request = this.first;
    if (request === undefined) return;
    this.#bytes -= request.payload.length;
    this.#head += 1;
    if (this.#head === this.#requests.length) this.#keep([]);
    else if (this.#head >= CUT_MESSAGES_MIN && this.#head * 2 > this.#requests.length) {
      this.#keep(this.#requests.slice(this.#head));
    }
  }

  /** Puts messages before all others; they were in flight and so were counted before. */
  prepend(requests: readonly PublishRequest[]): void {
    for (const { payload } of requests) this.#bytes += payload.length;
    this.#keep([...requests, ...this.#requests.slice(this.#head)]);
  }

  /** Takes all out. */
  takeAll(): readonly PublishRequest[] {
    const requests = this.#requests.slice(this.#head);
    this.#bytes = 0;
    this.#keep([]);
    return requests;
  }

  #keep(requests: PublishRequest[]): void {
    this.#requests = requests;
    this.#head = 0;
  }
}
