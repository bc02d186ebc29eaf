import { isIPv6 } from "node:net";
import type { AddressInfo, Socket } from "node:net";
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

/** Who is at the other end of a socket. The addresses are gone once it closes, so they are read now. */
export function socketPeer(
  socket: Pick<Socket, "remoteAddress" | "remotePort" | "localAddress" | "localPort">,
  carrier: Pick<Peer, "transport" | "secure" | "certificate" | "tls">,
): Peer {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return {
    ...carrier,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    ...(remotePort === undefined ? {} : { remotePort }),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === undefined ? {} : { localPort }),
  };
}
