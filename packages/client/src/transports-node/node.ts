/** What `#transport` is in Node: TCP, TLS, Unix domain sockets, and WebSocket through `ws`. */
import { MqttConfigurationError } from "@anax/protocol";
import { hasWebSocket } from "../server-address.ts";
import type { ServerAddress } from "../server-address.ts";
import { WEB_SOCKET_SCHEMES } from "../transports/transport.ts";
import type {
  Scheme,
  Schemes,
  Transport,
  TransportEvents,
  TransportRequest,
} from "../transports/transport.ts";
import { openSocketTransport } from "./socket.ts";
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

/** Schemes of proxies that `openTransport` can go through. */
export const PROXY_PROTOCOLS: readonly string[] = [
  "socks5:",
  "socks5h:",
  "socks4:",
  "socks4a:",
  "http:",
  "https:",
];

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
  return hasWebSocket(request.address.protocol)
    ? openWebSocket(request, events)
    : openSocketTransport(request, events);
}
