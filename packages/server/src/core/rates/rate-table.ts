import { Meter } from "./meter.ts";
import { QueueShares } from "./queue-shares.ts";
import type { Rate, RateLimits, SharedRate, WhenTooFast } from "./rate-limits.ts";
import { sharersOf } from "./sharers.ts";
import type { Metered } from "./sharers.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { Buckets } from "./token-bucket.ts";

const BURST_SECONDS = 2;

/** Users, addresses and listeners that are remembered; beyond, those that nobody of is connected are forgotten. */
const ENTRIES_MAX = 10_000;
const FORGOTTEN_AT_ONCE = 1_000;

interface Entry {
  connections: number;
  readonly connectionsMax: number;
  readonly connects: TokenBucket | undefined;
  subscriptions: number;
  readonly subscriptionsMax: number;
  readonly incoming: Buckets;
  readonly outgoing: Buckets;
}

/** A limit of connections that a client would exceed. */
export interface ConnectionExcess {
  /** They come too often; else too many are connected. */
  readonly isTooOften: boolean;
  /** In words. */
  readonly reason: string;
}

/** What clients share of rates: the buckets of their users, addresses and listeners. */
export class RateTable {
  readonly whenTooFast: WhenTooFast;
  readonly limits: RateLimits;
  /** What waits for those that are counted together. */
  readonly queues: QueueShares = new QueueShares();
  readonly #burstSeconds: number;
  readonly #entries = new Map<string, Entry>();

  constructor(limits: RateLimits) {
    this.limits = limits;
    this.whenTooFast = limits.whenTooFast ?? "slower";
    this.#burstSeconds = limits.burstSeconds ?? BURST_SECONDS;
  }

  /** Users, addresses and listeners that are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The limit of connections that this client would exceed; undefined if it may come, and then it counts as one that came. `replaced` is
   * the meter of the connection that goes for it.
   */
  excess(client: Metered, nowMs: number, replaced?: Meter): ConnectionExcess | undefined {
    const shared = sharersOf(this.limits, client);
    for (const [key, rate] of shared) {
      const { connections, connectionsMax } = this.#entry(key, rate, nowMs);
      const others = replaced?.countedFor.has(key) === true ? connections - 1 : connections;
      if (others < connectionsMax) continue;
      return {
        isTooOften: false,
        reason: `${others} clients of this ${kindOf(key)} are connected`,
      };
    }
    for (const [key, rate] of shared) {
      if (this.#entry(key, rate, nowMs).connects?.tryTake(nowMs) !== false) continue;
      const reason = `clients of this ${kindOf(key)} come more often than ${rate.connectsPerSecond} a second`;
      return { isTooOften: true, reason };
    }
    return undefined;
  }

  /** Counts a client that is let in, and gives what it is measured by; undefined if it has no limits. */
  enter(client: Metered, nowMs: number): Meter | undefined {
    const shared = sharersOf(this.limits, client);
    const entries = shared.map(([key, rate]) => this.#entry(key, rate, nowMs));
    const { perClient } = this.limits;
    if (perClient === undefined && entries.length === 0) return undefined;
    for (const entry of entries) entry.connections += 1;
    const own = this.#bucketsOf(perClient ?? {}, nowMs);
    const incoming = [own.incoming, ...entries.map((entry) => entry.incoming)];
    const outgoing = [own.outgoing, ...entries.map((entry) => entry.outgoing)];
    const countedFor = new Set(shared.map(([key]) => key));
    const leave = (): void => {
      for (const entry of entries) entry.connections -= 1;
    };
    return new Meter({ incoming, outgoing, countedFor, subscribing: entries, leave });
  }

  #entry(key: string, rate: SharedRate, nowMs: number): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= ENTRIES_MAX) this.#forget(nowMs);
    const connectionsMax = rate.connections ?? Infinity;
    const connects = this.#bucket(rate.connectsPerSecond, nowMs);
    const entry = {
      connections: 0,
      connectionsMax,
      connects,
      subscriptions: 0,
      subscriptionsMax: rate.subscriptions ?? Infinity,
      ...this.#bucketsOf(rate, nowMs),
    };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Those that owe nothing; if there are few, a tenth of all, from the one on that has been known for longest. */
  #forget(nowMs: number): void {
    const indebted: string[] = [];
    for (const [key, { connections, connects, incoming, outgoing }] of this.#entries) {
      if (connections > 0) continue;
      const { messages, bytes } = incoming;
      const buckets = [connects, messages, bytes, outgoing.messages, outgoing.bytes];
      if (buckets.every((bucket) => bucket?.isFull(nowMs) !== false)) this.#entries.delete(key);
      else indebted.push(key);
    }
    const tooMany = this.#entries.size - (ENTRIES_MAX - FORGOTTEN_AT_ONCE);
    for (const key of indebted.slice(0, Math.max(0, tooMany))) this.#entries.delete(key);
  }

  #bucketsOf(
    rate: Rate,
    nowMs: number,
  ): { readonly incoming: Buckets; readonly outgoing: Buckets } {
    const bucket = (perSecond: number | undefined): TokenBucket | undefined =>
      this.#bucket(perSecond, nowMs);
    return {
      incoming: { messages: bucket(rate.messagesPerSecond), bytes: bucket(rate.bytesPerSecond) },
      outgoing: {
        messages: bucket(rate.outgoingMessagesPerSecond),
        bytes: bucket(rate.outgoingBytesPerSecond),
      },
    };
  }

  #bucket(perSecond: number | undefined, nowMs: number): TokenBucket | undefined {
    if (perSecond === undefined) return undefined;
    return new TokenBucket(
      { perSecond, burst: Math.max(1, perSecond * this.#burstSeconds) },
      nowMs,
    );
  }
}

/** User, address or listener. */
function kindOf(key: string): string {
  return key.slice(0, key.indexOf(" "));
}
