import { setImmediate } from "../platform.ts";

/** Pieces of work that the program may have done in one turn of the loop: some milliseconds. */
export const ASKED_PER_TURN = 1_000;

/**
 * What the embedding program asks of the core: messages to publish, changes to make. A handler may ask for as much
 * again at each event, for ever; so no more than a certain number is done in one turn of the loop. The rest waits
 * for the next, in order, and clients have their turns between.
 */
export class AskedWork {
  readonly #run: (work: () => void) => void;
  #waiting: (() => void)[] = [];
  #done = 0;
  #isCatchingUp = false;
  #isTurnAwaited = false;

  /** `run` does work inside the core. */
  constructor(run: (work: () => void) => void) {
    this.#run = run;
  }

  /** True if all that was asked for has begun. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Has `work` done: now, or in one of the next turns. */
  ask(work: () => void): void {
    this.#awaitTurn();
    const isFree = !this.#isCatchingUp && this.#waiting.length === 0;
    if (!isFree || this.#done >= ASKED_PER_TURN) {
      this.#waiting.push(work);
      return;
    }
    this.#done += 1;
    this.#run(work);
  }

  #awaitTurn(): void {
    if (this.#isTurnAwaited) return;
    this.#isTurnAwaited = true;
    setImmediate(this.#nextTurn);
  }

  readonly #nextTurn = (): void => {
    this.#isTurnAwaited = false;
    const works = this.#waiting.splice(0, ASKED_PER_TURN);
    this.#done = works.length;
    if (works.length > 0) this.#awaitTurn();
    this.#isCatchingUp = true;
    for (const work of works) this.#run(work);
    this.#isCatchingUp = false;
  };
}
