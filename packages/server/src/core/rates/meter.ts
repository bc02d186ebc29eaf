import type { Buckets } from "./token-bucket.ts";

/** What has gone through a connection, as its counters say. */
export interface Flow {
  readonly messages: number;
  readonly bytes: number;
}

/** One direction of a connection, held against all limits that it falls under. */
class Direction {
  readonly #buckets: readonly Buckets[];
  #messages = 0;
  #bytes = 0;

  constructor(buckets: readonly Buckets[]) {
    this.#buckets = buckets.filter(
      ({ messages, bytes }) => messages !== undefined || bytes !== undefined,
    );
  }

  /** So much has gone through in all; gives the milliseconds until it is within all limits again. */
  measure({ messages, bytes }: Flow, nowMs: number): number {
    // Counters that were reset have begun anew.
    const newMessages = messages < this.#messages ? messages : messages - this.#messages;
    const newBytes = bytes < this.#bytes ? bytes : bytes - this.#bytes;
    this.#messages = messages;
    this.#bytes = bytes;
    let waitMs = 0;
    for (const bucket of this.#buckets) {
      waitMs = Math.max(waitMs, bucket.messages?.take(newMessages, nowMs) ?? 0);
      waitMs = Math.max(waitMs, bucket.bytes?.take(newBytes, nowMs) ?? 0);
    }
    return waitMs;
  }
}

/** Subscriptions of several clients together. */
export interface SubscriptionCount {
  subscriptions: number;
  readonly subscriptionsMax: number;
}

/** Measures what one client sends and gets. */
export class Meter {
  readonly incoming: Direction;
  readonly outgoing: Direction;
  /** The client is read no further until it is within its rate. */
  isReadingPaused = false;
  /** Nothing is written to it until then. */
  isWritingPaused = false;
  /** The wire itself takes nothing at the moment. */
  isWireFull = false;
  /** Until then its messages are refused. */
  refusesUntilMs = 0;
  /** Whom it is counted for: users, addresses and listeners. */
  readonly countedFor: ReadonlySet<string>;
  readonly #subscribing: readonly SubscriptionCount[];
  /** Of this client, in each of these. */
  #subscriptions = 0;
  readonly #leave: () => void;
  #hasLeft = false;

  /** `leave`: called once, when the client has gone. */
  constructor(fields: {
    readonly incoming: readonly Buckets[];
    readonly outgoing: readonly Buckets[];
    readonly countedFor: ReadonlySet<string>;
    readonly subscribing: readonly SubscriptionCount[];
    readonly leave: () => void;
  }) {
    this.incoming = new Direction(fields.incoming);
    this.outgoing = new Direction(fields.outgoing);
    this.countedFor = fields.countedFor;
    this.#subscribing = fields.subscribing;
    this.#leave = fields.leave;
  }

  /** One more subscription is within all limits. */
  get maySubscribe(): boolean {
    return this.#subscribing.every((one) => one.subscriptions < one.subscriptionsMax);
  }

  /** The client has so many subscriptions more, or fewer. */
  countSubscriptions(more: number): void {
    if (this.#hasLeft) return;
    this.#subscriptions += more;
    for (const one of this.#subscribing) one.subscriptions += more;
  }

  /** The wire takes more again; true if nothing is to be written all the same. */
  drained(): boolean {
    this.isWireFull = false;
    return this.isWritingPaused;
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.countSubscriptions(-this.#subscriptions);
    this.#hasLeft = true;
    this.#leave();
  }
}
