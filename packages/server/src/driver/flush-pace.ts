/** Reads in a row whose output leaves at once, before a whole turn is watched again. */
const EARLY_IN_A_ROW = 31;

/**
 * Whether what a read brought out is written at once or at the end of the turn. Waiting gathers what several reads of a
 * turn put out for the same client into one write, which is worth much where many publish to one; where each read
 * goes elsewhere it gathers nothing, and every message pays for the wait. So a turn is watched now and then: if it
 * saw no more reads than connections that were written to, the next reads do not wait.
 */
export class FlushPace {
  #reads = 0;
  #earlyLeft = 0;

  /** A read put something out. True if that may leave at once. */
  isEarly(): boolean {
    this.#reads += 1;
    if (this.#earlyLeft === 0) return false;
    this.#earlyLeft -= 1;
    this.#reads = 0;
    return true;
  }

  /** A turn ended in which reads had waited; so many connections were written to. */
  turnEnded(written: number): void {
    if (this.#reads > 0 && this.#reads <= written) this.#earlyLeft = EARLY_IN_A_ROW;
    this.#reads = 0;
  }
}
