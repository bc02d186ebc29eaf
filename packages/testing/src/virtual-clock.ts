import type { CancelCall, Clock } from "@anax/server";

interface Call {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when a test says so, for servers that are to wait without the test waiting. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #orders = 0;
  readonly #calls: Set<Call> = new Set();

  /** @param startMs the first time, ms since 1970. Default: some day in 2027. */
  constructor(startMs = 1_800_000_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  callAfter(delayMs: number, callback: () => void): CancelCall {
    this.#orders += 1;
    const call = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#orders, callback };
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  /** Calls that are still to come. */
  get pending(): number {
    return this.#calls.size;
  }

  /** Moves the time forward; calls that come due on the way are made in their order, at their times. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let due = this.#nextUntil(endMs); due !== undefined; due = this.#nextUntil(endMs)) {
      this.#calls.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.callback();
    }
    this.#nowMs = endMs;
  }

  #nextUntil(endMs: number): Call | undefined {
    let next: Call | undefined;
    for (const call of this.#calls) {
      if (call.atMs > endMs) continue;
      if (next === undefined || call.atMs < next.atMs) next = call;
      else if (call.atMs === next.atMs && call.order < next.order) next = call;
    }
    return next;
  }
}
