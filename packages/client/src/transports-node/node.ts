/** What `#transport` is in Node: TCP, TLS, Unix domain sockets, and WebSocket through `ws`. */
import { MqttConfigurationError } from "../core/errors.ts";
import type { ServerAddress } from "../server-address.ts";
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
const UNIX: Scheme = { protocol: "unix", port: 0, addressOf: unixAddress };

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

/** As in `browser.ts`; here options decide. */
export const PLATFORM_DECIDES: boolean = false;

/** @throws MqttConfigurationError for a path that is none */
function unixAddress(path: string): ServerAddress {
  if (path.length > 1) return { protocol: "unix", host: "", port: 0, path };
  throw new MqttConfigurationError("write a unix socket as unix:///path/to/socket");
}

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
