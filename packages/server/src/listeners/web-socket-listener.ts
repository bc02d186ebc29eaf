import { createServer } from "node:http";
import type { Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Peer } from "../core/wire.ts";
import type { ConnectionAcceptor, Listener, ListenerAddress } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import { HandshakeDeadlines } from "./handshake-deadlines.ts";
import { networkAddress, socketPeer } from "./network-address.ts";
import { holdPlace, SocketServer } from "./socket-server.ts";
import type { SocketOptions } from "./socket-server.ts";
import { TlsTerminator, tlsPeer } from "./tls-terminator.ts";
import type { TlsOptions } from "./tls-terminator.ts";
import { WebSocketHandshake } from "./web-socket-handshake.ts";
import type { WebSocketOptions } from "./web-socket-options.ts";
import { openWebSocket } from "./web-socket-wire.ts";

/** Options of a WebSocket listener with a port of its own; with TLS credentials it speaks wss. */
export interface WebSocketListenerOptions extends WebSocketOptions, SocketOptions, TlsOptions {
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
}

/** Milliseconds that a client has for its upgrade request. A link with seconds each way takes some. */
const UPGRADE_TIMEOUT_MS = 15_000;

/** Request headers are small for everybody who means well. */
const MAXIMUM_HEADER_BYTES = 8_192;

/** MQTT over WebSocket, on a port of its own: ws, or wss if there are TLS credentials. */
export class WebSocketListener implements Listener {
  readonly type: "ws" | "wss";
  readonly #options: WebSocketListenerOptions;
  readonly #log: Log;
  readonly #server: SocketServer;
  readonly #handshake: WebSocketHandshake;
  readonly #deadlines: HandshakeDeadlines;
  #terminator: TlsTerminator | undefined;

  constructor(options: WebSocketListenerOptions, log: Log) {
    this.type = hasCredentials(options) ? "wss" : "ws";
    this.#options = options;
    this.#log = log;
    this.#server = new SocketServer(options, log);
    this.#handshake = new WebSocketHandshake(options, log);
    this.#deadlines = new HandshakeDeadlines(options.upgradeTimeoutMs ?? UPGRADE_TIMEOUT_MS);
  }

  get address(): ListenerAddress | undefined {
    return networkAddress(this.type, this.#server.address, this.#handshake.path);
  }

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    const { host = "127.0.0.1", port = this.type === "wss" ? 8084 : 8083 } = this.#options;
    const http = this.#httpServer(acceptor);
    const speakHttp = (socket: Socket): void => {
      this.#deadlines.begin(socket);
      http.emit("connection", socket);
    };
    const terminator = hasCredentials(this.#options)
      ? new TlsTerminator(this.#options, this.#log, speakHttp)
      : undefined;
    await this.#server.start({ host, port }, acceptor, (socket) => {
      holdPlace(socket, acceptor);
      if (terminator === undefined) speakHttp(socket);
      else terminator.accept(socket);
    });
    this.#terminator = terminator;
  }

  /** A server that never listens: sockets are given to it. It knows no page, only the upgrade. */
  #httpServer(acceptor: ConnectionAcceptor): Server {
    const http = createServer({ maxHeaderSize: MAXIMUM_HEADER_BYTES }, (_request, response) => {
      response.writeHead(426, { Connection: "close", Upgrade: "websocket" });
      response.end("This is an MQTT server: WebSocket, subprotocol mqtt.\n");
    });
    http.on("upgrade", (request, socket, head) => {
      if (!this.#handshake.isFor(request)) {
        socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      this.#handshake.upgrade(request, socket, head, (webSocket) => {
        this.#deadlines.done(socket);
        openWebSocket(webSocket, socket, webSocketPeer(socket), acceptor);
      });
    });
    return http;
  }

  async stop(): Promise<void> {
    this.#server.stop();
    this.#terminator?.stop();
    this.#terminator = undefined;
    this.#deadlines.destroyAll();
  }
}

function hasCredentials({ cert, pfx, credentials }: TlsOptions): boolean {
  return cert !== undefined || pfx !== undefined || credentials !== undefined;
}

/** Who is at the other end of a WebSocket, by the socket that it was made of. */
export function webSocketPeer(socket: Duplex): Peer {
  if (socket instanceof TLSSocket)
    return { ...socketPeer(socket, "wss"), secure: true, ...tlsPeer(socket) };
  return socket instanceof Socket ? socketPeer(socket, "ws") : { transport: "ws", secure: false };
}
