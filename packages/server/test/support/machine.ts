import type { Clock } from "../../src/ports/clock.ts";
import { ManualClock } from "./manual-clock.ts";

/** A machine whose wall clock can be wrong and be set, that sleeps, and that is started anew. */
export class Machine {
  /** Runs as long as the machine does and is awake. */
  readonly steady: ManualClock = new ManualClock();
  /** How far the wall clock is ahead of what it would be had nobody touched it. */
  wallAheadMs = 0;
  #boots = 1;
  #bootedAtMs: number = this.steady.now();
  #asleepMs = 0;

  get wallMs(): number {
    return this.steady.now() + this.wallAheadMs + this.#asleepMs;
  }

  /** The clock of a new process. */
  clock(): Clock {
    const aheadMs = this.wallMs - this.steady.now();
    return {
      now: () => this.steady.now() + aheadMs,
      callAfter: (delayMs, callback) => this.steady.callAfter(delayMs, callback),
      wallNow: () => this.wallMs,
      machineRun: () => ({
        id: `boot ${this.#boots}`,
        uptimeMs: this.steady.now() - this.#bootedAtMs + this.#asleepMs,
      }),
    };
  }

  sleep(ms: number): void {
    this.#asleepMs += ms;
  }

  /** Switches it off, and on again `ms` later. */
  reboot(ms: number): void {
    this.steady.advance(ms);
    this.#boots += 1;
    this.#bootedAtMs = this.steady.now();
    this.wallAheadMs += this.#asleepMs;
    this.#asleepMs = 0;
  }
}
