/** Reads where the server is from what the caller wrote. */
import { schemes } from "#transport";
import { MqttConfigurationError } from "./core/errors.ts";
import type { ParsedAddress, ServerAddress, ServerAddressOptions } from "./server-address.ts";
import { requireIntegers } from "./validation.ts";
import type { Scheme } from "./transports/transport.ts";

/**
 * Parses what the caller wrote.
 * @throws MqttConfigurationError when it is no address of a protocol that the client speaks here; in a browser
 *   that is WebSocket alone
 */
export function parseServerAddress(source: string | URL | ServerAddressOptions): ParsedAddress {
  if (typeof source === "string" || source instanceof URL) return parseUrl(source);
  return { address: completeAddress(source) };
}

function completeAddress(options: ServerAddressOptions): ServerAddress {
  const scheme = requireScheme(`${options.protocol ?? "mqtt"}:`);
  const { protocol, addressOf } = scheme;
  if (addressOf !== undefined) return addressOf(options.path ?? "");
  const { host = "127.0.0.1", port = scheme.port, path = scheme.path } = options;
  requireIntegers({ port }, { port: [0, 65_535] });
  return { protocol, host, port, path: (scheme.path && path) ?? "" };
}

function parseUrl(source: string | URL): ParsedAddress {
  const url = toUrl(source);
  return { address: urlAddress(url), ...credentialsOf(url) };
}

function toUrl(source: string | URL): URL {
  if (source instanceof URL) return source;
  try {
    return new URL(source);
  } catch {
    // Without the cause, which repeats the whole text.
    throw new MqttConfigurationError(`no URL: ${withoutPassword(source)}`);
  }
}

function urlAddress(url: URL): ServerAddress {
  const { protocol, port, path = "", addressOf } = requireScheme(url.protocol);
  // `unix://tmp/x` would make `tmp` a host; such a URL most likely lacks a slash.
  if (addressOf !== undefined) return addressOf(url.hostname === "" ? decode(url.pathname) : "");
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  if (host === "") throw new MqttConfigurationError(`no host: ${withoutPassword(url.href)}`);
  // A URL cannot tell `/` from no path at all.
  const pathname = url.pathname === "/" ? path : url.pathname;
  return {
    protocol,
    host,
    port: url.port === "" ? port : Number(url.port),
    path: path && pathname + url.search,
  };
}

/** The text as it may be shown: whatever may be a user name or a password is left out. */
function withoutPassword(text: string): string {
  return text.replace(/^(\w+:\/\/)?.*@/s, "$1");
}

/** @throws MqttConfigurationError for a scheme that the client does not speak on this platform */
function requireScheme(name: string): Scheme {
  const scheme = schemes[name];
  if (scheme !== undefined) return scheme;
  throw new MqttConfigurationError(`${name} is not one of ${Object.keys(schemes).join(" ")}`);
}

function credentialsOf(url: URL): { userName?: string; password?: string } {
  const userName = decode(url.username);
  const password = decode(url.password);
  return { ...(userName && { userName }), ...(password && { password }) };
}

const decode = decodeURIComponent;
