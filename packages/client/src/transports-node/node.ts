/** What `#transport` is in Node: TCP, TLS, Unix domain sockets, and WebSocket through `ws`. */
import type { Transport, TransportEvents, TransportRequest } from "../transports/transport.ts";
import { openTcp, openTls, openUnixSocket } from "./socket.ts";
import { openWebSocket } from "./websocket.ts";

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
