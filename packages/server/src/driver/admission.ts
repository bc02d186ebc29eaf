import type { Clock } from "../ports/clock.ts";

/** How often one address may connect. */
export interface ConnectionRate {
  /** Connections that may come at once. */
  readonly burst: number;
  /** Connections a second that may go on coming. */
  readonly perSecond: number;
}

/** Limits on who is let in before anything was read. */
export interface AdmissionOptions {
  /** Transports that are open at a time, those in a handshake included. */
  readonly maximumConnections: number;
  /** False: no limit. */
  readonly connectionRatePerAddress: ConnectionRate | false;
}

/** Addresses that are remembered; beyond, those that have been quiet for long are forgotten. */
const ADDRESSES_MAX = 10_000;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Counts open transports and how often each address opens one: a token bucket per address. */
export class Admission {
  /** Transports that are open, those in a handshake included. */
  open = 0;
  /** Transports that were let in. */
  total = 0;
  /** Transports that were refused. */
  refused = 0;
  /** False: nobody is let in any more, as when the server is to be emptied. */
  isAccepting = true;
  readonly #options: AdmissionOptions;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: AdmissionOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  admit(remoteAddress: string | undefined): boolean {
    const isWelcome =
      this.isAccepting &&
      this.open < this.#options.maximumConnections &&
      this.#isWithinRate(remoteAddress);
    if (!isWelcome) {
      this.refused += 1;
      return false;
    }
    this.open += 1;
    this.total += 1;
    return true;
  }

  /** Counts from zero again; what is open stays open. */
  resetStatistics(): void {
    this.total = 0;
    this.refused = 0;
  }

  release(): void {
    this.open -= 1;
  }

  #isWithinRate(address: string | undefined): boolean {
    const rate = this.#options.connectionRatePerAddress;
    if (rate === false || address === undefined) return true;
    const now = this.#clock.now();
    const bucket = this.#bucketOf(address, rate, now);
    const filled = bucket.tokens + ((now - bucket.filledAtMs) / 1_000) * rate.perSecond;
    bucket.tokens = Math.min(rate.burst, filled);
    bucket.filledAtMs = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #bucketOf(address: string, rate: ConnectionRate, now: number): Bucket {
    const known = this.#buckets.get(address);
    if (known !== undefined) return known;
    if (this.#buckets.size >= ADDRESSES_MAX) this.#forgetQuiet(rate, now);
    const bucket = { tokens: rate.burst, filledAtMs: now };
    this.#buckets.set(address, bucket);
    return bucket;
  }

  /** A bucket that is full again says nothing. If none is, the oldest goes, so that memory stays bounded. */
  #forgetQuiet(rate: ConnectionRate, now: number): void {
    const fillMs = (rate.burst / rate.perSecond) * 1_000;
    for (const [address, { filledAtMs }] of this.#buckets) {
      if (now - filledAtMs >= fillMs) this.#buckets.delete(address);
    }
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= ADDRESSES_MAX && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
