/**
 * Time as Chromium gives it to a page that has been hidden for long: timers come on the full second, and those that were set
 * by timers in a chain of five or more on the full minute. What is called from outside of a timer begins a new chain.
 */
import type { CancelCall, Clock } from "@anax/client";
import { VirtualClock } from "@anax/testing";

const CHAIN_MAX = 5;

export class ThrottledClock implements Clock {
  readonly #clock: VirtualClock = new VirtualClock(0);
  /** How many timers set the one that runs now; 0 outside of timers. */
  #chain = 0;

  now(): number {
    return this.#clock.now();
  }

  callAfter(delayMs: number, callback: () => void): CancelCall {
    const chain = this.#chain + 1;
    const stepMs = chain >= CHAIN_MAX ? 60_000 : 1_000;
    const dueMs = Math.ceil((this.now() + delayMs) / stepMs) * stepMs;
    return this.#clock.callAfter(dueMs - this.now(), () => {
      this.#chain = chain;
      callback();
      this.#chain = 0;
    });
  }

  advance(ms: number): void {
    this.#clock.advance(ms);
  }
}
