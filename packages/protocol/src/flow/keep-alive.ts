/**
 * Keep Alive as deadlines. Both classes are told when packets pass and answer when something is
 * due; who asks has the timer. All times are milliseconds of one clock that never goes back; a
 * deadline that never comes is Infinity. A Keep Alive of 0 switches the mechanism off.
 */

import { requireInteger } from "../integer.ts";

/**
 * The server's side: a client that is silent for one and a half times its Keep Alive is gone
 * [MQTT-3.1.2-22].
 */
export class ServerKeepAlive {
  readonly #silenceMsMax: number;
  #deadlineMs: number;

  /**
   * @param keepAliveSeconds the value in force: the server's own, if CONNACK had one.
   * @throws RangeError if it is not an integer from 0 to 65535.
   */
  constructor(keepAliveSeconds: number, nowMs: number) {
    requireKeepAlive(keepAliveSeconds);
    this.#silenceMsMax = keepAliveSeconds === 0 ? Infinity : keepAliveSeconds * 1_500;
    this.#deadlineMs = nowMs + this.#silenceMsMax;
  }

  /** When the connection is to be closed, if no packet comes before. It only ever moves later. */
  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  /** A whole packet came (bytes of an unfinished one do not count); gives the new deadline. */
  packetReceived(nowMs: number): number {
    this.#deadlineMs = nowMs + this.#silenceMsMax;
    return this.#deadlineMs;
  }

  /** Whether the connection is to be closed now, as if the network had failed. */
  isOverdue(nowMs: number): boolean {
    return nowMs >= this.#deadlineMs;
  }
}

/**
 * What the client has to do now: send PINGREQ, close the connection because no answer came, or
 * nothing.
 */
export type ClientKeepAliveAction = "ping" | "close" | "none";

/** Times of a `ClientKeepAlive`. */
export interface ClientKeepAliveOptions {
  /** The value in force: that of CONNACK if it had one [MQTT-3.1.2-21]. */
  readonly keepAliveSeconds: number;
  /** How long an answer to PINGREQ may take, in milliseconds. */
  readonly pingrespTimeoutMs: number;
}

/**
 * The client's side. It asks for PINGREQ when nothing was sent for the Keep Alive [MQTT-3.1.2-20],
 * and also when nothing was received for as long: a client that only publishes at QoS 0 would else
 * never learn that nobody is there. While an answer is awaited, any packet shows that the server
 * lives.
 */
export class ClientKeepAlive {
  readonly #intervalMs: number;
  readonly #pingrespTimeoutMs: number;
  #sentMs: number;
  #receivedMs: number;
  /** Infinity while no PINGRESP is awaited. */
  #closeMs = Infinity;

  /**
   * @param nowMs the time at which CONNACK came.
   * @throws RangeError if Keep Alive is no integer from 0 to 65535, or the timeout no integer above 0.
   */
  constructor(options: ClientKeepAliveOptions, nowMs: number) {
    requireKeepAlive(options.keepAliveSeconds);
    requireInteger(options.pingrespTimeoutMs, "pingrespTimeoutMs", 1, Number.MAX_SAFE_INTEGER);
    this.#intervalMs = options.keepAliveSeconds === 0 ? Infinity : options.keepAliveSeconds * 1_000;
    this.#pingrespTimeoutMs = options.pingrespTimeoutMs;
    this.#sentMs = nowMs;
    this.#receivedMs = nowMs;
  }

  /** When `due` is to be asked next. */
  get deadlineMs(): number {
    return Math.min(this.#closeMs, this.#pingMs());
  }

  /** A packet was sent, other than the PINGREQ that `due` asked for. Gives the next deadline. */
  packetSent(nowMs: number): number {
    this.#sentMs = nowMs;
    return this.deadlineMs;
  }

  /** A whole packet came, other than PINGRESP. Gives the next deadline. */
  packetReceived(nowMs: number): number {
    this.#receivedMs = nowMs;
    if (this.#closeMs !== Infinity) this.#closeMs = nowMs + this.#pingrespTimeoutMs;
    return this.deadlineMs;
  }

  /** PINGRESP came. Gives the next deadline. */
  pingrespReceived(nowMs: number): number {
    this.#receivedMs = nowMs;
    this.#closeMs = Infinity;
    return this.deadlineMs;
  }

  /** What is to be done now. Answering "ping" counts that PINGREQ as sent at this time. */
  due(nowMs: number): ClientKeepAliveAction {
    if (nowMs >= this.#closeMs) return "close";
    if (nowMs < this.#pingMs()) return "none";
    this.#sentMs = nowMs;
    if (this.#closeMs === Infinity) this.#closeMs = nowMs + this.#pingrespTimeoutMs;
    return "ping";
  }

  /** While an answer is awaited, only silence of our own asks for another PINGREQ. */
  #pingMs(): number {
    const since =
      this.#closeMs === Infinity ? Math.min(this.#sentMs, this.#receivedMs) : this.#sentMs;
    return since + this.#intervalMs;
  }
}

function requireKeepAlive(seconds: number): void {
  requireInteger(seconds, "keepAliveSeconds", 0, 65_535);
}
