/** What `#transport` is in a browser: WebSocket and nothing else. */
import { openBrowserWebSocket } from "./browser-websocket.ts";
import { WEB_SOCKET_SCHEMES } from "./transport.ts";
import type { Schemes, TransportFactory } from "./transport.ts";

/** Opens the transport that the address names. */
export const openTransport: TransportFactory = openBrowserWebSocket;

/** The schemes that `openTransport` has a transport for. */
export const schemes: Schemes = WEB_SOCKET_SCHEMES;

/** Proxies are the platform's affair. */
export const PROXY_PROTOCOLS: readonly string[] = [];

/** Whether TLS and the headers of a WebSocket are the platform's affair, so that options for them could have no effect. */
export const PLATFORM_DECIDES: boolean = true;
