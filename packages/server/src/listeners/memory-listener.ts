import type { ListenerLimits } from "./listener-limits.ts";
import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import { MqttListenError } from "../errors.ts";
import type { ConnectionAcceptor, Listener, ListenerAddress } from "../ports/listener.ts";
import { openStream } from "./stream-wire.ts";

/** Options of the listener inside the process. */
export interface MemoryListenerOptions extends ListenerLimits {
  readonly type: "memory";
}

/** MQTT without a network: for tests, and for programs that embed the server together with its clients. */
export class MemoryListener implements Listener {
  readonly type = "memory";
  readonly connectionsMax: number | undefined;
  #acceptor: ConnectionAcceptor | undefined;
  #connections = 0;

  constructor(options: MemoryListenerOptions = { type: "memory" }) {
    this.connectionsMax = options.connectionsMax;
  }

  get address(): ListenerAddress | undefined {
    return this.#acceptor === undefined ? undefined : { url: "memory:" };
  }

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    this.#acceptor = acceptor;
  }

  async stop(): Promise<void> {
    this.#acceptor = undefined;
  }

  /** The client's end of a new connection. Throws `MqttListenError` if it is not listening or full. */
  connect(): Duplex {
    const acceptor = this.#acceptor;
    if (acceptor === undefined) throw new MqttListenError("the memory listener is not started");
    if (!acceptor.admit(undefined))
      throw new MqttListenError("the server takes no more connections");
    const [client, server] = duplexPair({ allowHalfOpen: false });
    server.once("close", () => {
      acceptor.release();
      // A pair tells the other side of an end, not of a destruction.
      client.destroy();
    });
    client.once("close", () => server.destroy());
    this.#connections += 1;
    const peer = { transport: "memory", secure: false, remotePort: this.#connections };
    openStream(server, peer, acceptor);
    return client;
  }
}
