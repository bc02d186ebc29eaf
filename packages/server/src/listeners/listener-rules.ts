/** What the options of each listener may hold. What is not here would have no effect, so it is refused. */
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

/** What one option must be. */
export interface OptionRule {
  /** In words, after "is not". */
  readonly expected: string;
  /** True: an option that is left out, or undefined, is refused too. */
  readonly isRequired?: boolean;
  holds(value: unknown): boolean;
}

/** A rule for every option of a listener but its `type`. */
export type OptionRules<Options = Readonly<Record<string, unknown>>> = {
  readonly [Name in Exclude<keyof Options, "type">]-?: OptionRule;
};

const PORT_MAX = 65_535;
const MODE_MAX = 0o777;

const TEXT: OptionRule = {
  expected: "a text that is not empty",
  holds: (value) => typeof value === "string" && value !== "",
};
const TEXTS: OptionRule = {
  expected: "a list of texts",
  holds: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
};
const SOME_TEXTS: OptionRule = {
  expected: "a list of at least one text",
  holds: (value) => TEXTS.holds(value) && Array.isArray(value) && value.length > 0,
};
const SWITCH: OptionRule = {
  expected: "true or false",
  holds: (value) => typeof value === "boolean",
};
const FUNCTION: OptionRule = {
  expected: "a function",
  holds: (value) => typeof value === "function",
};
/** Judged by OpenSSL, which says it better than we could. */
const ANYTHING: OptionRule = { expected: "anything", holds: () => true };

function wholeNumber(minimum: number, maximum: number): OptionRule {
  return {
    expected: maximum === COUNT_MAX ? `a whole number from ${minimum}` : `${minimum} to ${maximum}`,
    holds: (value) => {
      return Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
    },
  };
}

const COUNT_MAX = Number.MAX_SAFE_INTEGER;
const MILLISECONDS = wholeNumber(1, LONGEST_TIMER_MS);

const LIMITS: OptionRules<ListenerLimits> = { maximumConnections: wholeNumber(1, COUNT_MAX) };

const SOCKET: OptionRules<SocketOptions> = {
  backlog: wholeNumber(1, LONGEST_TIMER_MS),
  tcpKeepAliveMs: wholeNumber(0, LONGEST_TIMER_MS),
};

const PLACE: OptionRules<Pick<TcpListenerOptions, "host" | "port" | "ipv6Only">> = {
  host: TEXT,
  ipv6Only: SWITCH,
  port: wholeNumber(0, PORT_MAX),
};

const TLS: OptionRules<TlsOptions> = {
  cert: ANYTHING,
  key: ANYTHING,
  pfx: ANYTHING,
  passphrase: ANYTHING,
  ca: ANYTHING,
  crl: ANYTHING,
  hosts: {
    expected: "a list of objects with cert and key",
    holds: (value) =>
      Array.isArray(value) && value.every((one) => typeof one === "object" && one !== null),
  },
  credentials: FUNCTION,
  requestCert: SWITCH,
  rejectUnauthorized: SWITCH,
  showUnverified: SWITCH,
  minVersion: ANYTHING,
  maxVersion: ANYTHING,
  ciphers: ANYTHING,
  ecdhCurve: ANYTHING,
  sigalgs: ANYTHING,
  dhparam: ANYTHING,
  honorCipherOrder: SWITCH,
  sessionTimeout: ANYTHING,
  ticketKeys: ANYTHING,
  SNICallback: FUNCTION,
  ALPNProtocols: ANYTHING,
  ALPNCallback: FUNCTION,
  tlsHandshakeTimeoutMs: MILLISECONDS,
};

/** The names of TLS, for a listener that may do without. */
export const TLS_OPTIONS: readonly string[] = Object.keys(TLS);

/** A request's path begins with a slash and ends before its query: no other is ever asked for. */
const URL_PATH: OptionRule = {
  expected: "/ and what may follow it in a URL",
  holds: (value) => typeof value === "string" && /^\/[^?#\s]*$/.test(value),
};

const WEB_SOCKET: OptionRules<WebSocketOptions> = {
  path: URL_PATH,
  origins: TEXTS,
  subprotocols: SOME_TEXTS,
  maximumMessageBytes: wholeNumber(1, COUNT_MAX),
};

const SERVER_METHODS = ["on", "off", "listen", "address", "listenerCount"];

/** By what is used of it: frameworks wrap servers, and other runtimes have classes of their own. */
const HTTP_SERVER: OptionRule = {
  expected: "a server of node:http or node:https",
  isRequired: true,
  holds: (value) => {
    if (typeof value !== "object" || value === null) return false;
    const given = value as Readonly<Record<string, unknown>>;
    return SERVER_METHODS.every((name) => typeof given[name] === "function");
  },
};

export const TCP_RULES: OptionRules<TcpListenerOptions> = { ...LIMITS, ...SOCKET, ...PLACE };
export const TLS_RULES: OptionRules<TlsListenerOptions> = {
  ...LIMITS,
  ...SOCKET,
  ...PLACE,
  ...TLS,
};
export const WEB_SOCKET_RULES: OptionRules<WebSocketListenerOptions> = {
  ...LIMITS,
  ...SOCKET,
  ...PLACE,
  ...TLS,
  ...WEB_SOCKET,
  upgradeTimeoutMs: MILLISECONDS,
};
export const ATTACHED_RULES: OptionRules<AttachedWebSocketListenerOptions> = {
  ...LIMITS,
  ...WEB_SOCKET,
  server: HTTP_SERVER,
};
export const UNIX_RULES: OptionRules<UnixListenerOptions> = {
  ...LIMITS,
  backlog: SOCKET.backlog,
  path: { ...TEXT, isRequired: true },
  mode: wholeNumber(0, MODE_MAX),
};
export const MEMORY_RULES: OptionRules<MemoryListenerOptions> = { ...LIMITS };
