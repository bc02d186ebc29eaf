import type { Peer, Wire } from "../core/wire.ts";
import type { ConnectionAcceptor, ConnectionSink, HandshakeFailure } from "../ports/listener.ts";

/** Lets in no more connections of one listener than it may have, and asks the server for each of these. */
export class LimitedAcceptor implements Required<ConnectionAcceptor> {
  readonly #acceptor: ConnectionAcceptor;
  readonly #maximumConnections: number;
  #open = 0;

  constructor(acceptor: ConnectionAcceptor, maximumConnections: number) {
    this.#acceptor = acceptor;
    this.#maximumConnections = maximumConnections;
  }

  get isFull(): boolean {
    return this.#open >= this.#maximumConnections || this.#acceptor.isFull === true;
  }

  admit(remoteAddress: string | undefined): boolean {
    if (this.#open >= this.#maximumConnections) {
      const reason = `the listener has ${this.#open} connections, which is its maximumConnections`;
      this.refuse(remoteAddress, reason);
      return false;
    }
    if (!this.#acceptor.admit(remoteAddress)) return false;
    this.#open += 1;
    return true;
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
