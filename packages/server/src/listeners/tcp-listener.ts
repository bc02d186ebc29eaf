import type { ListenerLimits } from "./listener-limits.ts";
import type { ConnectionAcceptor, Listener, ListenerAddress } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import { networkAddress, sharedLocalAddress, socketPeer } from "./network-address.ts";
import type { LocalAddress } from "./network-address.ts";
import { SocketServer } from "./socket-server.ts";
import type { SocketOptions } from "./socket-server.ts";

/** Options of a listener on plain TCP. */
export interface TcpListenerOptions extends SocketOptions, ListenerLimits {
  readonly type: "tcp";
  /** Default "127.0.0.1": this machine only. "::" or "0.0.0.0" listens to the network. */
  readonly host?: string;
  /** Default 1883; 0 lets the system choose. */
  readonly port?: number;
  /** True: an IPv6 address takes IPv6 only, so that IPv4 may have a listener of its own on the port. Default false: "::" takes both. */
  readonly ipv6Only?: boolean;
}

/** MQTT over TCP. */
export class TcpListener implements Listener {
  readonly type = "tcp";
  readonly connectionsMax: number | undefined;
  readonly #options: TcpListenerOptions;
  readonly #server: SocketServer;
  #local: LocalAddress | undefined;

  constructor(options: TcpListenerOptions, log: Log) {
    this.connectionsMax = options.connectionsMax;
    this.#options = options;
    this.#server = new SocketServer(options, log);
  }

  get address(): ListenerAddress | undefined {
    return networkAddress("mqtt", this.#server.address);
  }

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    const { host = "127.0.0.1", port = 1883 } = this.#options;
    const { ipv6Only = false } = this.#options;
    await this.#server.startPlain({ host, port, ipv6Only }, acceptor, (addresses) =>
      socketPeer(addresses, "tcp", this.#local),
    );
    // From here on nobody has to ask the system, for each connection, what is the same for all.
    this.#local = sharedLocalAddress(this.#server.address);
  }

  async stop(): Promise<void> {
    this.#server.stop();
  }
}
