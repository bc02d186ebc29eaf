import type { Pending, Task } from "../pending.ts";
import type { Route } from "../routing/route.ts";
import type { Turn } from "../turn/turn.ts";

/** Receivers of a message beyond which it is given to them in several turns, if one has not the time for all. */
const RECEIVERS_AT_ONCE = 1_024;

/** Steps of giving a message to one receiver. */
export const STEPS_OF_RECEIVER = 3;

/** Something that is to be given to many. */
interface Waiting {
  readonly isStored: boolean;
  begin(): void;
}

/**
 * Messages that are given to thousands in several turns: one goes on at a time, in the order in which they came. So each receiver
 * gets those of one topic in one order. What of them is written down is in one commit: until the last receiver has its part
 * none is begun, and before the next message is given that one has its turn.
 */
export class FanOuts {
  readonly #turn: Turn;
  readonly #askForCommit: () => void;
  readonly #receiversAtOnce: number;
  #isGoingOn = false;
  #isStoring = false;
  #waiting: Waiting[] = [];
  #isCommitDue = false;

  /** `askForCommit`: a commit that had to wait may be made. */
  constructor(turn: Turn, askForCommit: () => void, receiversAtOnce: number = RECEIVERS_AT_ONCE) {
    this.#turn = turn;
    this.#askForCommit = askForCommit;
    this.#receiversAtOnce = receiversAtOnce;
  }

  /** True if what goes this way may be given in several turns. */
  isWide({ recipients, groups }: Route): boolean {
    return recipients.length + groups.length > this.#receiversAtOnce;
  }

  /** True while something is given to many, or is to be. */
  get isBusy(): boolean {
    return this.#isGoingOn || this.#waiting.length > 0;
  }

  /** True if the next one need not wait. `isStored`: something of it is written down. */
  mayBegin(isStored: boolean): boolean {
    return !this.isBusy && !(isStored && this.#isCommitDue);
  }

  /** Waits until the next one may begin. Whoever called this calls `end`. */
  *begin(isStored: boolean): Task {
    if (this.mayBegin(isStored)) this.#take(isStored);
    else yield this.#place(isStored);
  }

  #place(isStored: boolean): Pending {
    return {
      kind: "turn",
      whenSettled: (resume) => void this.#waiting.push({ isStored, begin: resume }),
    };
  }

  #take(isStored: boolean): void {
    this.#isGoingOn = true;
    this.#isStoring = isStored;
  }

  /** All receivers have their part. */
  end(): void {
    this.#isGoingOn = false;
    this.#isStoring = false;
    if (this.#isCommitDue) this.#askForCommit();
    this.#letOn();
  }

  /** A commit is to be made. True if it has to wait; it is asked for when it may be made. */
  keepsCommit(): boolean {
    this.#isCommitDue = this.#isStoring;
    if (!this.#isCommitDue) this.#letOn();
    return this.#isCommitDue;
  }

  /** Nothing more is stored: there is no commit to wait for. */
  forgetCommit(): void {
    this.#isCommitDue = false;
    this.#letOn();
  }

  /** The next one begins, in a turn that has time for it. */
  #letOn(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#isGoingOn) return;
    if (next.isStored && this.#isCommitDue) return;
    this.#waiting.shift();
    this.#take(next.isStored);
    const begin = (): boolean => {
      next.begin();
      return false;
    };
    this.#turn.queue({ goOn: begin });
  }
}
