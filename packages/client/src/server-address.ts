/** Where a server is: the parsed form of the URLs that `connect` takes. */
import { MqttConfigurationError } from "./core/errors.ts";

/** How bytes travel: TCP, TLS, WebSocket, WebSocket over TLS, or a Unix domain socket. */
export type TransportProtocol = "mqtt" | "mqtts" | "ws" | "wss" | "unix";

/** Where a server is. */
export interface ServerAddress {
  readonly protocol: TransportProtocol;
  /** Host name or IP address, IPv6 without brackets; empty for a Unix domain socket. */
  readonly host: string;
  /** TCP port; 0 for a Unix domain socket. */
  readonly port: number;
  /** Path and query of a WebSocket URL, or the file of a Unix domain socket. */
  readonly path: string;
}

/** An address as the caller may write it: what is absent has the default of the protocol. */
export interface ServerAddressOptions {
  /** Default `mqtt`. */
  readonly protocol?: TransportProtocol | undefined;
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default 1883, 8883, 80 or 443 by protocol. */
  readonly port?: number | undefined;
  /** Path and query of a WebSocket URL (default `/mqtt`), or the file of a Unix domain socket. */
  readonly path?: string | undefined;
}

/** An address with the credentials that a URL may carry. */
export interface ParsedAddress {
  readonly address: ServerAddress;
  readonly userName?: string;
  readonly password?: string;
}

const PROTOCOL_OF_SCHEME: Readonly<Record<string, TransportProtocol>> = {
  "mqtt:": "mqtt",
  "tcp:": "mqtt",
  "mqtts:": "mqtts",
  "tls:": "mqtts",
  "ssl:": "mqtts",
  "ws:": "ws",
  "wss:": "wss",
  "unix:": "unix",
  "mqtt+unix:": "unix",
};

const DEFAULT_PORT: Readonly<Record<TransportProtocol, number>> = {
  mqtt: 1883,
  mqtts: 8883,
  ws: 80,
  wss: 443,
  unix: 0,
};

/**
 * Parses what the caller wrote.
 * @throws MqttConfigurationError when it is no address of a protocol that the client speaks
 */
export function parseServerAddress(source: string | URL | ServerAddressOptions): ParsedAddress {
  if (typeof source === "string" || source instanceof URL) return parseUrl(source);
  return { address: completeAddress(source) };
}

function completeAddress(options: ServerAddressOptions): ServerAddress {
  const protocol = options.protocol ?? "mqtt";
  const port = options.port ?? DEFAULT_PORT[protocol];
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new MqttConfigurationError(`port ${port} is not from 0 to 65535`);
  }
  if (protocol === "unix") {
    if (options.path === undefined) throw new MqttConfigurationError("a unix address has a path");
    return { protocol, host: "", port: 0, path: options.path };
  }
  const path = protocol === "ws" || protocol === "wss" ? (options.path ?? "/mqtt") : "";
  return { protocol, host: options.host ?? "127.0.0.1", port, path };
}

function parseUrl(source: string | URL): ParsedAddress {
  const url = toUrl(source);
  const protocol = PROTOCOL_OF_SCHEME[url.protocol];
  if (protocol === undefined) {
    const schemes = Object.keys(PROTOCOL_OF_SCHEME).map((scheme) => `${scheme}//`);
    throw new MqttConfigurationError(
      `${url.protocol}// is not a protocol of the client; use one of ${schemes.join(", ")}`,
    );
  }
  return { address: addressOf(url, protocol), ...credentialsOf(url) };
}

function toUrl(source: string | URL): URL {
  if (source instanceof URL) return source;
  try {
    return new URL(source);
  } catch (cause) {
    // The text is not repeated: it may hold a password.
    throw new MqttConfigurationError("the server URL cannot be parsed; write mqtt://host:1883", {
      cause: cause instanceof Error ? cause.name : cause,
    });
  }
}

function addressOf(url: URL, protocol: TransportProtocol): ServerAddress {
  if (protocol === "unix") return unixAddress(url);
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  if (host === "") throw new MqttConfigurationError("the server URL has no host");
  const port = url.port === "" ? DEFAULT_PORT[protocol] : Number(url.port);
  const isWebSocket = protocol === "ws" || protocol === "wss";
  return { protocol, host, port, path: isWebSocket ? url.pathname + url.search : "" };
}

function unixAddress(url: URL): ServerAddress {
  // `unix://tmp/x` would make `tmp` a host; such a URL most likely lacks a slash.
  if (url.hostname !== "" || url.pathname.length < 2) {
    throw new MqttConfigurationError("write a unix socket as unix:///path/to/socket");
  }
  return { protocol: "unix", host: "", port: 0, path: decodeURIComponent(url.pathname) };
}

function credentialsOf(url: URL): { userName?: string; password?: string } {
  const credentials: { userName?: string; password?: string } = {};
  if (url.username !== "") credentials.userName = decodeURIComponent(url.username);
  if (url.password !== "") credentials.password = decodeURIComponent(url.password);
  return credentials;
}

/** The address as text, for messages to people; it never holds credentials. */
export function describeAddress(address: ServerAddress): string {
  if (address.protocol === "unix") return `unix://${address.path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${address.protocol}://${host}:${address.port}${address.path}`;
}
