import { MqttConfigurationError, showValue } from "@anax/protocol";
import type { RulesFor } from "@anax/protocol";
import { checked as checkedFields } from "../checking/rules.ts";
import type { Listener } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import { AttachedWebSocketListener } from "./attached-web-socket-listener.ts";
import type { AttachedWebSocketListenerOptions } from "./attached-web-socket-listener.ts";
import {
  ATTACHED_RULES,
  MEMORY_RULES,
  TCP_RULES,
  TLS_OPTIONS,
  TLS_RULES,
  UNIX_RULES,
  WEB_SOCKET_RULES,
} from "./listener-rules.ts";
import type { ListenerRules } from "./listener-rules.ts";
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
      return new TcpListener(checked(options, TCP_RULES), log);
    case "tls":
      return new TlsListener(withCredentials(checked(options, TLS_RULES)), log);
    case "websocket":
      if ("server" in options)
        return new AttachedWebSocketListener(checked(options, ATTACHED_RULES, ["server"]));
      return new WebSocketListener(checkedWebSocket(checked(options, WEB_SOCKET_RULES)), log);
    case "unix":
      return new UnixListener(checked(options, UNIX_RULES, ["path"]), log);
    case "memory":
      return new MemoryListener(checked(options, MEMORY_RULES));
    default:
      throw new MqttConfigurationError(`there is no listener of type ${showValue(type)}`);
  }
}

/** An option that is unknown, or of the wrong kind, would silently do nothing, or fail where nobody looks. */
function checked<Options extends { readonly type: string }>(
  options: Options,
  rules: ListenerRules<Options>,
  required: readonly (keyof Options & string)[] = [],
): Options {
  const all = { type: "string", ...rules } as RulesFor<Options>;
  return checkedFields(`${options.type} listener`, options, all, required) as Options;
}

function withCredentials<Options extends TlsOptions & { readonly type: string }>(
  options: Options,
): Options {
  const { cert, key, pfx, credentials, type } = options;
  const isComplete = (cert !== undefined && key !== undefined) || pfx !== undefined;
  if (isComplete || credentials !== undefined) return options;
  throw new MqttConfigurationError(
    `the ${type} listener needs cert and key, or pfx, or credentials`,
  );
}

/** Half of the credentials, or a wish for certificates, must not become a listener that encrypts nothing. */
function checkedWebSocket(options: WebSocketListenerOptions): WebSocketListenerOptions {
  const given = new Map<string, unknown>(Object.entries(options));
  return TLS_OPTIONS.every((name) => given.get(name) === undefined)
    ? options
    : withCredentials(options);
}
