import type { ListenerLimits } from "./listener-limits.ts";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Peer } from "../core/wire.ts";
import type { ConnectionAcceptor, Listener, ListenerAddress } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import { ForwardedFor } from "./forwarded-for.ts";
import { HandshakeDeadlines } from "./handshake-deadlines.ts";
import { isLoopbackHost } from "./loopback.ts";
import { networkAddress, socketPeer } from "./network-address.ts";
import type { SocketAddresses } from "./network-address.ts";
import { clientAddresses, throughProxy } from "./proxied.ts";
import { holdPlace, SocketServer } from "./socket-server.ts";
import type { SocketOptions } from "./socket-server.ts";
import { tlsPeer } from "./tls-peer.ts";
import { TlsTerminator } from "./tls-terminator.ts";
import type { TlsOptions } from "./tls-terminator.ts";
import { refuseUpgrade, WebSocketHandshake } from "./web-socket-handshake.ts";
import type { WebSocketOptions } from "./web-socket-options.ts";
import { openWebSocket } from "./web-socket-wire.ts";

/** Options of a WebSocket listener with a port of its own; with TLS credentials it speaks wss. */
export interface WebSocketListenerOptions
  extends WebSocketOptions, SocketOptions, TlsOptions, ListenerLimits {
  readonly type: "websocket";
  /**
   * Milliseconds that a client has to become a WebSocket, after the TLS handshake if there is one. Default 15 000: a slow
   * link needs seconds.
   */
  readonly upgradeTimeoutMs?: number;
  /** Default "127.0.0.1": this machine only. */
  readonly host?: string;
  /** Default 8083, with TLS 8084; 0 lets the system choose. */
  readonly port?: number;
  /** True: an IPv6 address takes IPv6 only, so that IPv4 may have a listener of its own on the port. Default false: "::" takes both. */
  readonly ipv6Only?: boolean;
}

/** Milliseconds that a client has for its upgrade request. A link with seconds each way takes some. */
const UPGRADE_TIMEOUT_MS = 15_000;

/** Enough of what came to tell one protocol from another. */
const FIRST_BYTES_MAX = 32;

/** What Node says of a request that it cannot read. */
interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Uint8Array;
}

/** Request headers are small for everybody who means well. */
const MAXIMUM_HEADER_BYTES = 8_192;

/** MQTT over WebSocket, on a port of its own: ws, or wss if there are TLS credentials. */
export class WebSocketListener implements Listener {
  readonly type: "ws" | "wss";
  readonly connectionsMax: number | undefined;
  readonly #options: WebSocketListenerOptions;
  readonly #log: Log;
  readonly #server: SocketServer;
  readonly #handshake: WebSocketHandshake;
  readonly #deadlines: HandshakeDeadlines<Socket>;
  /** Who sockets in a handshake come from: they no longer know when they are closed. */
  readonly #addresses = new WeakMap<Socket, SocketAddresses>();
  readonly #forwarded: ForwardedFor;
  #terminator: TlsTerminator | undefined;
  #acceptor: ConnectionAcceptor | undefined;
  #isLoopback = false;
  /** Of the request that is no HTTP, while it is answered. */
  #firstBytes: Uint8Array | undefined;

  constructor(options: WebSocketListenerOptions, log: Log) {
    this.connectionsMax = options.connectionsMax;
    this.type = hasCredentials(options) ? "wss" : "ws";
    this.#options = options;
    this.#log = log;
    this.#server = new SocketServer(options, log);
    this.#handshake = new WebSocketHandshake(options);
    this.#forwarded = new ForwardedFor(options.forwardedFrom);
    const timeoutMs = options.upgradeTimeoutMs ?? UPGRADE_TIMEOUT_MS;
    this.#deadlines = new HandshakeDeadlines(timeoutMs, (socket, reason) =>
      this.#failed(socket, reason),
    );
  }

  get address(): ListenerAddress | undefined {
    return networkAddress(this.type, this.#server.address, this.#handshake.path);
  }

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    const { host = "127.0.0.1", port = this.type === "wss" ? 8084 : 8083 } = this.#options;
    const { ipv6Only = false } = this.#options;
    this.#acceptor = acceptor;
    const http = this.#httpServer(acceptor);
    const speakHttp = (socket: Socket): void => {
      this.#addresses.set(socket, clientAddresses(socket));
      this.#deadlines.begin(socket);
      http.emit("connection", socket);
    };
    const terminator = hasCredentials(this.#options)
      ? new TlsTerminator(this.#options, this.#log, {
          secure: speakHttp,
          failed: (failure) => acceptor.handshakeFailed({ transport: "wss", ...failure }),
        })
      : undefined;
    const secured = (socket: Socket): void => {
      holdPlace(socket, acceptor);
      if (terminator === undefined) speakHttp(socket);
      else terminator.accept(socket);
    };
    const isForwarding = (address: string | undefined): boolean => this.#forwarded.trusts(address);
    await this.#server.start({ host, port, ipv6Only }, acceptor, secured, isForwarding);
    this.#isLoopback = isLoopbackHost(this.address?.host ?? "");
    this.#terminator = terminator;
  }

  /** A server that never listens: sockets are given to it. It knows no page, only the upgrade. */
  #httpServer(acceptor: ConnectionAcceptor): Server {
    const http = createServer({ maxHeaderSize: MAXIMUM_HEADER_BYTES }, (request, response) => {
      this.#deadlines.fail(request.socket, "plain HTTP, which asks for no WebSocket");
      response.writeHead(426, { Connection: "close", Upgrade: "websocket" });
      response.end("This is an MQTT server: WebSocket, subprotocol mqtt.\n");
    });
    http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head, acceptor));
    http.on("clientError", (error: ClientError, socket) => {
      this.#firstBytes = error.rawPacket?.subarray(0, FIRST_BYTES_MAX);
      if (socket instanceof Socket) this.#deadlines.fail(socket, clientErrorReason(error));
      this.#firstBytes = undefined;
      const isTooLarge = error.code === "HPE_HEADER_OVERFLOW";
      const status = isTooLarge ? "431 Request Header Fields Too Large" : "400 Bad Request";
      if (!socket.writable) socket.destroy();
      else refuseUpgrade(socket, status, isTooLarge ? "the headers are too large" : error.message);
    });
    return http;
  }

  #upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    acceptor: ConnectionAcceptor,
  ): void {
    if (!(socket instanceof Socket)) return;
    if (!this.#handshake.isFor(request)) {
      this.#deadlines.fail(socket, this.#handshake.refusePath(request, socket));
      return;
    }
    const peer = this.#forwarded.peerOf(request, webSocketPeer(socket, this.#options));
    if (!this.#mayCome(peer, acceptor)) {
      const reason = "the address may not connect now";
      refuseUpgrade(socket, "503 Service Unavailable", reason);
      this.#deadlines.fail(socket, `${reason}: ${peer.remoteAddress}`);
      return;
    }
    this.#handshake.upgrade(request, socket, head, this.#isLoopback, {
      opened: (webSocket) => {
        this.#deadlines.done(socket);
        openWebSocket(webSocket, socket, peer, acceptor);
      },
      refused: (reason) => this.#deadlines.fail(socket, reason),
    });
  }

  /** Of a client that a proxy speaks for, the address is known only now. */
  #mayCome({ remoteAddress, proxyAddress }: Peer, acceptor: ConnectionAcceptor): boolean {
    if (!this.#forwarded.trusts(proxyAddress)) return true;
    return acceptor.mayCome?.(remoteAddress) !== false;
  }

  #failed(socket: Socket, reason: string): void {
    this.#acceptor?.handshakeFailed({
      transport: this.type,
      ...this.#addresses.get(socket),
      reason,
      firstBytes: this.#firstBytes,
      isSilent: socket.bytesRead === 0,
    });
  }

  async stop(): Promise<void> {
    this.#server.stop();
    this.#terminator?.stop();
    this.#terminator = undefined;
    this.#deadlines.destroyAll();
  }
}

/** Half a request is what is left of a peer that has gone. */
function clientErrorReason({ code }: ClientError): string {
  const hasLeft = code === "HPE_INVALID_EOF_STATE" || code === "ECONNRESET";
  if (hasLeft) return "the peer left during the handshake";
  return code === "HPE_HEADER_OVERFLOW" ? "the headers are too large" : "this is no HTTP";
}

function hasCredentials({ cert, pfx, credentials }: TlsOptions): boolean {
  return cert !== undefined || pfx !== undefined || credentials !== undefined;
}

/** Who is at the other end of a WebSocket, by the socket that it was made of. */
export function webSocketPeer(socket: Duplex, options: TlsOptions = {}): Peer {
  if (!(socket instanceof Socket)) return { transport: "ws", secure: false };
  const peer =
    socket instanceof TLSSocket
      ? { ...socketPeer(socket, "wss"), secure: true, ...tlsPeer(socket, options) }
      : socketPeer(socket, "ws");
  return throughProxy(peer, socket);
}
