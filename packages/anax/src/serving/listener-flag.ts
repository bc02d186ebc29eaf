/** A listener of `anax serve` as one value: a map of keys, in a configuration file or on the command line. */
import { UsageError } from "../errors.ts";
import type { Flag, FlagTable } from "../flags/flag.ts";
import { optional, repeated, withDefault } from "../flags/flag.ts";
import { ADDRESS_RANGE, choice, FILE_MODE, integer, name, seconds } from "../flags/value-parser.ts";
import type { MapFlag } from "../settings/configuration-file.ts";
import { readMap, requireKeysFit } from "../settings/map-flag.ts";
import type { TypesOfKeys } from "../settings/map-flag.ts";
import { HANDSHAKE_HELP, tlsKeys } from "./tls-flags.ts";
import type { TlsKeys } from "./tls-flags.ts";

const KEY = { group: "Listener" };
const TYPES = { tcp: "tcp", tls: "tls", ws: "ws", wss: "wss", unix: "unix" } as const;

/** One place where a server listens. */
export interface ListenerSettings extends TlsKeys {
  readonly type: keyof typeof TYPES;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string | undefined;
  readonly mode: number | undefined;
  readonly origin: readonly string[];
  readonly subprotocol: readonly string[];
  readonly upgradeTimeout: number | undefined;
  readonly handshakeTimeout: number | undefined;
  readonly maxConnections: number | undefined;
  readonly proxyProtocolFrom: readonly string[];
  readonly forwardedFrom: readonly string[];
}

/** Its keys, each explained as a flag is. */
export const LISTENER_TABLE: FlagTable<ListenerSettings> = {
  type: withDefault(choice(TYPES), "tcp", { ...KEY, help: "what is spoken below MQTT" }),
  host: optional(name("address"), { ...KEY, help: "address to listen on (default 127.0.0.1)" }),
  port: optional(integer(0, 65_535), {
    ...KEY,
    help: "port; 0 lets the system choose (default 1883, tls 8883, ws 8083, wss 8084)",
  }),
  path: optional(name("path"), {
    ...KEY,
    help: "of unix: the socket's file; of ws and wss: the path of the URL (default /mqtt)",
  }),
  mode: optional(FILE_MODE, { ...KEY, help: "permissions of a unix socket, such as 660" }),
  origin: repeated(name("origin"), {
    ...KEY,
    help: "web page that may connect by WebSocket, such as https://example.com, or *",
  }),
  subprotocol: repeated(name("name"), {
    ...KEY,
    help: "subprotocol of WebSocket that is let in",
  }),
  upgradeTimeout: optional(seconds(0.001), {
    ...KEY,
    help: "seconds that a connection has to become a WebSocket (default 15)",
  }),
  ...tlsKeys(KEY.group),
  handshakeTimeout: optional(seconds(0.001), { ...KEY, help: HANDSHAKE_HELP }),
  maxConnections: optional(integer(1, Number.MAX_SAFE_INTEGER), {
    ...KEY,
    help: "connections of this listener at a time (default: no limit but that of the server)",
  }),
  proxyProtocolFrom: repeated(ADDRESS_RANGE, {
    ...KEY,
    help: "address or range of load balancers that say by the PROXY protocol who the client is; no others are let in",
  }),
  forwardedFrom: repeated(ADDRESS_RANGE, {
    ...KEY,
    help: "address or range of HTTP proxies whose X-Forwarded-For is believed",
  }),
};

/** `--listener '{type: tls, port: 8883, cert: server.pem, key: server.key}'`, or an item of `listeners` in a file. */
export const LISTENER_FLAG: Flag<readonly ListenerSettings[]> & MapFlag = {
  group: "Where it listens",
  aliases: ["listeners"],
  help: "a listener with settings of its own, such as {type: tls, port: 8883, cert: c.pem, key: k.pem}, instead of the other flags of this group",
  placeholder: "map",
  repeatable: true,
  entries: LISTENER_TABLE,
  read: (occurrences, flagName) => occurrences.map(([text = ""]) => listenerOf(text, flagName)),
};

function listenerOf(text: string, flagName: string): ListenerSettings {
  const settings = readMap(LISTENER_TABLE, text, flagName);
  requireFit(settings, flagName);
  return settings;
}

/** Keys that only some types have. */
const TYPES_OF: TypesOfKeys<ListenerSettings["type"]> = {
  host: ["tcp", "tls", "ws", "wss"],
  port: ["tcp", "tls", "ws", "wss"],
  path: ["ws", "wss", "unix"],
  mode: ["unix"],
  origin: ["ws", "wss"],
  subprotocol: ["ws", "wss"],
  proxyProtocolFrom: ["tcp", "tls", "ws", "wss"],
  forwardedFrom: ["ws", "wss"],
  upgradeTimeout: ["ws", "wss"],
  cert: ["tls", "wss"],
  key: ["tls", "wss"],
  keyPassphrase: ["tls", "wss"],
  ca: ["tls", "wss"],
  crl: ["tls", "wss"],
  hostCert: ["tls", "wss"],
  hostKey: ["tls", "wss"],
  requestCert: ["tls", "wss"],
  handshakeTimeout: ["tls", "wss"],
  ticketKeys: ["tls", "wss"],
  ticketRotation: ["tls", "wss"],
};

function requireFit(settings: ListenerSettings, flagName: string): void {
  const { type, path, cert, key } = settings;
  requireKeysFit(settings, { what: "a listener", type, typesOf: TYPES_OF }, flagName);
  if (type === "unix" && path === undefined) throw new UsageError(`${flagName}: unix needs path`);
  const isEncrypted = type === "tls" || type === "wss";
  if (isEncrypted && (cert === undefined || key === undefined)) {
    throw new UsageError(`${flagName}: ${type} needs cert and key`);
  }
  requireTogether(settings, { place: `${flagName}: `, dashes: "" });
}

/** What of TLS has no effect alone. Throws `UsageError`, in which each name has these dashes. */
export function requireTogether(
  {
    requestCert,
    ca,
    crl,
    hostCert,
    hostKey,
  }: Pick<ListenerSettings, "requestCert" | "ca" | "crl" | "hostCert" | "hostKey">,
  { place, dashes }: { readonly place: string; readonly dashes: string },
): void {
  if (requestCert && ca === undefined)
    throw new UsageError(`${place}${dashes}request-cert needs ${dashes}ca`);
  if (crl !== undefined && !requestCert)
    throw new UsageError(`${place}${dashes}crl needs ${dashes}request-cert`);
  if (hostCert.length !== hostKey.length)
    throw new UsageError(`${place}each ${dashes}host-cert needs a ${dashes}host-key`);
}
