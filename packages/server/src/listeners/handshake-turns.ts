import { monotonicMs, setImmediate, setTimeout } from "../platform.ts";

/** Handshakes that begin in one turn of the event loop: each costs up to a millisecond with a key of RSA, a tenth with ECDSA. */
const HANDSHAKES_PER_TURN = 8;

/** Handshakes that have begun and are not done: little memory, at 50 KB each, and with `AT_WORK_MS` as many in a second as a core makes. */
const HANDSHAKES_AT_WORK_MAX = 200;

/** Milliseconds after which a handshake that waits for its client no longer counts as one of these: it goes on, and others begin. */
const AT_WORK_MS = 250;

/** A client that waits for its turn. */
interface Waiting {
  /** True if it has gone. */
  readonly isOver: boolean;
  destroy(): void;
}

/** What it needs of a clock and of the event loop. */
export interface TurnClock {
  readonly nextTurn: (work: () => void) => void;
  readonly later: (work: () => void, milliseconds: number) => void;
  readonly nowMs: () => number;
}

const EVENT_LOOP: TurnClock = {
  nextTurn: setImmediate,
  later: (work, milliseconds) => void setTimeout(work, milliseconds).unref(),
  nowMs: monotonicMs,
};

/**
 * Has handshakes begin in the order in which their clients came: some in each turn of the loop, and none while many are at work. Thousands
 * that began at once would hold up everybody, and all be done so late that many clients have given up. So what has begun comes to its
 * end first. A client that is slow to go on keeps others waiting for a moment, and only where there are very many.
 */
export class HandshakeTurns<Client extends Waiting> {
  readonly #begin: (client: Client) => void;
  readonly #clock: TurnClock;
  #waiting: Client[] = [];
  /** When each that is at work has begun, the first first. */
  readonly #atWork = new Map<Client, number>();
  /** In this turn. */
  #begun = 0;
  #isAsked = false;
  #isTimed = false;

  /** `begin`: begins the handshake of a client. */
  constructor(begin: (client: Client) => void, clock: TurnClock = EVENT_LOOP) {
    this.#begin = begin;
    this.#clock = clock;
  }

  /** Begins now, or in one of the next turns. */
  add(client: Client): void {
    this.#waiting.push(client);
    this.#beginSome();
  }

  /** The handshake has ended, well or not. */
  done(client: Client): void {
    if (this.#atWork.delete(client) && this.#waiting.length > 0) this.#askForTurn();
  }

  /** Ends those that have not begun. */
  stop(): void {
    for (const client of this.#waiting.splice(0)) client.destroy();
  }

  #beginSome(): void {
    let taken = 0;
    for (; taken < this.#waiting.length && this.#begun < HANDSHAKES_PER_TURN; taken += 1) {
      const client = this.#waiting[taken];
      if (client === undefined || client.isOver) continue;
      if (!this.#hasPlace()) break;
      this.#begun += 1;
      this.#atWork.set(client, this.#clock.nowMs());
      this.#begin(client);
    }
    if (taken > 0) this.#waiting = this.#waiting.slice(taken);
    if (this.#begun > 0) this.#askForTurn();
  }

  #askForTurn(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#clock.nextTurn(() => {
      this.#isAsked = false;
      this.#begun = 0;
      this.#beginSome();
    });
  }

  /** True if one more may begin; else it is looked again when the one that began first no longer counts. */
  #hasPlace(): boolean {
    if (this.#atWork.size < HANDSHAKES_AT_WORK_MAX) return true;
    const [first] = this.#atWork;
    if (first === undefined) return true;
    const [client, begunAtMs] = first;
    const leftMs = begunAtMs + AT_WORK_MS - this.#clock.nowMs();
    if (leftMs <= 0) return this.#atWork.delete(client);
    if (!this.#isTimed) {
      this.#isTimed = true;
      this.#clock.later(() => {
        this.#isTimed = false;
        this.#beginSome();
      }, leftMs);
    }
    return false;
  }
}
