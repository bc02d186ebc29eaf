import { MqttConfigurationError } from "../errors.ts";
import type { Listener } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import { AttachedWebSocketListener } from "./attached-web-socket-listener.ts";
import type { AttachedWebSocketListenerOptions } from "./attached-web-socket-listener.ts";
import { MemoryListener } from "./memory-listener.ts";
import type { MemoryListenerOptions } from "./memory-listener.ts";
import { TcpListener } from "./tcp-listener.ts";
import type { TcpListenerOptions } from "./tcp-listener.ts";
import { TlsListener } from "./tls-listener.ts";
import type { TlsListenerOptions } from "./tls-listener.ts";
import type { TlsOptions } from "./tls-terminator.ts";
import { UnixListener } from "./unix-listener.ts";
import type { UnixListenerOptions } from "./unix-listener.ts";
import { WebSocketListener } from "./web-socket-listener.ts";
import type { WebSocketListenerOptions } from "./web-socket-listener.ts";

/** A listener that comes with the server, by its `type`. */
export type ListenerOptions =
  | TcpListenerOptions
  | TlsListenerOptions
  | WebSocketListenerOptions
  | AttachedWebSocketListenerOptions
  | UnixListenerOptions
  | MemoryListenerOptions;

/** Makes the listener that `options` describe. Throws `MqttConfigurationError` if they describe none. */
export function createListener(options: ListenerOptions, log: Log): Listener {
  const { type } = options;
  switch (type) {
    case "tcp":
      return new TcpListener(checkedPort(options), log);
    case "tls":
      return new TlsListener(checkedCredentials(checkedPort(options)), log);
    case "websocket":
      checkWebSocketPath(options);
      if ("server" in options) return new AttachedWebSocketListener(options, log);
      return new WebSocketListener(checkedWebSocket(checkedPort(options)), log);
    case "unix":
      return new UnixListener(checkedPath(options), log);
    case "memory":
      return new MemoryListener();
    default:
      throw new MqttConfigurationError(`there is no listener of type ${JSON.stringify(type)}`);
  }
}

function checkedPort<Options extends { readonly port?: number; readonly type: string }>(
  options: Options,
): Options {
  const { port = 0, type } = options;
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return options;
  throw new MqttConfigurationError(`port ${port} of the ${type} listener is not 0 to 65535`);
}

function checkedCredentials<Options extends TlsOptions & { readonly type: string }>(
  options: Options,
): Options {
  const { cert, key, pfx, credentials, type } = options;
  const isComplete = (cert !== undefined && key !== undefined) || pfx !== undefined;
  if (isComplete || credentials !== undefined) return options;
  throw new MqttConfigurationError(
    `the ${type} listener needs cert and key, or pfx, or credentials`,
  );
}

/** Half of the credentials must not become a listener that encrypts nothing. */
function checkedWebSocket(options: WebSocketListenerOptions): WebSocketListenerOptions {
  const { cert, key } = options;
  return cert === undefined && key === undefined ? options : checkedCredentials(options);
}

/** A request's path begins with a slash and ends before its query: no other is ever asked for. */
function checkWebSocketPath({ path = "/mqtt" }: { readonly path?: string }): void {
  if (typeof path === "string" && /^\/[^?#\s]*$/.test(path)) return;
  throw new MqttConfigurationError(
    `path ${JSON.stringify(path)} of the websocket listener is not / and what may follow it in a URL`,
  );
}

function checkedPath(options: UnixListenerOptions): UnixListenerOptions {
  if (typeof options.path === "string" && options.path !== "") return options;
  throw new MqttConfigurationError("the unix listener needs the path of its socket");
}
