import { MqttServerBusyError } from "@anax/server";

/** One that waits. */
interface Waiting {
  readonly endsAtMs: number;
  readonly isAwaited: () => boolean;
  readonly begin: () => void;
  readonly giveUp: (error: Error) => void;
}

/** So many requests at a time, and so many that wait for their turn; others are to come later. */
export class RequestSlots {
  readonly #atOnce: number;
  readonly #waitingMax: number;
  readonly #waitMs: number;
  #running = 0;
  #waiting: Waiting[] = [];

  constructor(limits: { atOnce: number; waitingMax: number; waitMs: number }) {
    this.#atOnce = limits.atOnce;
    this.#waitingMax = limits.waitingMax;
    this.#waitMs = limits.waitMs;
  }

  /**
   * Does `work` when its turn has come. Rejects with `MqttServerBusyError` if too many wait, if it has waited too long, or if nobody waits
   * for it any more.
   */
  async run<Result>(isAwaited: () => boolean, work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else await this.#turn(isAwaited);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#beginNext();
    }
  }

  #turn(isAwaited: () => boolean): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) this.#sweep();
    if (this.#waiting.length >= this.#waitingMax)
      return Promise.reject(new MqttServerBusyError("too many clients are to be asked about"));
    return new Promise((begin, giveUp) => {
      const endsAtMs = performance.now() + this.#waitMs;
      this.#waiting.push({ endsAtMs, isAwaited, begin, giveUp });
    });
  }

  #beginNext(): void {
    this.#sweep();
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#running += 1;
    next.begin();
  }

  /** Who has left, or has waited too long, makes room. */
  #sweep(): void {
    const nowMs = performance.now();
    const [wanted, unwanted]: [Waiting[], Waiting[]] = [[], []];
    for (const one of this.#waiting)
      (one.endsAtMs > nowMs && one.isAwaited() ? wanted : unwanted).push(one);
    this.#waiting = wanted;
    for (const { giveUp } of unwanted)
      giveUp(new MqttServerBusyError("a client was not asked about in time"));
  }
}
