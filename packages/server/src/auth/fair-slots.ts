import { MqttServerBusyError } from "../errors.ts";
import { monotonicMs } from "../platform.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Claimant } from "./fair-queue.ts";

/** A look through the whole queue comes after a sixteenth of it has come or gone, so it costs each one little. */
const SWEEPS_PER_LENGTH = 16;

/** What is limited, and by how much. */
export interface FairSlotLimits {
  /** Pieces of work at a time. */
  readonly atOnce: number;
  /** Those that wait for their turn. */
  readonly waitingMax: number;
  /** How long one may wait, in milliseconds. */
  readonly waitMs: number;
  /** What is waited for, for the errors: "an answer of the service". */
  readonly what: string;
  /** Milliseconds, from any moment on. Default: those of this process. */
  readonly now?: (() => number) | undefined;
}

/** For whom work is done, and whether it is still wanted. */
export interface SlotClaimant extends Claimant {
  /** False once nobody wants the answer any more. Absent: it is always wanted. */
  readonly isAwaited?: (() => boolean) | undefined;
}

/** One that waits. */
interface Waiting {
  readonly endsAtMs: number;
  readonly isAwaited: () => boolean;
  readonly begin: () => void;
  readonly giveUp: (error: Error) => void;
}

const always = (): boolean => true;

/**
 * So many pieces of work at a time, for authenticators whose checks are slow: strangers who guess could take every core, or every connection
 * to a service, and make everybody wait. The others wait, in turns by address and user name; others still are to come later.
 */
export class FairSlots {
  readonly #limits: FairSlotLimits;
  readonly #now: () => number;
  readonly #queue: FairQueue<Waiting>;
  #running = 0;
  #sinceSweep = 0;

  constructor(limits: FairSlotLimits) {
    this.#limits = limits;
    this.#now = limits.now ?? monotonicMs;
    this.#queue = new FairQueue(limits.waitingMax);
  }

  /**
   * Does `work` when its turn has come. Rejects with `MqttServerBusyError` if too many wait, if it has waited too long, or if
   * nobody waits for it any more.
   */
  async run<Result>(claimant: SlotClaimant, work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn(claimant);
    if (turn !== undefined) await turn;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#beginNext();
    }
  }

  #turn(claimant: SlotClaimant): Promise<void> | undefined {
    const { atOnce, waitMs, what } = this.#limits;
    if (this.#running < atOnce) {
      this.#running += 1;
      return undefined;
    }
    this.#sweepNowAndThen();
    return new Promise((begin, giveUp) => {
      const { isAwaited = always } = claimant;
      const waiting = { endsAtMs: this.#now() + waitMs, isAwaited, begin, giveUp };
      const tooMany = this.#queue.add(claimant, waiting);
      tooMany?.giveUp(new MqttServerBusyError(`too many wait for ${what}`));
    });
  }

  #beginNext(): void {
    this.#sweepNowAndThen();
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      if (this.#isWanted(next)) {
        this.#running += 1;
        next.begin();
        return;
      }
      this.#giveUp(next);
    }
  }

  /** Who has left, or has waited too long, makes room. */
  #sweepNowAndThen(): void {
    this.#sinceSweep += 1;
    if (this.#sinceSweep * SWEEPS_PER_LENGTH < this.#queue.length) return;
    this.#sinceSweep = 0;
    for (const one of this.#queue.sweep((waiting) => this.#isWanted(waiting))) this.#giveUp(one);
  }

  #isWanted({ endsAtMs, isAwaited }: Waiting): boolean {
    return endsAtMs > this.#now() && isAwaited();
  }

  #giveUp({ giveUp }: Waiting): void {
    giveUp(new MqttServerBusyError(`${this.#limits.what} did not come in time`));
  }
}
