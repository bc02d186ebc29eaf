import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Server as TlsServer } from "node:tls";
import type { ConnectionAcceptor, Listener, ListenerAddress } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import { networkAddress } from "./network-address.ts";
import { holdPlace } from "./socket-server.ts";
import { refuseUpgrade, WebSocketHandshake } from "./web-socket-handshake.ts";
import type { WebSocketOptions } from "./web-socket-options.ts";
import { webSocketPeer } from "./web-socket-listener.ts";
import { openWebSocket } from "./web-socket-wire.ts";

/** Options of a WebSocket listener that shares a server of the embedding program. */
export interface AttachedWebSocketListenerOptions extends WebSocketOptions {
  readonly type: "websocket";
  /** Listening, or told to listen by its owner later; it is never closed here. */
  readonly server: HttpServer | HttpsServer;
}

/**
 * MQTT over WebSocket on one path of an HTTP server that belongs to somebody else. Requests and
 * upgrades of other paths stay with the server's other handlers.
 */
export class AttachedWebSocketListener implements Listener {
  readonly type: "ws" | "wss";
  readonly #http: HttpServer | HttpsServer;
  readonly #handshake: WebSocketHandshake;
  #onUpgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined;

  constructor(options: AttachedWebSocketListenerOptions, log: Log) {
    this.#http = options.server;
    this.type = options.server instanceof TlsServer ? "wss" : "ws";
    this.#handshake = new WebSocketHandshake(options, log);
  }

  get address(): ListenerAddress | undefined {
    if (this.#onUpgrade === undefined) return undefined;
    return networkAddress(this.type, this.#http.address(), this.#handshake.path);
  }

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    this.#onUpgrade = (request, socket, head) => {
      if (this.#handshake.isFor(request)) this.#upgrade(request, socket, head, acceptor);
      else if (this.#http.listenerCount("upgrade") === 1) refuseUpgrade(socket, "404 Not Found");
    };
    this.#http.on("upgrade", this.#onUpgrade);
  }

  #upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    acceptor: ConnectionAcceptor,
  ): void {
    if (!(socket instanceof Socket)) return;
    if (!acceptor.admit(socket.remoteAddress)) {
      socket.destroy();
      return;
    }
    holdPlace(socket, acceptor);
    this.#handshake.upgrade(request, socket, head, (webSocket) => {
      openWebSocket(webSocket, socket, webSocketPeer(socket), acceptor);
    });
  }

  async stop(): Promise<void> {
    if (this.#onUpgrade !== undefined) this.#http.off("upgrade", this.#onUpgrade);
    this.#onUpgrade = undefined;
  }
}
