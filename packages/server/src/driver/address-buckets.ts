import { networkOf } from "../core/network-of.ts";
import { TokenBucket } from "../core/rates/token-bucket.ts";
import type { Clock } from "../ports/clock.ts";

/** How often something may happen for one address. */
export interface ConnectionRate {
  /** Connections that may come at once. */
  readonly burst: number;
  /** Connections a second that may go on coming. */
  readonly perSecond: number;
}

/** Addresses that are remembered; beyond, those that have been quiet for long are forgotten. */
const ADDRESSES_MAX = 10_000;

/** A token bucket for each address; of IPv6 for the first 64 bits, of which one customer may have all addresses. */
export class AddressBuckets {
  readonly #rate: ConnectionRate;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(rate: ConnectionRate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** True if it is within the rate of this address, and counts it then. */
  take(address: string): boolean {
    const now = this.#clock.now();
    return this.#bucketOf(networkOf(address), now).tryTake(now);
  }

  #bucketOf(address: string, now: number): TokenBucket {
    const known = this.#buckets.get(address);
    if (known !== undefined) return known;
    if (this.#buckets.size >= ADDRESSES_MAX) this.#forgetQuiet(now);
    const bucket = new TokenBucket(this.#rate, now);
    this.#buckets.set(address, bucket);
    return bucket;
  }

  /** A bucket that is full again says nothing. If none is, the oldest goes, so that memory stays bounded. */
  #forgetQuiet(now: number): void {
    for (const [address, bucket] of this.#buckets) {
      if (bucket.isFull(now)) this.#buckets.delete(address);
    }
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= ADDRESSES_MAX && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
