import type { OpenExchange } from "@anax/protocol";
import type { Owed } from "../owed/delivery.ts";

/** What a session has open with its client. */
interface OpenWithClient {
  readonly inFlight: number;
  readonly sender: { resume(): Iterator<OpenExchange<Owed>> };
  readonly receiver: { identifiers(): Iterable<number> };
  readonly unreleased: number;
}

/** What earlier connections of a session have left open, seen from the connection that goes on with it. */
export class Resumption {
  /** QoS 2 identifiers of the client that awaited PUBREL when this connection began, and still do. */
  readonly unreleased: Set<number>;
  #exchanges: Iterator<OpenExchange<Owed>> | undefined;
  /** Identifiers of PUBLISH packets sent again and not yet acknowledged: they too keep to the Receive Maximum. */
  readonly #resent = new Set<number>();
  /** The same for as long as they are open, where an event shows them. */
  readonly #duplicates = new Set<number>();

  /** `exchanges`: those of the server that are to be sent again; `unreleased`: open identifiers of the client. */
  constructor(exchanges?: Iterator<OpenExchange<Owed>>, unreleased: Iterable<number> = []) {
    this.#exchanges = exchanges;
    this.unreleased = new Set(unreleased);
  }

  /** What the session has open now; undefined if that is nothing. */
  static of({ inFlight, sender, unreleased, receiver }: OpenWithClient): Resumption | undefined {
    if (inFlight === 0 && unreleased === 0) return undefined;
    return new Resumption(
      inFlight === 0 ? undefined : sender.resume(),
      unreleased === 0 ? [] : receiver.identifiers(),
    );
  }

  /** True while there are exchanges that were not sent again yet: no new message may go before them. */
  get isResending(): boolean {
    return this.#exchanges !== undefined;
  }

  /** How many messages were sent again, and are not acknowledged. */
  get unacknowledged(): number {
    return this.#resent.size;
  }

  /** The next exchange that is to be sent again; undefined once there is none, and from then on. */
  next(): OpenExchange<Owed> | undefined {
    const next = this.#exchanges?.next();
    if (next?.done === false) return next.value;
    this.stop();
    return undefined;
  }

  /** Nothing more is sent again. */
  stop(): void {
    this.#exchanges = undefined;
    this.#resent.clear();
  }

  /** A PUBLISH is sent again. `isShown`: an event will tell that it was. */
  resend(packetIdentifier: number, isShown: boolean): void {
    this.#resent.add(packetIdentifier);
    if (isShown) this.#duplicates.add(packetIdentifier);
  }

  /** The exchange has moved on: it counts against the Receive Maximum like any other. */
  acknowledged(packetIdentifier: number): void {
    this.#resent.delete(packetIdentifier);
  }

  /** The exchange has ended. True if its PUBLISH was sent again, and an event is to tell that. */
  ended(packetIdentifier: number): boolean {
    return this.#duplicates.delete(packetIdentifier);
  }
}
