/** What `#transport` is in a browser: WebSocket and nothing else. */
import { openBrowserWebSocket } from "./browser-websocket.ts";
import type { TransportFactory } from "./transport.ts";

/** Opens the transport that the address names. */
export const openTransport: TransportFactory = openBrowserWebSocket;
