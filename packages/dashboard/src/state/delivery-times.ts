/** How long messages took from their publisher to a receiver, in the time that the figures are of. */
import type { Figures } from "./live.ts";

export interface TimeRange {
  /** Milliseconds, at most; undefined: longer than all others. */
  readonly untilMs: number | undefined;
  readonly count: number;
}

/** The counts of the last figures without those of the first; of one figure alone, all since the start. */
export function deliveryTimesOf(history: readonly Figures[]): readonly TimeRange[] {
  const now = history.at(-1)?.deliveryTimes;
  if (now === undefined) return [];
  const before = history.length > 1 ? history[0]?.deliveryTimes : undefined;
  return now.counts.map((all, index) => {
    const earlier = before?.counts[index] ?? 0;
    // After a new start the server counts from zero.
    return { untilMs: now.boundsMs[index], count: all >= earlier ? all - earlier : all };
  });
}
