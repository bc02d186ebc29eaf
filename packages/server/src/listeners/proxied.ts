import type { Socket } from "node:net";
import type { Peer } from "../core/wire.ts";
import type { SocketAddresses } from "./network-address.ts";
import type { ProxiedClient } from "./proxy-header.ts";
import { socketBelow } from "./socket-below.ts";

/** Who sockets speak for that a proxy has opened. */
const clients = new WeakMap<object, ProxiedClient>();

/** Remembers for whom a proxy has opened a socket. */
export function setProxied(socket: Socket, client: ProxiedClient): void {
  clients.set(socket, client);
}

/** For whom a proxy has opened a socket, or the one below it; undefined if none has. */
export function proxiedClient(socket: object): ProxiedClient | undefined {
  return clients.get(socketBelow(socket) ?? socket);
}

/** Where a socket comes from, as far as its proxy knows. */
export function clientAddresses(
  socket: Socket,
): Pick<SocketAddresses, "remoteAddress" | "remotePort"> {
  const { remoteAddress, remotePort } = proxiedClient(socket) ?? socket;
  return { remoteAddress, remotePort };
}

/** A peer as its proxy tells of it: the proxy's own address stays known as `proxyAddress`. */
export function throughProxy(peer: Peer, socket: object): Peer {
  const client = proxiedClient(socket);
  if (client === undefined) return peer;
  const { remoteAddress: proxyAddress, remotePort: _remote, ...ends } = peer;
  const { localAddress: _address, localPort: _port, ...own } = ends;
  const secure = peer.secure || client.tls !== undefined;
  return { ...own, ...client, secure, ...(proxyAddress !== undefined && { proxyAddress }) };
}
