import { setTimeout as delay } from "node:timers/promises";

/** Waits until a condition holds; false if it does not within `patienceMs`. */
export async function until(condition: () => boolean, patienceMs: number): Promise<boolean> {
  const end = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await delay(2);
  }
  return true;
}

/** Waits until a condition holds, for as long as `progress` changes at least every `patienceMs`; false if it does not. */
export async function untilStill(
  condition: () => boolean,
  progress: () => number,
  patienceMs: number,
): Promise<boolean> {
  for (;;) {
    const before = progress();
    const hasChanged = (): boolean => condition() || progress() !== before;
    if (!(await until(hasChanged, patienceMs))) return false;
    if (condition()) return true;
  }
}
