import { Socket } from "node:net";
import type { SocketConstructorOpts } from "node:net";
import type { ListenerLimits } from "./listener-limits.ts";
import type { ConnectionAcceptor, Listener, ListenerAddress } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import { networkAddress, sharedLocalAddress, socketPeer } from "./network-address.ts";
import { throughProxy } from "./proxied.ts";
import { readShared } from "./shared-reading.ts";
import { holdPlace, SocketServer } from "./socket-server.ts";
import type { SocketOptions } from "./socket-server.ts";
import { openStream } from "./stream-wire.ts";
import { tlsPeer } from "./tls-peer.ts";
import { TlsTerminator } from "./tls-terminator.ts";
import { TlsWire } from "./tls-wire.ts";
import type { TlsOptions } from "./tls-terminator.ts";

/** Options of a listener on TLS. */
export interface TlsListenerOptions extends SocketOptions, TlsOptions, ListenerLimits {
  readonly type: "tls";
  /** Default "127.0.0.1": this machine only. */
  readonly host?: string;
  /** Default 8883; 0 lets the system choose. */
  readonly port?: number;
  /** True: an IPv6 address takes IPv6 only, so that IPv4 may have a listener of its own on the port. Default false: "::" takes both. */
  readonly ipv6Only?: boolean;
}

/** MQTT over TLS. */
export class TlsListener implements Listener {
  readonly type = "tls";
  readonly connectionsMax: number | undefined;
  readonly #options: TlsListenerOptions;
  readonly #log: Log;
  readonly #server: SocketServer;
  #terminator: TlsTerminator | undefined;

  constructor(options: TlsListenerOptions, log: Log) {
    this.connectionsMax = options.connectionsMax;
    this.#options = options;
    this.#log = log;
    this.#server = new SocketServer(options, log);
  }

  get address(): ListenerAddress | undefined {
    return networkAddress("mqtts", this.#server.address);
  }

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    const { host = "127.0.0.1", port = 8883 } = this.#options;
    const { ipv6Only = false } = this.#options;
    const terminator = new TlsTerminator(this.#options, this.#log, {
      secure: (socket) => {
        const peer = {
          ...socketPeer(socket, "tls"),
          secure: true,
          ...tlsPeer(socket, this.#options),
        };
        readShared(socket);
        openStream(socket, throughProxy(peer, socket), acceptor);
      },
      failed: (failure) => acceptor.handshakeFailed({ transport: "tls", ...failure }),
    });
    const accept = (socket: Socket): void => {
      holdPlace(socket, acceptor);
      terminator.accept(socket);
    };
    await this.#server.start({ host, port, ipv6Only }, acceptor, accept);
    this.#takeHandles(terminator, acceptor, accept);
    this.#terminator = terminator;
  }

  /** Where it can be, connections have no sockets. */
  #takeHandles(
    terminator: TlsTerminator,
    acceptor: ConnectionAcceptor,
    accept: (socket: Socket) => void,
  ): void {
    const local = sharedLocalAddress(this.#server.address);
    const take = terminator.onHandles({
      secure: (newcomer, facts, handles) => {
        const peer = {
          ...socketPeer(newcomer.addresses, "tls", local),
          secure: true,
          ...tlsPeer(facts, this.#options),
        };
        const wire = new TlsWire(newcomer.tls, handles, acceptor);
        newcomer.becomes(wire);
        wire.start(acceptor.open(wire, peer));
      },
      closed: () => acceptor.release(),
    });
    if (take === undefined) return;
    this.#server.takeHandles(
      (handle, addresses) => {
        if (!take(handle, addresses)) accept(new Socket({ handle } as SocketConstructorOpts));
      },
      (handle) => handle.close(),
    );
  }

  async stop(): Promise<void> {
    this.#server.stop();
    this.#terminator?.stop();
    this.#terminator = undefined;
  }
}
