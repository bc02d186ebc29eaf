import type { ConnectionAcceptor } from "../ports/listener.ts";
import { clearTimeout, setTimeout } from "../platform.ts";

/** It is looked for a place so often in milliseconds, and so many times: for a tenth of a second, and longer if the loop is busy. */
const LOOK_MS = 5;
const LOOKS = 20;
/** Newcomers that wait; beyond, they are refused at once. */
const WAITING_MAX = 1_000;

interface Newcomer {
  looksLeft: number;
  /** Asks to be admitted, for good. */
  readonly ask: () => void;
  readonly leave: () => void;
}

/**
 * Where newcomers wait for a moment while all places are taken. The system tells of new connections before it tells that old
 * ones are closed, and a close takes some turns of the loop: who comes right after others have gone would be refused for nothing.
 */
export class WaitingRoom {
  readonly #acceptor: ConnectionAcceptor;
  #waiting: Newcomer[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(acceptor: ConnectionAcceptor) {
    this.#acceptor = acceptor;
  }

  /** Calls one of the two: at once, or once a place is free or the wait is over. */
  admit(remoteAddress: string | undefined, admitted: () => void, refused: () => void): void {
    const acceptor = this.#acceptor;
    const ask = (): void => (acceptor.admit(remoteAddress) ? admitted() : refused());
    const mustWait = acceptor.isFull === true || this.#waiting.length > 0;
    if (!mustWait || this.#waiting.length >= WAITING_MAX) return ask();
    this.#waiting.push({ looksLeft: LOOKS, ask, leave: refused });
    this.#timer ??= setTimeout(this.#look, LOOK_MS);
  }

  /** Nobody is let in any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { leave } of this.#waiting.splice(0)) leave();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    for (const newcomer of this.#waiting) newcomer.looksLeft -= 1;
    let [next] = this.#waiting;
    while (next !== undefined && (this.#acceptor.isFull !== true || next.looksLeft <= 0)) {
      this.#waiting.shift();
      next.ask();
      [next] = this.#waiting;
    }
    if (this.#waiting.length > 0) this.#timer = setTimeout(this.#look, LOOK_MS);
  };
}
