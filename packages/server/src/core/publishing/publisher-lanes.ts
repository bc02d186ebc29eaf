import type { Pending, Task } from "../pending.ts";

/** A publication that waits for those of its publisher that came before. */
interface Waiting {
  resume: (() => void) | undefined;
  isNext: boolean;
}

/**
 * The order of what each publisher publishes [MQTT-4.6.0-5], by Client Identifier. A lane exists while a message of the
 * publisher waits for handlers: what comes then, on whichever connection and in whichever session, waits behind it.
 */
export class PublisherLanes {
  readonly #lanes: Map<string, Waiting[]> = new Map();
  #ready: Waiting[] = [];
  #isResuming = false;

  /** True if a message of the publisher waits. */
  isBusy(clientId: string): boolean {
    return this.#lanes.size > 0 && this.#lanes.has(clientId);
  }

  /** A message of a publisher whose lane is not busy begins to wait. */
  enter(clientId: string): void {
    this.#lanes.set(clientId, []);
  }

  /** Waits in a busy lane for its turn: from then on the lane is the caller's, who has to leave it. */
  *turn(clientId: string): Task {
    const waiting: Waiting = { resume: undefined, isNext: false };
    const pending: Pending = {
      whenSettled: (resume) => {
        waiting.resume = resume;
      },
    };
    this.#lanes.get(clientId)?.push(waiting);
    try {
      yield pending;
    } finally {
      if (!waiting.isNext) this.#giveUp(clientId, waiting);
    }
  }

  /** A message is done, its acknowledgement included: the next one of its publisher goes on. */
  leave(clientId: string): void {
    const next = this.#lanes.get(clientId)?.shift();
    if (next === undefined) this.#lanes.delete(clientId);
    else this.#resume(next);
  }

  #giveUp(clientId: string, waiting: Waiting): void {
    const lane = this.#lanes.get(clientId);
    if (lane !== undefined) this.#lanes.set(clientId, without(lane, waiting));
  }

  /** One after the other: each may leave the lane to the next at once. */
  #resume(next: Waiting): void {
    next.isNext = true;
    this.#ready.push(next);
    if (this.#isResuming) return;
    this.#isResuming = true;
    for (let ready = this.#ready.shift(); ready !== undefined; ready = this.#ready.shift())
      ready.resume?.();
    this.#isResuming = false;
  }
}

function without(lane: readonly Waiting[], waiting: Waiting): Waiting[] {
  return lane.filter((one) => one !== waiting);
}
