import type { CancelCall, Clock } from "../../src/ports/clock.ts";

interface Call {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that moves only when a test says so. */
export class ManualClock implements Clock {
  #nowMs = 1_800_000_000_000;
  readonly #calls = new Set<Call>();

  now(): number {
    return this.#nowMs;
  }

  callAfter(delayMs: number, callback: () => void): CancelCall {
    const call = { atMs: this.#nowMs + delayMs, callback };
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  /** Calls that are still to come. */
  get pending(): number {
    return this.#calls.size;
  }

  /** Moves the time forward and makes the calls that come due on the way, in their order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let due = this.#next(endMs); due !== undefined; due = this.#next(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      this.#calls.delete(due);
      due.callback();
    }
    this.#nowMs = endMs;
  }

  /** As if the process had been stopped for this long: what came due meanwhile is called late, at the end. */
  stall(ms: number): void {
    this.#nowMs += ms;
    this.advance(0);
  }

  #next(endMs: number): Call | undefined {
    const due = [...this.#calls].filter((call) => call.atMs <= endMs);
    return due.toSorted((left, right) => left.atMs - right.atMs)[0];
  }
}
