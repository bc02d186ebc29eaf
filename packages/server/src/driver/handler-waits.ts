/**
 * The handlers that are waited for just now. When the server stops and its deadline is over, none is waited for any longer: those
 * that are then called are over as soon as they do not answer at once.
 */
export class HandlerWaits {
  readonly #giveUps: Set<() => void> = new Set();
  #isOver = false;

  /** A handler is waited for; `giveUp` ends the waiting. */
  begin(giveUp: () => void): void {
    if (this.#isOver) giveUp();
    else this.#giveUps.add(giveUp);
  }

  /** The handler has answered, or its time is over. */
  end(giveUp: () => void): void {
    this.#giveUps.delete(giveUp);
  }

  /** Waits for none any longer, until `resume`. */
  giveUpAll(): void {
    this.#isOver = true;
    const giveUps = Array.from(this.#giveUps);
    this.#giveUps.clear();
    for (const giveUp of giveUps) giveUp();
  }

  /** Handlers are waited for again. */
  resume(): void {
    this.#isOver = false;
  }
}
