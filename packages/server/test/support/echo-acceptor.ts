import type { Peer, Wire } from "../../src/core/wire.ts";
import type {
  ConnectionAcceptor,
  ConnectionSink,
  HandshakeFailure,
} from "../../src/ports/listener.ts";

/** One connection that an `EchoAcceptor` has. */
export interface EchoConnection {
  readonly wire: Wire;
  readonly peer: Peer;
  readonly chunks: Uint8Array[];
  drained: number;
  closed: boolean;
  error: Error | undefined;
}

/** Stands in for the server behind a listener: sends back what it gets. */
export class EchoAcceptor implements ConnectionAcceptor {
  readonly connections: EchoConnection[] = [];
  readonly failures: HandshakeFailure[] = [];
  isFull = false;
  places = 0;
  #changed: () => void = () => undefined;

  admit(): boolean {
    if (!this.isFull) this.places += 1;
    this.#changed();
    return !this.isFull;
  }

  handshakeFailed(failure: HandshakeFailure): void {
    this.failures.push(failure);
    this.#changed();
  }

  release(): void {
    this.places -= 1;
    this.#changed();
  }

  open(wire: Wire, peer: Peer): ConnectionSink {
    const connection: EchoConnection = {
      wire,
      peer,
      chunks: [],
      drained: 0,
      closed: false,
      error: undefined,
    };
    this.connections.push(connection);
    this.#changed();
    return {
      received: (chunk) => {
        connection.chunks.push(new Uint8Array(chunk));
        wire.write(new Uint8Array(chunk));
        this.#changed();
      },
      drained: () => {
        connection.drained += 1;
        this.#changed();
      },
      ended: () => wire.end(),
      closed: (error) => {
        if (connection.closed) return;
        connection.closed = true;
        connection.error = error;
        this.#changed();
      },
    };
  }

  get first(): EchoConnection {
    const connection = this.connections[0];
    if (connection === undefined) throw new Error("there is no connection");
    return connection;
  }

  /** Waits until something that this acceptor sees has become true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}
