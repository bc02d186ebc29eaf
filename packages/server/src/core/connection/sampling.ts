import type { ConnectionContext } from "./connection-context.ts";
import type { ApplicationMessage } from "../message/application-message.ts";
import type { Connection } from "./connection.ts";
import { DeliverySampling } from "./delivery-sampling.ts";
import { Following, isPublish } from "./following.ts";
import type { Follower, FoundPublish } from "./following.ts";

/**
 * Looks at some messages on their way: how long they take (`DeliverySampling`), and, where something follows them, all about them
 * (`Following`). Each place of the hot path that tells it something asks one field first.
 */
export class Sampling {
  /** From then on, as `now`, the next packet is to be shown to `begin`. */
  nextAtMs: number;
  /** Receivers that are given something are to be shown to `give`. */
  isOpen = false;
  /** Writes are to be shown to `written`. */
  isAwaited = false;
  readonly #currentMs: () => number;
  readonly #times: DeliverySampling;
  #following: Following | undefined;

  constructor(currentMs: () => number, delivered: ((ms: number) => void) | undefined) {
    this.#currentMs = currentMs;
    this.#times = new DeliverySampling(currentMs, delivered);
    this.nextAtMs = this.#times.nextAtMs;
  }

  /** What messages are followed by. */
  get follower(): Follower | undefined {
    return this.#following?.follower;
  }

  /** True while the message of the packet at hand is followed: it is to be taken by itself then. */
  get isFollowing(): boolean {
    return this.isOpen && this.#following?.isOpen === true;
  }

  /** From now on messages are followed by this, or by nothing. */
  follow(follower: Follower | undefined): void {
    this.#following = follower && new Following(follower, this.#currentMs);
    this.#update();
  }

  /** A packet is about to be taken. */
  begin(core: ConnectionContext, connection: Connection, place: FoundPublish): void {
    this.#following?.close(core);
    if (!isPublish(place.firstByte)) return;
    if (core.now >= this.#times.nextAtMs) this.#times.begin(connection.lastBytesAtMs, core.now);
    this.#following?.begin(core, connection, place);
    this.#update();
  }

  /** The server or the program is about to publish a message. */
  beginOwn(message: ApplicationMessage, clientId: string): void {
    if (this.#following === undefined) return;
    this.#following.beginOwn(message, clientId);
    this.#update();
  }

  /** A receiver was given something while `isOpen`. */
  give(connection: Connection): void {
    if (this.#times.isOpen) this.#times.give(connection);
    this.#following?.give(connection);
    this.#update();
  }

  /** What was shown to `begin` has been taken. */
  close(core: Pick<ConnectionContext, "deadlines" | "now">): void {
    this.#times.isOpen = false;
    this.#following?.close(core);
    this.#update();
  }

  /** A connection was written to while `isAwaited`. */
  written(core: Pick<ConnectionContext, "deadlines" | "now">, connection: Connection): void {
    // What waits for the journal was not in it.
    if (connection.output.gate !== undefined) return;
    if (this.#times.target === connection) this.#times.end();
    this.#following?.written(core, connection);
    this.#update();
  }

  #update(): void {
    const { isOpen, target, nextAtMs } = this.#times;
    this.isOpen = isOpen || this.#following?.isOpen === true;
    this.isAwaited = target !== undefined || this.#following?.isAwaited === true;
    this.nextAtMs = this.#following === undefined ? nextAtMs : -Infinity;
  }
}
