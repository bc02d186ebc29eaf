/** A turn of the loop that takes no longer than this is no delay, in milliseconds. */
const PROMPT_MS = 10;

/** So much of a turn counts at least, however long it took. */
const PART_MIN = 0.1;

/**
 * Time in which the server itself keeps nobody waiting: of a turn of the loop that takes long, only a part counts. What a client has
 * not acknowledged while the server was busy with thousands of others, or the machine with something else, it may not have been
 * sent, or may not have been read.
 */
export class PunctualTime {
  readonly #currentMs: () => number;
  #begunAtMs = 0;
  #isGoingOn = false;
  #lateMs = 0;

  /** `currentMs`: milliseconds of a clock that goes on while the core is at work. */
  constructor(currentMs: () => number) {
    this.#currentMs = currentMs;
  }

  /** Milliseconds by which turns were late, all together. */
  get lateMs(): number {
    return this.#lateMs;
  }

  /** Something is to be done in this turn. */
  begin(): void {
    if (this.#isGoingOn) return;
    this.#isGoingOn = true;
    this.#begunAtMs = this.#currentMs();
  }

  /** The turn is over. Gives how long it took. */
  end(): number {
    if (!this.#isGoingOn) return 0;
    this.#isGoingOn = false;
    const ms = this.#currentMs() - this.#begunAtMs;
    if (ms > PROMPT_MS) this.#lateMs += Math.min(ms - PROMPT_MS, ms * (1 - PART_MIN));
    return ms;
  }
}
