import { Socket } from "node:net";
import type { Peer } from "../core/wire.ts";
import type { SocketAddresses } from "./network-address.ts";
import type { ProxiedClient } from "./proxy-header.ts";

/** The socket below a TLS socket is no documented part of it; without it the proxy counts as the client. */
type CarriedSocket = Socket & { readonly _parent?: unknown };

/** Who sockets speak for that a proxy has opened. */
const clients = new WeakMap<object, ProxiedClient>();

/** Remembers for whom a proxy has opened a socket. */
export function setProxied(socket: Socket, client: ProxiedClient): void {
  clients.set(socket, client);
}

/** For whom a proxy has opened a socket, or the one below it; undefined if none has. */
export function proxiedClient(socket: object): ProxiedClient | undefined {
  const own = clients.get(socket);
  if (own !== undefined || !(socket instanceof Socket)) return own;
  const { _parent: below } = socket as CarriedSocket;
  return typeof below === "object" && below !== null ? clients.get(below) : undefined;
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
  const { transport, remoteAddress: proxyAddress, remotePort: _port, ...rest } = peer;
  const { localAddress: _address, localPort: _localPort, ...own } = rest;
  const isSecure = peer.secure || client.tls !== undefined;
  const via = proxyAddress === undefined ? {} : { proxyAddress };
  return { ...own, transport, ...client, secure: isSecure, ...via };
}
