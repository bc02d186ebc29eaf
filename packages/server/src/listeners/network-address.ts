import { isIPv6 } from "node:net";
import type { AddressInfo } from "node:net";
import type { Peer } from "../core/wire.ts";
import type { ListenerAddress } from "../ports/listener.ts";

/** Address of a TCP based listener as its clients write it. */
export function networkAddress(
  scheme: "mqtt" | "mqtts" | "ws" | "wss",
  bound: AddressInfo | string | null | undefined,
  path = "",
): ListenerAddress | undefined {
  if (bound === null || bound === undefined || typeof bound === "string") return undefined;
  const { address: host, port } = bound;
  const shown = isIPv6(host) ? `[${host}]` : host;
  return { url: `${scheme}://${shown}:${port}${path}`, host, port };
}

/** The ends of a connection, as a socket tells them. */
export interface SocketAddresses {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/**
 * Who is at the other end of a socket. The addresses are gone once it closes, so they are read now. The object is one
 * literal: spread together from parts that may be missing, every connection's had a hidden class of its own.
 */
export function socketPeer(
  socket: SocketAddresses,
  transport: string,
  local: LocalAddress | undefined = socketLocalAddress(socket),
): Peer {
  const secure = false;
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return { transport, secure };
  if (local === undefined) return { transport, secure, remoteAddress, remotePort };
  const { localAddress, localPort } = local;
  return { transport, secure, remoteAddress, remotePort, localAddress, localPort };
}

/** The server's end of a connection. */
export interface LocalAddress {
  readonly localAddress: string;
  readonly localPort: number;
}

/** The server's end of all connections of a listener on one address; undefined if it listens on all that there are. */
export function sharedLocalAddress(
  bound: AddressInfo | string | null | undefined,
): LocalAddress | undefined {
  if (bound === null || bound === undefined || typeof bound === "string") return undefined;
  const { address: localAddress, port: localPort } = bound;
  return ALL_ADDRESSES.has(localAddress) ? undefined : { localAddress, localPort };
}

const ALL_ADDRESSES: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

function socketLocalAddress({
  localAddress,
  localPort,
}: SocketAddresses): LocalAddress | undefined {
  return localAddress === undefined || localPort === undefined
    ? undefined
    : { localAddress, localPort };
}
