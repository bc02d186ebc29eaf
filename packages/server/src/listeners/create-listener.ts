import { MqttConfigurationError } from "@anax/protocol";
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
import type { OptionRules } from "./listener-rules.ts";
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
        return new AttachedWebSocketListener(checked(options, ATTACHED_RULES));
      return new WebSocketListener(checkedWebSocket(checked(options, WEB_SOCKET_RULES)), log);
    case "unix":
      return new UnixListener(checked(options, UNIX_RULES), log);
    case "memory":
      return new MemoryListener(checked(options, MEMORY_RULES));
    default:
      throw new MqttConfigurationError(`there is no listener of type ${shown(type)}`);
  }
}

/** An option that is unknown, or of the wrong kind, would silently do nothing, or fail where nobody looks. */
function checked<Options extends { readonly type: string }>(
  options: Options,
  rules: OptionRules<Options>,
): Options {
  const given = new Map<string, unknown>(Object.entries(options));
  const known: OptionRules = rules;
  for (const name of given.keys()) {
    if (name === "type" || Object.hasOwn(known, name)) continue;
    const names = Object.keys(known).join(", ");
    throw new MqttConfigurationError(
      `the ${options.type} listener has no option ${shown(name)}; it has ${names || "none"}`,
    );
  }
  for (const [name, rule] of Object.entries(known)) {
    const value = given.get(name);
    if (value === undefined ? rule.isRequired !== true : rule.holds(value)) continue;
    throw new MqttConfigurationError(
      `${name} ${shown(value)} of the ${options.type} listener is not ${rule.expected}`,
    );
  }
  return options;
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

/** A value as a message names it; of an object that is not data, what it is. */
function shown(value: unknown): string {
  if (typeof value === "function") return "(a function)";
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const made = Object.getPrototypeOf(value)?.constructor?.name ?? "object";
    return made === "Object" ? "(an object)" : `(a ${made})`;
  }
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}
