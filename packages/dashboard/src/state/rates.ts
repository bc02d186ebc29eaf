/** What counters say of a second, and of the last minute. */
import type { Figures } from "./live.ts";

/** How much a counter grew per second at each of the figures; null where it is not known. */
export function rates(
  figures: readonly Figures[],
  read: (one: Figures) => number,
): (number | null)[] {
  return figures.map((one, index) => {
    const before = figures[index - 1];
    if (before === undefined) return null;
    const seconds = (one.atMs - before.atMs) / 1_000;
    return seconds <= 0 ? null : Math.max(0, (read(one) - read(before)) / seconds);
  });
}

/** How much a counter grew in the last minute. */
export function lastMinute(figures: readonly Figures[], names: readonly string[]): number {
  const last = figures.at(-1);
  if (last === undefined) return 0;
  const first = figures.find(({ atMs }) => atMs >= last.atMs - 60_000) ?? last;
  const sum = ({ statistics }: Figures): number =>
    names.reduce((total, name) => total + (statistics[name] ?? 0), 0);
  return Math.max(0, sum(last) - sum(first));
}
