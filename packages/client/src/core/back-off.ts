/** How long to wait before the next attempt to connect. */

/** Times of a back-off. */
export interface BackOffOptions {
  /** Wait before the first attempt, in milliseconds. */
  readonly initialDelayMs: number;
  /** Longest wait, in milliseconds. */
  readonly delayMaxMs: number;
}

/**
 * The wait before an attempt: twice as long as the one before, up to the maximum, and of that a random
 * part between a half and the whole, so that the clients of a server that was restarted spread out.
 * @param attempt 0 for the first
 * @param random from 0 to below 1
 */
export function backOffMs(options: BackOffOptions, attempt: number, random: number): number {
  const { initialDelayMs, delayMaxMs } = options;
  // Beyond 2 ** 30 every sensible maximum has been reached.
  const wait = Math.min(initialDelayMs * 2 ** Math.min(attempt, 30), delayMaxMs);
  return Math.round(wait * (0.5 + random / 2));
}
