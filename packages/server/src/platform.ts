/**
 * The timers and clocks of the platform, as they are when the server is loaded. Test runners replace the global ones, so
 * that a test can move the time: what moves bytes must go on then, and what has to do with time is moved by the option
 * `clock`.
 */
const { performance } = globalThis;

export const clearTimeout: typeof globalThis.clearTimeout = globalThis.clearTimeout;
export const queueMicrotask: typeof globalThis.queueMicrotask = globalThis.queueMicrotask;
export const setImmediate: typeof globalThis.setImmediate = globalThis.setImmediate;
export const setTimeout: typeof globalThis.setTimeout = globalThis.setTimeout;

/** When this process began, in milliseconds since 1970. */
export const processStartMs: number = performance.timeOrigin;

/** Milliseconds since this process began, whatever the wall clock does. */
export const monotonicMs: () => number = performance.now.bind(performance);

/** Milliseconds since 1970, by the wall clock. */
export const wallMs: () => number = Date.now;

/** Resolves in the next turn of the loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
