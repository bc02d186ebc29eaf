/** What the options of each listener may hold. What is not here would have no effect, so it is refused. */
import type { OptionRule } from "@anax/protocol";
import { addressRangeFault } from "../address-ranges.ts";
import { LONGEST_TIMER_MS } from "../option-limits.ts";
import type { AttachedWebSocketListenerOptions } from "./attached-web-socket-listener.ts";
import type { ListenerLimits } from "./listener-limits.ts";
import type { MemoryListenerOptions } from "./memory-listener.ts";
import type { SocketOptions } from "./socket-server.ts";
import type { TcpListenerOptions } from "./tcp-listener.ts";
import type { TlsListenerOptions } from "./tls-listener.ts";
import type { TlsOptions } from "./tls-terminator.ts";
import type { UnixListenerOptions } from "./unix-listener.ts";
import type { WebSocketListenerOptions } from "./web-socket-listener.ts";
import type { WebSocketOptions } from "./web-socket-options.ts";

/** A rule for every option of a listener. */
export type ListenerRules<Options> = {
  readonly [Name in Exclude<keyof Options, "type">]-?: OptionRule;
};

const PORT_MAX = 65_535;
const MODE_MAX = 0o777;

const COUNT_MAX = Number.MAX_SAFE_INTEGER;
const MILLISECONDS = [1, LONGEST_TIMER_MS] as const;

const TEXT: OptionRule = (value) =>
  typeof value === "string" && value !== "" ? undefined : wrong(value, "a text that is not empty");
const TEXTS: OptionRule = (value) => (isTexts(value) ? undefined : wrong(value, "a list of texts"));
const SOME_TEXTS: OptionRule = (value) =>
  isTexts(value) && value.length > 0 ? undefined : wrong(value, "a list of at least one text");
const ADDRESSES: OptionRule = (value) =>
  isTexts(value) && value.length > 0 && value.every((one) => addressRangeFault(one) === undefined)
    ? undefined
    : wrong(value, "a list of at least one IP address or range such as 10.0.0.0/8");
/** Judged by OpenSSL, which says it better than we could. */
const ANYTHING = "unknown";

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function wrong(value: unknown, expected: string): string {
  return `${shown(value)} is not ${expected}`;
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

const LIMITS: ListenerRules<ListenerLimits> = { connectionsMax: [1, COUNT_MAX] };

const SOCKET: ListenerRules<SocketOptions> = {
  backlog: [1, LONGEST_TIMER_MS],
  tcpKeepAliveMs: [0, LONGEST_TIMER_MS],
  proxyProtocolFrom: ADDRESSES,
};

const PLACE: ListenerRules<Pick<TcpListenerOptions, "host" | "port" | "ipv6Only">> = {
  host: TEXT,
  ipv6Only: "boolean",
  port: [0, PORT_MAX],
};

const TLS: ListenerRules<TlsOptions> = {
  cert: ANYTHING,
  key: ANYTHING,
  pfx: ANYTHING,
  passphrase: ANYTHING,
  ca: ANYTHING,
  crl: ANYTHING,
  hosts: (value) =>
    Array.isArray(value) && value.every((one) => typeof one === "object" && one !== null)
      ? undefined
      : wrong(value, "a list of objects with cert and key"),
  credentials: "function",
  requestCert: "boolean",
  rejectUnauthorized: "boolean",
  showUnverified: "boolean",
  minVersion: ANYTHING,
  maxVersion: ANYTHING,
  ciphers: ANYTHING,
  ecdhCurve: ANYTHING,
  sigalgs: ANYTHING,
  dhparam: ANYTHING,
  honorCipherOrder: "boolean",
  sessionTimeout: ANYTHING,
  ticketKeys: ANYTHING,
  ticketRotationSeconds: [1, LONGEST_TIMER_MS],
  SNICallback: "function",
  ALPNProtocols: ANYTHING,
  ALPNCallback: "function",
  tlsHandshakeTimeoutMs: MILLISECONDS,
};

/** The names of TLS, for a listener that may do without. */
export const TLS_OPTIONS: readonly string[] = Object.keys(TLS);

/** A request's path begins with a slash and ends before its query: no other is ever asked for. */
const URL_PATH: OptionRule = (value) =>
  typeof value === "string" && /^\/[^?#\s]*$/.test(value)
    ? undefined
    : wrong(value, "/ and what may follow it in a URL");

const WEB_SOCKET: ListenerRules<WebSocketOptions> = {
  path: URL_PATH,
  origins: TEXTS,
  subprotocols: SOME_TEXTS,
  forwardedFrom: ADDRESSES,
  messageBytesMax: [1, COUNT_MAX],
};

const SERVER_METHODS = ["on", "off", "listen", "address", "listenerCount"];

/** By what is used of it: frameworks wrap servers, and other runtimes have classes of their own. */
const HTTP_SERVER: OptionRule = (value) => {
  const given = Object(value) as Readonly<Record<string, unknown>>;
  return SERVER_METHODS.every((name) => typeof given[name] === "function")
    ? undefined
    : wrong(value, "a server of node:http or node:https");
};

export const TCP_RULES: ListenerRules<TcpListenerOptions> = { ...LIMITS, ...SOCKET, ...PLACE };
export const TLS_RULES: ListenerRules<TlsListenerOptions> = {
  ...LIMITS,
  ...SOCKET,
  ...PLACE,
  ...TLS,
};
export const WEB_SOCKET_RULES: ListenerRules<WebSocketListenerOptions> = {
  ...LIMITS,
  ...SOCKET,
  ...PLACE,
  ...TLS,
  ...WEB_SOCKET,
  upgradeTimeoutMs: MILLISECONDS,
};
export const ATTACHED_RULES: ListenerRules<AttachedWebSocketListenerOptions> = {
  ...LIMITS,
  ...WEB_SOCKET,
  server: HTTP_SERVER,
};
export const UNIX_RULES: ListenerRules<UnixListenerOptions> = {
  ...LIMITS,
  backlog: SOCKET.backlog,
  path: TEXT,
  mode: [0, MODE_MAX],
};
export const MEMORY_RULES: ListenerRules<MemoryListenerOptions> = { ...LIMITS };
