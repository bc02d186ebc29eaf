/** How long something took, many times: a count for each range of milliseconds. */
export interface TimeHistogram {
  /** Upper ends of the ranges, ascending, in milliseconds. */
  readonly boundsMs: readonly number[];
  /** Of each range how many took no longer than its end and longer than the one before; the last is of all that took longer. */
  readonly counts: readonly number[];
  /** All of them together, in milliseconds. */
  readonly sumMs: number;
}

/** From what memory takes to what a disk in trouble does. */
const BOUNDS_MS = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000];

/** Counts times. */
export class TimeCounts implements TimeHistogram {
  readonly boundsMs: readonly number[] = BOUNDS_MS;
  readonly counts: number[] = BOUNDS_MS.map(() => 0).concat(0);
  sumMs = 0;

  note(ms: number): void {
    const at = BOUNDS_MS.findIndex((bound) => ms <= bound);
    const index = at < 0 ? BOUNDS_MS.length : at;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sumMs += ms;
  }

  /** As it is now. */
  snapshot(): TimeHistogram {
    return { boundsMs: this.boundsMs, counts: [...this.counts], sumMs: this.sumMs };
  }

  reset(): void {
    this.counts.fill(0);
    this.sumMs = 0;
  }
}
