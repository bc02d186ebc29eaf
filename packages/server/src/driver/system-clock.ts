import type { CancelCall, Clock } from "../ports/clock.ts";

/** Longest delay that Node's timers take; longer ones would fire at once. */
const DELAY_MAX_MS = 0x7fffffff;

/**
 * The clock of this process. It starts at the wall clock's time and then runs by itself: setting the
 * wall clock must not end every Keep Alive at once, or none for hours.
 */
export const systemClock: Clock = {
  now(): number {
    return performance.timeOrigin + performance.now();
  },
  callAfter(delayMs: number, callback: () => void): CancelCall {
    // Rounded up, since a timer that fires early would only have to be set again.
    const delay = Math.min(Math.max(Math.ceil(delayMs), 0), DELAY_MAX_MS);
    const timer = setTimeout(callback, delay);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
