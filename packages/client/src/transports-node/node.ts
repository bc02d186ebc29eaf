/** What `#transport` is in Node: TCP, TLS, Unix domain sockets, and WebSocket through `ws`. */
import { WEB_SOCKET_SCHEMES } from "../transports/transport.ts";
import type {
  Scheme,
  Schemes,
  Transport,
  TransportEvents,
  TransportRequest,
} from "../transports/transport.ts";
import { openTcp, openTls, openUnixSocket } from "./socket.ts";
import { openWebSocket } from "./websocket.ts";

const TCP: Scheme = { protocol: "mqtt", port: 1883 };
const TLS: Scheme = { protocol: "mqtts", port: 8883 };
const UNIX: Scheme = { protocol: "unix", port: 0 };

/** The schemes that `openTransport` has a transport for. */
export const schemes: Schemes = {
  "mqtt:": TCP,
  "tcp:": TCP,
  "mqtts:": TLS,
  "tls:": TLS,
  "ssl:": TLS,
  ...WEB_SOCKET_SCHEMES,
  "unix:": UNIX,
  "mqtt+unix:": UNIX,
};

/** Opens the transport that the address names. */
export function openTransport(
  request: TransportRequest,
  events: TransportEvents,
): Promise<Transport> {
  switch (request.address.protocol) {
    case "mqtt":
      return openTcp(request, events);
    case "mqtts":
      return openTls(request, events);
    case "unix":
      return openUnixSocket(request, events);
    case "ws":
    case "wss":
      return openWebSocket(request, events);
  }
}
