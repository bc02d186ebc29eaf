import type { Refusal } from "../core/connection/refusal.ts";
import type { Peer, Wire } from "../core/wire.ts";
import type { ConnectionAcceptor, ConnectionSink, HandshakeFailure } from "../ports/listener.ts";

/** Clients at a time that are told that there is no place for them; others are closed at once. */
const TURNED_AWAY_MAX = 100;

const FULL: Refusal = {
  reasonCode: 0x97,
  reasonString: "the server has no place for more connections",
};

/** Tells clients that were not let in for want of a place. They take places of their own for that, which are few. */
export class TurningAway implements ConnectionAcceptor {
  readonly #opens: (wire: Wire, peer: Peer, refusal: Refusal) => ConnectionSink;
  readonly #failed: (failure: HandshakeFailure) => void;
  #count = 0;

  constructor(
    opens: (wire: Wire, peer: Peer, refusal: Refusal) => ConnectionSink,
    failed: (failure: HandshakeFailure) => void,
  ) {
    this.#opens = opens;
    this.#failed = failed;
  }

  /** Takes one of these places; false if there is none. */
  admit(): boolean {
    if (this.#count >= TURNED_AWAY_MAX) return false;
    this.#count += 1;
    return true;
  }

  release(): void {
    this.#count -= 1;
  }

  handshakeFailed(failure: HandshakeFailure): void {
    this.#failed(failure);
  }

  open(wire: Wire, peer: Peer): ConnectionSink {
    return this.#opens(wire, peer, FULL);
  }
}
