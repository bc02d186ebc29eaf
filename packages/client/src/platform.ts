/**
 * The platform's functions for time and turns, as they were when this module was loaded. Test tools put fakes in the place of
 * the global ones, which stand still; what moves bytes must not stand still with them. Nothing else in this
 * package uses the global ones.
 */
const { Date, clearInterval, clearTimeout, performance, queueMicrotask, setInterval, setTimeout } =
  globalThis;
const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };

/** Milliseconds since some moment. */
export const nowMs: () => number = performance.now.bind(performance);

/** Milliseconds since 1970, for people. */
export const wallNowMs: () => number = Date.now.bind(Date);

/** Calls once, after so many milliseconds; what it gives cancels that. */
export function callAfter(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}

/** Calls again and again, with so many milliseconds between; what it gives ends that. */
export function callEach(periodMs: number, callback: () => void): () => void {
  const timer = setInterval(callback, periodMs);
  return () => clearInterval(timer);
}

/** Calls at the end of this turn. */
export function callAtTurnEnd(callback: () => void): void {
  queueMicrotask(callback);
}

/** Calls in another turn, when whatever awaits something of this one has gone on. */
export function callInLaterTurn(callback: () => void): void {
  setTimeout(callback, 0);
}

/**
 * Calls after what has arrived by now was read. Node reads between its timers and its immediates; in a browser, what has
 * arrived is queued before a timer that is set now.
 */
export function callAfterReading(callback: () => void): void {
  if (setImmediate === undefined) callInLaterTurn(callback);
  else setImmediate(callback);
}
