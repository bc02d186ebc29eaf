import { clearTimeout, monotonicMs, setTimeout } from "../platform.ts";

/** How often it is looked how late the loop is, in milliseconds. */
const LOOK_MS = 100;
/** Milliseconds after which what was seen is of the window before, and what was in that is forgotten. */
const WINDOW_MS = 10_000;

/** What moves the time; tests have their own. */
export interface LoopClock {
  now(): number;
  /** Calls `look` once, after so many milliseconds; gives how to call that off. */
  after(ms: number, look: () => void): () => void;
}

const PLATFORM: LoopClock = {
  now: monotonicMs,
  after: (ms, look) => {
    const timer = setTimeout(look, ms);
    // The program may end all the same.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * How late a timer is called: by as much everything waits that this process serves. A handler that computes for long, the
 * collector, or a machine that is busy with something else all show here.
 */
export class LoopDelay {
  readonly #clock: LoopClock;
  #cancel: (() => void) | undefined;
  #windowEndsAtMs = 0;
  #largest = 0;
  #largestBefore = 0;

  constructor(clock: LoopClock = PLATFORM) {
    this.#clock = clock;
  }

  /** The largest delay of the last 10 to 20 seconds, in milliseconds; 0 while nothing is measured. */
  get maximumMs(): number {
    return Math.max(this.#largest, this.#largestBefore);
  }

  start(): void {
    this.#largest = 0;
    this.#largestBefore = 0;
    this.#windowEndsAtMs = this.#clock.now() + WINDOW_MS;
    this.#lookLater();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#largest = 0;
    this.#largestBefore = 0;
  }

  #lookLater(): void {
    const dueAtMs = this.#clock.now() + LOOK_MS;
    this.#cancel = this.#clock.after(LOOK_MS, () => {
      const nowMs = this.#clock.now();
      this.#largest = Math.max(this.#largest, Math.round(nowMs - dueAtMs));
      if (nowMs >= this.#windowEndsAtMs) this.#turnOver(nowMs);
      this.#lookLater();
    });
  }

  #turnOver(nowMs: number): void {
    this.#largestBefore = this.#largest;
    this.#largest = 0;
    this.#windowEndsAtMs = nowMs + WINDOW_MS;
  }
}
