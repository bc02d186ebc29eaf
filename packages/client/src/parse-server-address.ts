/** Reads where the server is from what the caller wrote. */
import { schemes } from "#transport";
import { MqttConfigurationError, showValue, typeName } from "@anax/protocol";
import { addressRules } from "./option-rules.ts";
import type { ParsedAddress, ServerAddress, ServerAddressOptions } from "./server-address.ts";
import { requireOptions } from "./validation.ts";
import type { Scheme } from "./transports/transport.ts";

/** An address as it was written, without defaults, and the credentials that a URL may carry. */
export interface WrittenAddress extends Omit<ParsedAddress, "address"> {
  readonly server: ServerAddressOptions;
}

/**
 * Parses what the caller wrote.
 * @throws MqttConfigurationError when it is no address of a protocol that the client speaks here; in a browser
 *   that is WebSocket alone
 */
export function parseServerAddress(source: string | URL | ServerAddressOptions): ParsedAddress {
  const { server, ...credentials } = writtenAddress(source);
  return { address: completeAddress(server), ...credentials };
}

/**
 * The same in parts, without the defaults of the protocol.
 * @throws MqttConfigurationError when it is no URL, or one of another protocol
 */
export function writtenAddress(source: string | URL | ServerAddressOptions): WrittenAddress {
  const type = typeName(source);
  // By its name, for a URL of another realm is no instance of ours.
  if (type === "string" || type === "URL") return parseUrl(`${source as string | URL}`);
  if (type === "Object") return { server: source as ServerAddressOptions };
  throw new MqttConfigurationError(`the server must be a URL or an object, not ${type}`);
}

function completeAddress(options: ServerAddressOptions): ServerAddress {
  const scheme = requireScheme(`${options.protocol ?? "mqtt"}:`);
  const { protocol, addressOf, path: defaultPath } = scheme;
  requireOptions(options, addressRules(addressOf === undefined), "server");
  if (addressOf !== undefined) {
    if (options.host || options.port) refuse("unix has no host and no port");
    return addressOf(options.path ?? "");
  }
  // An absent host is this machine; one that is empty or undefined was to be another.
  if ("host" in options && !options.host) {
    refuse(`host must be a name or an address, not ${showValue(options.host)}`);
  }
  if (defaultPath === undefined && options.path) {
    const hint = "in a user name or password write / as %2F and ? as %3F";
    refuse(`an address of ${protocol} has no path and no query; ${hint}`);
  }
  const { host = "127.0.0.1" } = options;
  const path = options.path ?? defaultPath ?? "";
  return { protocol, host, port: options.port ?? scheme.port, path };
}

function parseUrl(text: string): WrittenAddress {
  const url = toUrl(text);
  const { protocol, path = "", addressOf } = requireScheme(url.protocol);
  if (url.hash !== "")
    refuse("an address has no fragment; in a user name or password write # as %23");
  const credentials = credentialsOf(url);
  if (addressOf !== undefined) {
    // `unix://tmp/x` would make `tmp` a host; such a URL most likely lacks a slash.
    const file = url.hostname === "" ? decode(url.pathname) : "";
    return { server: { protocol, path: file }, ...credentials };
  }
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  // A URL cannot tell `/` from no path at all.
  const pathname = url.pathname === "/" ? "" : url.pathname;
  const written = pathname + url.search;
  const port = url.port === "" ? {} : { port: Number(url.port) };
  const file = written === "" ? {} : { path: (pathname || path) + url.search };
  return { server: { protocol, host, ...port, ...file }, ...credentials };
}

function toUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    // Without the cause, which repeats the whole text.
    const hint = /[#/?].*@/s.test(text.replace(/^\w+:\/\//, ""))
      ? "; in a user name or password write # as %23, / as %2F and ? as %3F"
      : "";
    throw new MqttConfigurationError(`no URL: ${showValue(withoutPassword(text))}${hint}`);
  }
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

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Without the text, which may be a password.
    throw new MqttConfigurationError("what a URL has in percent-encoding is wrong: write % as %25");
  }
}

function refuse(message: string): never {
  throw new MqttConfigurationError(message);
}
