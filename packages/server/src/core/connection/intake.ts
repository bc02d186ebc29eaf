import type { Behind } from "./passing.ts";
import type { Wire } from "../wire.ts";

/** Why a wire is not read: its packets wait, or its answers pile up. Bits, since both may hold. */
const HELD_BY_PACKETS = 1;
const HELD_BY_ANSWERS = 2;

/**
 * How far the packets of a connection have been taken: what is at work, what waits for it, what waits for a turn of the
 * loop, and whether the wire is read.
 */
export class Intake {
  /** Packets are being read just now. */
  isReading = false;
  /** Packets that have come wait for a turn of the loop that has time for them. */
  isLate = false;
  /** Bytes of them, when they began to wait. */
  lateBytes = 0;
  /** A packet is taken in several turns, and has not come to its end. */
  isCut = false;
  /** The peer sends no more: the connection ends when what it sent is answered. */
  isEnded = false;
  /** It says a little again and again: its answers do not wait behind those to thousands that speak at once. */
  isRegular = false;
  /** Packets that are at work, or wait for a handler; further packets wait behind them. */
  packetsAtWork = 0;
  /** What waits behind a packet that others may pass; undefined while there is none. */
  behind: Behind | undefined;
  readonly #wire: Wire;
  #held = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** True while a packet is at work: what follows it waits. */
  get isWaiting(): boolean {
    return this.packetsAtWork > 0;
  }

  /** True while packets are taken as they come: none waits for a turn, or holds up the next. */
  get isFree(): boolean {
    return !this.isLate && this.packetsAtWork === 0;
  }

  /** True while the wire is not read because the peer does not take its answers, or a handler is slow with them. */
  get isThrottled(): boolean {
    return (this.#held & HELD_BY_ANSWERS) !== 0;
  }

  /** The wire is to be read, or not, as far as its packets go. False if that was so before. */
  holdPackets(isHeld: boolean): boolean {
    return this.#hold(HELD_BY_PACKETS, isHeld);
  }

  /** The same as far as its answers go. */
  holdAnswers(isHeld: boolean): void {
    this.#hold(HELD_BY_ANSWERS, isHeld);
  }

  #hold(reason: number, isHeld: boolean): boolean {
    const held = isHeld ? this.#held | reason : this.#held & ~reason;
    if (held === this.#held) return false;
    const wasHeld = this.#held !== 0;
    this.#held = held;
    if (held === 0) this.#wire.resume();
    else if (!wasHeld) this.#wire.pause();
    return true;
  }
}
