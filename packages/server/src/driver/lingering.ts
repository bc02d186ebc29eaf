import { setImmediate } from "../platform.ts";

/**
 * Turns of the loop in which nothing need happen before the process may sleep: about ten microseconds. To be woken costs
 * more than that, in time and in work, and who was just written to often answers sooner.
 */
const LINGER_TURNS = 8;

/** Keeps the loop turning for a moment after the server has written, for an answer that comes at once. */
export class Lingering {
  #turnsLeft = 0;

  /** Something was written. */
  begin(): void {
    if (this.#turnsLeft === 0) setImmediate(this.#turn);
    this.#turnsLeft = LINGER_TURNS;
  }

  readonly #turn = (): void => {
    this.#turnsLeft -= 1;
    if (this.#turnsLeft > 0) setImmediate(this.#turn);
  };
}
