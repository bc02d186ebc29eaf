import type { Connection } from "./connection.ts";

/** Time between two samples: a hundred in a second at most. */
const INTERVAL_MS = 10;
/** A receiver that has not been written to for so long is one that does not read. */
const PATIENCE_MS = 10_000;

/**
 * How long messages take from the read that brought them to the write that gives them to a receiver, of one in a while. A sample is
 * open while the packets of that read are taken; the first receiver that gets one of them is its target, and it ends with the next
 * write to that. Messages that wait for a handler, or in a queue, are not measured.
 */
export class DeliverySampling {
  /** When the next sample may begin, as `now`. */
  nextAtMs: number;
  /** A sample has begun, and no receiver was given anything yet. */
  isOpen = false;
  /** The connection whose next write ends the sample. */
  target: Connection | undefined;
  #startedAtMs = 0;
  readonly #currentMs: () => number;
  readonly #delivered: ((ms: number) => void) | undefined;

  constructor(currentMs: () => number, delivered: ((ms: number) => void) | undefined) {
    this.#currentMs = currentMs;
    this.#delivered = delivered;
    this.nextAtMs = delivered === undefined ? Infinity : -Infinity;
  }

  /** A PUBLISH is about to be taken whose bytes came at `cameAtMs`. */
  begin(cameAtMs: number, nowMs: number): void {
    this.nextAtMs = nowMs + INTERVAL_MS;
    const { target } = this;
    if (target !== undefined && !target.isClosed) {
      const waitedMs = nowMs - this.#startedAtMs;
      if (waitedMs < PATIENCE_MS) return;
      this.#delivered?.(waitedMs);
    }
    this.target = undefined;
    this.#startedAtMs = cameAtMs;
    this.isOpen = true;
  }

  /** A receiver was given a message while the sample is open. */
  give(connection: Connection): void {
    this.isOpen = false;
    this.target = connection;
  }

  /** The target was written to. */
  end(): void {
    this.target = undefined;
    this.#delivered?.(Math.max(0, this.#currentMs() - this.#startedAtMs));
  }
}
