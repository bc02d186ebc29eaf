import type { Connection } from "../connection/connection.ts";
import { PublishRun } from "../message/publish-run.ts";
import type { WaitingRun } from "./waiting-run.ts";

/** Runs that may wait at a time. Each has arrays for as many messages as a run may hold. */
const WAITING_RUNS_MAX = 8;

/**
 * The run that packets are read into. One whose handlers answer later is kept as it is until the end of the turn, and another takes
 * its place: handlers that have nothing to wait for themselves have answered by then.
 */
export class Runs {
  current: PublishRun = new PublishRun();
  readonly #waiting: Set<WaitingRun> = new Set();
  readonly #free: PublishRun[] = [];

  /** True if the current run may wait. */
  get mayWait(): boolean {
    return this.#waiting.size < WAITING_RUNS_MAX;
  }

  /** True if a run of the connection waits. */
  isWaiting(connection: Connection): boolean {
    for (const waiting of this.#waiting) if (waiting.connection === connection) return true;
    return false;
  }

  /** The current run waits from now on. */
  keep(waiting: WaitingRun): void {
    this.#waiting.add(waiting);
    this.current = this.#free.pop() ?? new PublishRun();
    // What it has looked up was of other bytes.
    this.current.forgetAhead();
  }

  /** It waits no longer, and `run` holds nothing. */
  giveBack(waiting: WaitingRun, run: PublishRun): void {
    this.#waiting.delete(waiting);
    this.#free.push(run);
  }

  /** No run waits any longer for handlers that have not answered. */
  cut(): void {
    if (this.#waiting.size === 0) return;
    // What goes on then may wait again.
    for (const waiting of Array.from(this.#waiting)) waiting.cut();
  }

  /** The same of one connection. */
  cutFor(connection: Connection): void {
    for (const waiting of this.#waiting) if (waiting.connection === connection) waiting.cut();
  }
}
