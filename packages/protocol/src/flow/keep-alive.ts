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

  /** A whole packet came; gives the new deadline. Whether bytes of an unfinished one count is for the caller to say. */
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

/** A line of this speed or more is not taken for dead while it carries a large message, in bytes per millisecond. */
const SLOW_LINE_BYTES_PER_MS = 1;
/** For so long at most: far more than this does not fit into the buffers on the way, and is seen to move on. */
const SLOW_LINE_MS_MAX = 600_000;

/**
 * The client's side. It asks for PINGREQ when nothing was sent for the Keep Alive [MQTT-3.1.2-20],
 * and also when nothing was received for as long: a client that only publishes at QoS 0 would else
 * never learn that nobody is there. It asks a little earlier, by a quarter of the Keep Alive but at most a second, because
 * timers are late, those of a page in the background by up to a second.
 *
 * While an answer is awaited, any byte shows that the server lives, and the answer has time until what was sent before can
 * have arrived over a slow line.
 */
export class ClientKeepAlive {
  readonly #intervalMs: number;
  readonly #pingrespTimeoutMs: number;
  #sentMs: number;
  #receivedMs: number;
  /** When all that was sent has arrived, at the latest, if the line is slow. */
  #arrivedMs = 0;
  /** Infinity while no PINGRESP is awaited. */
  #closeMs = Infinity;

  /**
   * @param nowMs the time at which CONNACK came.
   * @throws RangeError if Keep Alive is no integer from 0 to 65535, or the timeout no integer above 0.
   */
  constructor(options: ClientKeepAliveOptions, nowMs: number) {
    requireKeepAlive(options.keepAliveSeconds);
    requireInteger(options.pingrespTimeoutMs, "pingrespTimeoutMs", 1, Number.MAX_SAFE_INTEGER);
    const keepAliveMs = options.keepAliveSeconds * 1_000;
    this.#intervalMs =
      keepAliveMs === 0 ? Infinity : keepAliveMs - Math.min(keepAliveMs / 4, 1_000);
    this.#pingrespTimeoutMs = options.pingrespTimeoutMs;
    this.#sentMs = nowMs;
    this.#receivedMs = nowMs;
  }

  /** When `due` is to be asked next. */
  get deadlineMs(): number {
    return Math.min(this.#closeMs, this.#pingMs());
  }

  /** Whether an answer to PINGREQ is awaited. */
  get isAwaiting(): boolean {
    return this.#closeMs !== Infinity;
  }

  /** Bytes of packets were sent, other than the PINGREQ that `due` asked for. Gives the next deadline. */
  packetSent(nowMs: number, bytes = 0): number {
    this.#sentMs = nowMs;
    this.#arrivedMs = Math.max(this.#arrivedMs, nowMs) + bytes / SLOW_LINE_BYTES_PER_MS;
    return this.deadlineMs;
  }

  /** The transport, which had more than it could send, has sent some. Gives the next deadline. */
  transportDrained(nowMs: number): number {
    this.#wait(nowMs);
    return this.deadlineMs;
  }

  /** Bytes came, of whole packets or of one that goes on. Gives the next deadline. */
  bytesReceived(nowMs: number): number {
    this.#receivedMs = nowMs;
    this.#wait(nowMs);
    return this.deadlineMs;
  }

  /** PINGRESP came. Gives the next deadline. */
  pingrespReceived(nowMs: number): number {
    this.#receivedMs = nowMs;
    this.#closeMs = Infinity;
    return this.deadlineMs;
  }

  /** A PINGREQ is sent that `due` did not ask for, and its answer is waited for as for the others. */
  pingSent(nowMs: number): number {
    this.#sentMs = nowMs;
    if (this.#closeMs === Infinity) this.#closeMs = this.#answerMs(nowMs);
    return this.deadlineMs;
  }

  /** Whether an answer is awaited and its time is over. */
  isOverdue(nowMs: number): boolean {
    return nowMs >= this.#closeMs;
  }

  /** What is to be done now. Answering "ping" counts that PINGREQ as sent at this time. */
  due(nowMs: number): ClientKeepAliveAction {
    if (this.isOverdue(nowMs)) return "close";
    if (nowMs < this.#pingMs()) return "none";
    this.pingSent(nowMs);
    return "ping";
  }

  /** There are signs of life, so the answer may still come. */
  #wait(nowMs: number): void {
    if (this.#closeMs === Infinity) return;
    this.#closeMs = Math.max(this.#closeMs, this.#answerMs(nowMs));
  }

  /** When an answer comes at the latest. */
  #answerMs(nowMs: number): number {
    const sendingMs = Math.min(Math.max(0, this.#arrivedMs - nowMs), SLOW_LINE_MS_MAX);
    return nowMs + sendingMs + this.#pingrespTimeoutMs;
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
