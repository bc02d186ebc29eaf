/** The listeners of `anax serve` as options of the server, and what of them may change while it runs. */
import { isIPv4, isIPv6 } from "node:net";
import { checkTlsCredentials } from "@anax/server";
import type { ListenerOptions, TlsCredentials, WebSocketListenerOptions } from "@anax/server";
import { CommandError } from "../errors.ts";
import { readNamedFile } from "../read-file.ts";
import type { ListenerSettings } from "./listener-flag.ts";

/** A WebSocket message holds some packets at once, as clients like to send them. */
const WEB_SOCKET_MESSAGE_BYTES_MIN = 4_194_304;
const TICKET_KEYS_BYTES = 48;
const HOST_DEFAULT = "127.0.0.1";
const PORTS = { tcp: 1_883, tls: 8_883, ws: 8_083, wss: 8_084, unix: undefined } as const;

/** Listeners whose credentials of TLS can be read again, as when a certificate was renewed. */
export class Listeners {
  readonly options: readonly ListenerOptions[];
  /** Of the listeners that have some, by their place. */
  readonly #credentials = new Map<number, TlsCredentials>();

  /** `packetBytesMax`: Maximum Packet Size. Throws `CommandError` for files of TLS that cannot be read, or do not belong together. */
  constructor(settings: readonly ListenerSettings[], packetBytesMax: number) {
    this.reload(settings);
    const hosts = settings.map(({ host = HOST_DEFAULT }) => host);
    // "::" alone takes IPv4 too; beside an address of IPv4 it must leave that its port.
    const ipv6Only = hosts.some((host) => isIPv4(host)) && hosts.some((host) => isIPv6(host));
    this.options = settings.map((one, place) => ({
      ...this.#optionsOf(one, place, packetBytesMax),
      ...(ipv6Only && isIPv6(one.host ?? "") && { ipv6Only }),
      ...(one.maxConnections !== undefined && { connectionsMax: one.maxConnections }),
      ...(one.proxyProtocolFrom.length > 0 && { proxyProtocolFrom: one.proxyProtocolFrom }),
    }));
  }

  /** Reads the files of TLS again. Throws `CommandError`, and then changes nothing. */
  reload(settings: readonly ListenerSettings[]): void {
    const read = settings.map((one) => credentialsOf(one));
    for (const [place, credentials] of read.entries()) {
      if (credentials !== undefined) this.#credentials.set(place, credentials);
    }
  }

  #optionsOf(one: ListenerSettings, place: number, packetBytesMax: number): ListenerOptions {
    const { type, path = "", mode, host = HOST_DEFAULT, port = PORTS[type] } = one;
    if (type === "unix") return { type, path, ...(mode !== undefined && { mode }) };
    const where = { host, ...(port !== undefined && { port }) };
    if (type === "tcp") return { type, ...where };
    if (type === "tls") return { type, ...where, ...this.#tlsOf(one, place) };
    const webSocket = webSocketOptions(one, packetBytesMax);
    const tls = type === "wss" ? this.#tlsOf(one, place) : {};
    return { type: "websocket", ...where, ...webSocket, ...tls };
  }

  #tlsOf(settings: ListenerSettings, place: number) {
    const { requestCert, handshakeTimeout, ticketKeys, ticketRotation } = settings;
    return {
      credentials: (): TlsCredentials => this.#credentials.get(place) ?? {},
      requestCert,
      ...(handshakeTimeout && { tlsHandshakeTimeoutMs: milliseconds(handshakeTimeout) }),
      ...(ticketKeys !== undefined && { ticketKeys: readTicketKeys(ticketKeys) }),
      ...(ticketRotation && { ticketRotationSeconds: ticketRotation }),
    };
  }
}

/** The files of TLS that listeners are made of. */
export function tlsFiles(settings: readonly ListenerSettings[]): readonly string[] {
  return settings
    .flatMap(({ cert, key, ca, crl, hostCert, hostKey }) => [
      cert,
      key,
      ca,
      crl,
      ...hostCert,
      ...hostKey,
    ])
    .filter((path) => path !== undefined);
}

function readTicketKeys(path: string): Buffer {
  const keys = Buffer.from(readNamedFile(path));
  if (keys.length === TICKET_KEYS_BYTES) return keys;
  throw new CommandError(
    `--ticket-keys ${path} has ${keys.length} bytes; it must have ${TICKET_KEYS_BYTES}, as "openssl rand ${TICKET_KEYS_BYTES}" makes them`,
  );
}

function credentialsOf({
  cert,
  key,
  ca,
  crl,
  hostCert,
  hostKey,
  keyPassphrase,
}: ListenerSettings): TlsCredentials | undefined {
  if (cert === undefined || key === undefined) return undefined;
  const credentials = {
    cert: Buffer.from(readNamedFile(cert)),
    key: Buffer.from(readNamedFile(key)),
    ...(ca === undefined ? {} : { ca: Buffer.from(readNamedFile(ca)) }),
    ...(crl === undefined ? {} : { crl: Buffer.from(readNamedFile(crl)) }),
    hosts: hostCert.map((path, index) => ({
      cert: Buffer.from(readNamedFile(path)),
      key: Buffer.from(readNamedFile(hostKey[index] ?? "")),
      ...(keyPassphrase === undefined ? {} : { passphrase: keyPassphrase }),
    })),
    ...(keyPassphrase === undefined ? {} : { passphrase: keyPassphrase }),
  };
  try {
    checkTlsCredentials(credentials, {
      cert: `--cert ${cert}`,
      key: `--key ${key}`,
      ca: `--ca ${ca}`,
      crl: `--crl ${crl}`,
      passphrase: "--key-passphrase",
    });
  } catch (cause) {
    throw new CommandError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  return credentials;
}

function webSocketOptions(
  settings: ListenerSettings,
  packetBytesMax: number,
): Omit<WebSocketListenerOptions, "type" | "host" | "port"> {
  const { path, origin: origins, subprotocol: subprotocols } = settings;
  const { upgradeTimeout, forwardedFrom } = settings;
  return {
    messageBytesMax: Math.max(WEB_SOCKET_MESSAGE_BYTES_MIN, packetBytesMax),
    ...(path && { path: path.startsWith("/") ? path : `/${path}` }),
    ...(origins.length > 0 && { origins }),
    ...(subprotocols.length > 0 && { subprotocols }),
    ...(forwardedFrom.length > 0 && { forwardedFrom }),
    ...(upgradeTimeout && { upgradeTimeoutMs: milliseconds(upgradeTimeout) }),
  };
}

function milliseconds(inSeconds: number): number {
  return Math.round(inSeconds * 1_000);
}
