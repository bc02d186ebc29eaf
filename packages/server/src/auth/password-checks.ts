import { availableParallelism } from "node:os";
import { MqttServerBusyError } from "../errors.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Claimant } from "./fair-queue.ts";
import { monotonicMs } from "../platform.ts";

/** Checks that may wait: some seconds of work for one core. */
const CHECKS_WAITING_MAX = 100;
/** How long one may wait, in milliseconds: below the time that a handler has. */
const CHECK_WAIT_MS = 5_000;
/** Threads that Node has for such work unless it is told otherwise; one is left for reading files. */
const THREADS = 4;

/** A check that waits for its turn. */
interface Check {
  readonly endsAtMs: number;
  /** False once nobody wants the answer any more. */
  readonly isAwaited: () => boolean;
  readonly begin: () => void;
  readonly giveUp: (error: Error) => void;
}

/** What the checks are limited by. */
export interface PasswordCheckLimits {
  /** Checks at a time. Default: one less than there are cores, at least 1 and at most 3. */
  readonly atOnce?: number;
  /** Checks that wait. Default 100. */
  readonly waitingMax?: number;
  /** Milliseconds. Default 5000. */
  readonly waitMs?: number;
}

/**
 * Hashing a password is made to be slow, so strangers who guess could take every core and make everybody wait. Here a few hashes
 * are worked out at a time, and the others wait, in turns by address.
 */
export class PasswordChecks {
  readonly #atOnce: number;
  readonly #waitMs: number;
  readonly #queue: FairQueue<Check>;
  #running = 0;

  constructor(limits: PasswordCheckLimits = {}) {
    const spare = Math.min(availableParallelism(), THREADS) - 1;
    this.#atOnce = limits.atOnce ?? Math.max(1, spare);
    this.#waitMs = limits.waitMs ?? CHECK_WAIT_MS;
    this.#queue = new FairQueue(limits.waitingMax ?? CHECKS_WAITING_MAX);
  }

  /**
   * Does `work` when its turn has come. Rejects with `MqttServerBusyError` if too many wait, if it has waited too long, or if
   * nobody waits for it any more.
   */
  async run<Result>(
    claimant: Claimant & { readonly isAwaited?: (() => boolean) | undefined },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const turn = this.#turn(claimant, claimant.isAwaited ?? ((): boolean => true));
    if (turn !== undefined) await turn;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#beginNext();
    }
  }

  #turn(claimant: Claimant, isAwaited: () => boolean): Promise<void> | undefined {
    if (this.#running < this.#atOnce) {
      this.#running += 1;
      return undefined;
    }
    return new Promise((begin, giveUp) => {
      const endsAtMs = monotonicMs() + this.#waitMs;
      if (this.#queue.length > 0) this.#sweep();
      const tooMany = this.#queue.add(claimant, { endsAtMs, isAwaited, begin, giveUp });
      tooMany?.giveUp(new MqttServerBusyError("too many passwords are to be checked"));
    });
  }

  #beginNext(): void {
    this.#sweep();
    if (this.#running >= this.#atOnce) return;
    const next = this.#queue.take();
    if (next === undefined) return;
    this.#running += 1;
    next.begin();
  }

  /** Who has left, or has waited too long, makes room. */
  #sweep(): void {
    const nowMs = monotonicMs();
    const unwanted = this.#queue.sweep((check) => check.endsAtMs > nowMs && check.isAwaited());
    for (const { giveUp } of unwanted)
      giveUp(new MqttServerBusyError("a password was not checked in time"));
  }
}

/** All checks of this process: its cores are one. */
export const passwordChecks: PasswordChecks = new PasswordChecks();
