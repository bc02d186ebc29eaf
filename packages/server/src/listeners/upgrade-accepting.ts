import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionAcceptor } from "../ports/listener.ts";
import type { ForwardedFor } from "./forwarded-for.ts";
import { holdPlace } from "./socket-server.ts";
import { refuseUpgrade } from "./web-socket-handshake.ts";
import type { WebSocketHandshake } from "./web-socket-handshake.ts";
import { webSocketPeer } from "./web-socket-listener.ts";
import { openWebSocket } from "./web-socket-wire.ts";

/** An upgrade request to a server that is not ours. */
export interface ForeignUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly acceptor: ConnectionAcceptor;
  readonly handshake: WebSocketHandshake;
  /** Which proxies are believed; by default none. */
  readonly forwarded?: ForwardedFor;
  /** True if only this machine can reach that server. */
  readonly isLoopback: boolean;
}

/** Makes an MQTT connection of an upgrade request that somebody else's HTTP server got, if there is a place and it is right. */
export function acceptUpgrade(upgrade: ForeignUpgrade): void {
  const { request, socket, head, acceptor, handshake, forwarded, isLoopback } = upgrade;
  const own = webSocketPeer(socket);
  const peer = forwarded?.peerOf(request, own) ?? own;
  const { transport, remoteAddress, remotePort } = peer;
  if (!acceptor.admit(remoteAddress)) {
    refuseUpgrade(socket, "503 Service Unavailable", "no more connections are taken");
    return;
  }
  holdPlace(socket, acceptor);
  handshake.upgrade(request, socket, head, isLoopback, {
    opened: (webSocket) => openWebSocket(webSocket, socket, peer, acceptor),
    refused: (reason) => acceptor.handshakeFailed({ transport, remoteAddress, remotePort, reason }),
  });
}
