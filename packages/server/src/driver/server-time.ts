import { serverTimeAtStart } from "../core/journal/server-time.ts";
import type { ClockReading, MachineClocks } from "../core/journal/server-time.ts";
import type { Clock } from "../ports/clock.ts";

/** The server's own time: a steady clock, moved so that it goes on where an earlier server with this store ended. */
export class ServerTime {
  readonly #clock: Clock;
  #aheadMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get now(): number {
    return this.#clock.now() + this.#aheadMs;
  }

  /** How far the wall clock is ahead of the server's own time. */
  get wallAheadMs(): number {
    return this.#wallMs - this.now;
  }

  /** All clocks at this moment. */
  read(): ClockReading {
    return { serverMs: this.now, ...this.#machineClocks() };
  }

  /** A store was opened: the time is now what follows from what it says, or the wall clock's if it says nothing. */
  goOnFrom(reading: ClockReading | undefined): void {
    this.#aheadMs = serverTimeAtStart(reading, this.#machineClocks()) - this.#clock.now();
  }

  #machineClocks(): MachineClocks {
    const { id = "", uptimeMs = 0 } = this.#clock.machineRun?.() ?? {};
    return { wallMs: this.#wallMs, bootId: id, uptimeMs };
  }

  get #wallMs(): number {
    return this.#clock.wallNow?.() ?? this.#clock.now();
  }
}
