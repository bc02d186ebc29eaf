import { listenerName } from "../wire.ts";
import type { Peer } from "../wire.ts";
import { networkOf } from "../network-of.ts";
import { Meter } from "./meter.ts";
import type { Rate, RateLimits, SharedRate, WhenTooFast } from "./rate-limits.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { Buckets } from "./token-bucket.ts";

const BURST_SECONDS = 2;

/** Users, addresses and listeners that are remembered; beyond, those that nobody of is connected are forgotten. */
const ENTRIES_MAX = 10_000;
const FORGOTTEN_AT_ONCE = 1_000;

interface Entry {
  connections: number;
  readonly connectionsMax: number;
  readonly incoming: Buckets;
  readonly outgoing: Buckets;
}

/** Whom limits are looked up for. */
export interface Metered {
  readonly userName: string | undefined;
  readonly peer: Peer;
}

/** What clients share of rates: the buckets of their users, addresses and listeners. */
export class RateTable {
  readonly whenTooFast: WhenTooFast;
  readonly #limits: RateLimits;
  readonly #burstSeconds: number;
  readonly #entries = new Map<string, Entry>();

  constructor(limits: RateLimits) {
    this.#limits = limits;
    this.whenTooFast = limits.whenTooFast ?? "slower";
    this.#burstSeconds = limits.burstSeconds ?? BURST_SECONDS;
  }

  /** Users, addresses and listeners that are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The limit of connections that this client would exceed, in words; undefined if it may come. `replaced` is the meter of the
   * connection that goes for it.
   */
  refusal(client: Metered, nowMs: number, replaced?: Meter): string | undefined {
    for (const [key, rate] of this.#sharedOf(client)) {
      const { connections, connectionsMax } = this.#entry(key, rate, nowMs);
      const others = replaced?.countedFor.has(key) === true ? connections - 1 : connections;
      if (others >= connectionsMax)
        return `${others} clients of this ${key.slice(0, key.indexOf(" "))} are connected`;
    }
    return undefined;
  }

  /** Counts a client that is let in, and gives what it is measured by; undefined if it has no limits. */
  enter(client: Metered, nowMs: number): Meter | undefined {
    const shared = this.#sharedOf(client);
    const entries = shared.map(([key, rate]) => this.#entry(key, rate, nowMs));
    const { perClient } = this.#limits;
    if (perClient === undefined && entries.length === 0) return undefined;
    for (const entry of entries) entry.connections += 1;
    const own = this.#bucketsOf(perClient ?? {}, nowMs);
    const incoming = [own.incoming, ...entries.map((entry) => entry.incoming)];
    const outgoing = [own.outgoing, ...entries.map((entry) => entry.outgoing)];
    const countedFor = new Set(shared.map(([key]) => key));
    const leave = (): void => {
      for (const entry of entries) entry.connections -= 1;
    };
    return new Meter({ incoming, outgoing, countedFor, leave });
  }

  #sharedOf({ userName, peer }: Metered): [string, SharedRate][] {
    const { perUser, perAddress, perListener = {} } = this.#limits;
    const shared: [string, SharedRate][] = [];
    if (perUser !== undefined && userName !== undefined) shared.push([`user ${userName}`, perUser]);
    if (perAddress !== undefined && peer.remoteAddress !== undefined)
      shared.push([`address ${networkOf(peer.remoteAddress)}`, perAddress]);
    const name = listenerName(peer);
    const rate = Object.hasOwn(perListener, name) ? perListener[name] : undefined;
    if (rate !== undefined) shared.push([`listener ${name}`, rate]);
    return shared;
  }

  #entry(key: string, rate: SharedRate, nowMs: number): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= ENTRIES_MAX) this.#forget(nowMs);
    const connectionsMax = rate.connections ?? Infinity;
    const entry = { connections: 0, connectionsMax, ...this.#bucketsOf(rate, nowMs) };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Those that owe nothing; if there are few, a tenth of all, from the one on that has been known for longest. */
  #forget(nowMs: number): void {
    const indebted: string[] = [];
    for (const [key, { connections, incoming, outgoing }] of this.#entries) {
      if (connections > 0) continue;
      const buckets = [incoming.messages, incoming.bytes, outgoing.messages, outgoing.bytes];
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
      perSecond === undefined ? undefined : new TokenBucket(perSecond, this.#burstSeconds, nowMs);
    return {
      incoming: { messages: bucket(rate.messagesPerSecond), bytes: bucket(rate.bytesPerSecond) },
      outgoing: {
        messages: bucket(rate.outgoingMessagesPerSecond),
        bytes: bucket(rate.outgoingBytesPerSecond),
      },
    };
  }
}
