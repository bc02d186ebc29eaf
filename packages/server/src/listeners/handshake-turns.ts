import type { Socket } from "node:net";
import { setImmediate } from "../platform.ts";

/** Handshakes that begin in one turn of the event loop: each costs up to a millisecond with a key of RSA, a tenth with ECDSA. */
const HANDSHAKES_PER_TURN = 8;

/**
 * Has handshakes begin in the order in which their clients came, some in each turn of the loop. Thousands that began at once would
 * hold up everybody, and all be done so late that many clients have given up. A client that is slow to go on keeps nobody waiting.
 */
export class HandshakeTurns {
  readonly #begin: (socket: Socket) => void;
  readonly #nextTurn: (work: () => void) => void;
  #waiting: Socket[] = [];
  /** In this turn. */
  #begun = 0;
  #isAsked = false;

  /** `begin`: begins the handshake of a socket. */
  constructor(
    begin: (socket: Socket) => void,
    nextTurn: (work: () => void) => void = setImmediate,
  ) {
    this.#begin = begin;
    this.#nextTurn = nextTurn;
  }

  /** Begins now, or in one of the next turns. */
  add(socket: Socket): void {
    this.#waiting.push(socket);
    this.#beginSome();
  }

  /** Ends those that have not begun. */
  stop(): void {
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }

  #beginSome(): void {
    let taken = 0;
    for (; taken < this.#waiting.length && this.#begun < HANDSHAKES_PER_TURN; taken += 1) {
      const socket = this.#waiting[taken];
      if (socket === undefined || socket.destroyed) continue;
      this.#begun += 1;
      this.#begin(socket);
    }
    if (taken > 0) this.#waiting = this.#waiting.slice(taken);
    if (this.#isAsked || this.#begun === 0) return;
    this.#isAsked = true;
    this.#nextTurn(() => {
      this.#isAsked = false;
      this.#begun = 0;
      this.#beginSome();
    });
  }
}
