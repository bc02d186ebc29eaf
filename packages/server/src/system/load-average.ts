/** Spans that rates are averaged over, in minutes, as `$SYS` names them. */
export const LOAD_SPANS = [1, 5, 15] as const;

/**
 * A counter's growth per minute, as exponentially weighted averages: what happened one span ago counts
 * e times less than what happens now.
 */
export class LoadAverage {
  readonly #averages: [number, number, number] = [0, 0, 0];
  #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  /** Takes in what the counter shows `elapsedMs` after the last time, and returns an average for each span. */
  update(count: number, elapsedMs: number): readonly [number, number, number] {
    if (elapsedMs <= 0) return this.#averages;
    const minutes = elapsedMs / 60_000;
    const perMinute = (count - this.#count) / minutes;
    this.#count = count;
    for (const [index, span] of LOAD_SPANS.entries()) {
      const weightOfPast = Math.exp(-minutes / span);
      const past = this.#averages[index] ?? 0;
      this.#averages[index] = perMinute + weightOfPast * (past - perMinute);
    }
    return this.#averages;
  }
}
