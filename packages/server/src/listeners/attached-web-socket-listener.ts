import type { ListenerLimits } from "./listener-limits.ts";
import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Server as TlsServer } from "node:tls";
import type { ConnectionAcceptor, Listener, ListenerAddress } from "../ports/listener.ts";
import { ForwardedFor } from "./forwarded-for.ts";
import { isLoopbackHost } from "./loopback.ts";
import { networkAddress } from "./network-address.ts";
import { UnclaimedUpgrades } from "./unclaimed-upgrades.ts";
import { acceptUpgrade } from "./upgrade-accepting.ts";
import { WebSocketHandshake } from "./web-socket-handshake.ts";
import type { WebSocketOptions } from "./web-socket-options.ts";

/** Options of a WebSocket listener that shares a server of the embedding program. */
export interface AttachedWebSocketListenerOptions extends WebSocketOptions, ListenerLimits {
  readonly type: "websocket";
  /** Listening, or told to listen by its owner later; it is never closed here. */
  readonly server: HttpServer | HttpsServer;
}

/** All that are attached to each server: an upgrade is nobody's only if none of them wants it. */
const attached = new WeakMap<HttpServer | HttpsServer, Set<AttachedWebSocketListener>>();

/**
 * MQTT over WebSocket on one path of an HTTP server that belongs to somebody else. Requests and
 * upgrades of other paths stay with the server's other handlers; an upgrade that none of them answers is refused.
 */
export class AttachedWebSocketListener implements Listener {
  readonly type: "ws" | "wss";
  readonly connectionsMax: number | undefined;
  readonly #http: HttpServer | HttpsServer;
  readonly #handshake: WebSocketHandshake;
  readonly #forwarded: ForwardedFor;
  readonly #unclaimed: UnclaimedUpgrades;
  #acceptor: ConnectionAcceptor | undefined;

  constructor(options: AttachedWebSocketListenerOptions) {
    this.connectionsMax = options.connectionsMax;
    this.#http = options.server;
    this.type = options.server instanceof TlsServer ? "wss" : "ws";
    this.#handshake = new WebSocketHandshake(options);
    this.#forwarded = new ForwardedFor(options.forwardedFrom);
    this.#unclaimed = new UnclaimedUpgrades((request, socket) => this.#refuse(request, socket));
  }

  get address(): ListenerAddress | undefined {
    if (this.#acceptor === undefined) return undefined;
    return networkAddress(this.type, this.#http.address(), this.#handshake.path);
  }

  async start(acceptor: ConnectionAcceptor): Promise<void> {
    this.#acceptor = acceptor;
    this.#siblings.add(this);
    this.#http.on("upgrade", this.#onUpgrade);
  }

  get #siblings(): Set<AttachedWebSocketListener> {
    const siblings = attached.get(this.#http) ?? new Set();
    attached.set(this.#http, siblings);
    return siblings;
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const acceptor = this.#acceptor;
    if (acceptor === undefined || !(socket instanceof Socket)) return;
    if (this.#handshake.isFor(request)) {
      const isLoopback = isLoopbackHost(this.address?.host ?? "");
      const [handshake, forwarded] = [this.#handshake, this.#forwarded];
      acceptUpgrade({ request, socket, head, acceptor, handshake, forwarded, isLoopback });
      return;
    }
    // One of us sees to what none of us wants.
    const siblings = Array.from(this.#siblings);
    if (siblings[0] !== this || siblings.some((one) => one.#handshake.isFor(request))) return;
    const hasOthers = this.#http.listenerCount("upgrade") > siblings.length;
    if (hasOthers) this.#unclaimed.watch(request, socket);
    else this.#refuse(request, socket);
  };

  #refuse(request: IncomingMessage, socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    const paths = Array.from(this.#siblings, (one) => one.#handshake.path);
    const reason = this.#handshake.refusePath(request, socket, paths);
    const { type: transport } = this;
    this.#acceptor?.handshakeFailed({ transport, remoteAddress, remotePort, reason });
  }

  async stop(): Promise<void> {
    this.#http.off("upgrade", this.#onUpgrade);
    this.#unclaimed.refuseAll();
    this.#siblings.delete(this);
    this.#acceptor = undefined;
  }
}
