import type { Peer, Wire } from "../core/wire.ts";
import type { ConnectionAcceptor, ConnectionSink, HandshakeFailure } from "../ports/listener.ts";

/** Lets in no more connections of one listener than it may have, and asks the server for each of these. */
export class LimitedAcceptor implements Required<ConnectionAcceptor> {
  readonly #acceptor: ConnectionAcceptor;
  readonly #connectionsMax: number;
  #open = 0;

  constructor(acceptor: ConnectionAcceptor, connectionsMax: number) {
    this.#acceptor = acceptor;
    this.#connectionsMax = connectionsMax;
  }

  get isFull(): boolean {
    return this.#open >= this.#connectionsMax || this.#acceptor.isFull === true;
  }

  admit(remoteAddress: string | undefined): boolean {
    if (this.#open >= this.#connectionsMax) {
      const reason = `the listener has ${this.#open} connections, which is its connectionsMax`;
      this.refuse(remoteAddress, reason);
      return false;
    }
    if (!this.#acceptor.admit(remoteAddress)) return false;
    this.#open += 1;
    return true;
  }

  mayCome(remoteAddress: string | undefined): boolean {
    return this.#acceptor.mayCome?.(remoteAddress) !== false;
  }

  refuse(remoteAddress: string | undefined, reason: string): void {
    this.#acceptor.refuse?.(remoteAddress, reason);
  }

  turnAway(): ConnectionAcceptor | undefined {
    return this.#acceptor.turnAway?.();
  }

  release(): void {
    this.#open -= 1;
    this.#acceptor.release();
  }

  handshakeFailed(failure: HandshakeFailure): void {
    this.#acceptor.handshakeFailed(failure);
  }

  open(wire: Wire, peer: Peer): ConnectionSink {
    return this.#acceptor.open(wire, peer);
  }
}
