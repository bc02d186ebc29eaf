/**
 * Milliseconds from the beginning of a commit to that of the next one, while waiting pays. Somebody who publishes at any
 * time then waits half of it on average.
 */
const PERIOD_MS = 1;

/** Commits that are made at once after waiting was of no use: one, and twice as many each time, up to this. */
const SKIPPED_MAX = 256;

/**
 * When a commit may begin. Traffic that comes steadily would otherwise get a commit for nearly each message: each costs
 * processor time and a sync, whatever is in it. So the next one waits until the last one began a millisecond ago, if others
 * are likely to join it. It does not wait
 *
 * - where commits are rare: who comes later than that is stored at once;
 * - where nobody joins: a client that sends one message after the other would only wait longer for each answer. After each
 *   wait in vain more commits are made at once before waiting is tried again.
 */
export class CommitPace {
  #begunAtMs = -Infinity;
  #skipped = 0;
  #skipping = 0;

  /** A commit begins. */
  begin(nowMs: number): void {
    this.#begunAtMs = nowMs;
  }

  /** Milliseconds that the next one is to wait; 0 if it is to begin at once. */
  delayMs(nowMs: number): number {
    const ageMs = nowMs - this.#begunAtMs;
    // A clock that stands still, as in a test, would have it wait for ever.
    if (ageMs >= PERIOD_MS || ageMs <= 0) return 0;
    if (this.#skipping > 0) {
      this.#skipping -= 1;
      return 0;
    }
    return PERIOD_MS - ageMs;
  }

  /** A wait is over; `joined` tells whether anything came meanwhile that had to be stored at once too. */
  waited(joined: boolean): void {
    this.#skipped = joined ? 0 : Math.min(Math.max(2 * this.#skipped, 1), SKIPPED_MAX);
    this.#skipping = this.#skipped;
  }
}
