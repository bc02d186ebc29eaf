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
      if ("server" in options) return new AttachedWebSocketListener(options, log);
      return new WebSocketListener(checkedPort(options), log);
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

function checkedCredentials(options: TlsListenerOptions): TlsListenerOptions {
  const { cert, key, pfx, credentials } = options;
  const isComplete = (cert !== undefined && key !== undefined) || pfx !== undefined;
  if (isComplete || credentials !== undefined) return options;
  throw new MqttConfigurationError("the tls listener needs cert and key, or pfx, or credentials");
}

function checkedPath(options: UnixListenerOptions): UnixListenerOptions {
  if (typeof options.path === "string" && options.path !== "") return options;
  throw new MqttConfigurationError("the unix listener needs the path of its socket");
}
