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
