/** Where `anax serve` listens, as options of the server. */
import { isIPv4, isIPv6 } from "node:net";
import { checkTlsCredentials } from "@anax/server";
import type { ListenerOptions, TlsCredentials, WebSocketListenerOptions } from "@anax/server";
import { CommandError, UsageError } from "../errors.ts";
import { readNamedFile } from "../read-file.ts";
import type { LimitFlags, ListenFlags } from "./serve-flags.ts";

const HOST_DEFAULT = "127.0.0.1";
/** A WebSocket message holds some packets at once, as clients like to send them. */
const WEB_SOCKET_MESSAGE_BYTES_MIN = 4_194_304;

/** What a listener depends on. */
type ListenerFlags = ListenFlags & Pick<LimitFlags, "maxPacketSize">;

/** The credentials of TLS, and how to read them again when a certificate was renewed. */
export interface ReloadableCredentials {
  current(): TlsCredentials;
  /** Throws `CommandError`, and then changes nothing. */
  reload(): void;
}

/** Reads the files of TLS; undefined if none is needed. Throws `UsageError` for flags that do not fit together. */
export function tlsCredentials(flags: ListenFlags): ReloadableCredentials | undefined {
  const { cert, key, keyPassphrase, requestCert, ca, tlsHandshakeTimeout } = flags;
  const isWanted = flags.tlsPort !== undefined || flags.wssPort !== undefined;
  if (!isWanted) {
    const useless = cert ?? key ?? keyPassphrase ?? ca ?? tlsHandshakeTimeout;
    if (useless === undefined && !requestCert) return undefined;
    const names =
      "--cert, --key, --key-passphrase, --ca, --request-cert and --tls-handshake-timeout";
    throw new UsageError(`${names} need --tls-port or --wss-port`);
  }
  if (cert === undefined || key === undefined) {
    throw new UsageError("--tls-port and --wss-port need --cert and --key");
  }
  if (requestCert && ca === undefined) throw new UsageError("--request-cert needs --ca");
  const read = (): TlsCredentials => readCredentials({ cert, key }, flags);
  let current = read();
  return { current: () => current, reload: () => void (current = read()) };
}

function readCredentials(
  { cert, key }: { readonly cert: string; readonly key: string },
  { ca, keyPassphrase }: ListenFlags,
): TlsCredentials {
  const credentials = {
    cert: Buffer.from(readNamedFile(cert)),
    key: Buffer.from(readNamedFile(key)),
    ...(ca === undefined ? {} : { ca: Buffer.from(readNamedFile(ca)) }),
    ...(keyPassphrase === undefined ? {} : { passphrase: keyPassphrase }),
  };
  try {
    checkTlsCredentials(credentials, {
      cert: `--cert ${cert}`,
      key: `--key ${key}`,
      ca: `--ca ${ca}`,
      passphrase: "--key-passphrase",
    });
  } catch (cause) {
    throw new CommandError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  return credentials;
}

/** The listeners that the flags ask for. Throws `UsageError` if there would be none. */
export function listenerOptions(
  flags: ListenerFlags,
  credentials: ReloadableCredentials | undefined,
): readonly ListenerOptions[] {
  requireEffect(flags);
  const hosts = flags.host.length === 0 ? [HOST_DEFAULT] : flags.host;
  const { unixMode } = flags;
  // "::" alone takes IPv4 too; beside an address of IPv4 it must leave that its port.
  const ipv6Only = hosts.some((host) => isIPv4(host));
  const listeners = hosts.flatMap((host) =>
    networkListeners(flags, host, credentials).map((listener) =>
      isIPv6(host) && ipv6Only ? { ...listener, ipv6Only } : listener,
    ),
  );
  for (const path of flags.unix) {
    listeners.push({ type: "unix", path, ...(unixMode === undefined ? {} : { mode: unixMode }) });
  }
  if (listeners.length > 0) return listeners;
  throw new UsageError("with --no-tcp, say where to listen: --ws-port, --tls-port or --unix");
}

function networkListeners(
  flags: ListenerFlags,
  host: string,
  credentials: ReloadableCredentials | undefined,
): ListenerOptions[] {
  const { port, wsPort, tlsPort, wssPort } = flags;
  const webSocket = webSocketOptions(flags);
  const listeners: ListenerOptions[] = [];
  if (!flags.noTcp) listeners.push({ type: "tcp", host, port });
  if (wsPort !== undefined) listeners.push({ type: "websocket", host, port: wsPort, ...webSocket });
  if (credentials === undefined) return listeners;
  const { requestCert, tlsHandshakeTimeout } = flags;
  const tls = {
    credentials: () => credentials.current(),
    requestCert,
    ...(tlsHandshakeTimeout && { tlsHandshakeTimeoutMs: milliseconds(tlsHandshakeTimeout) }),
  };
  if (tlsPort !== undefined) listeners.push({ type: "tls", host, port: tlsPort, ...tls });
  if (wssPort !== undefined) {
    listeners.push({ type: "websocket", host, port: wssPort, ...webSocket, ...tls });
  }
  return listeners;
}

function webSocketOptions(
  flags: ListenerFlags,
): Omit<WebSocketListenerOptions, "type" | "host" | "port"> {
  const { wsPath: path, wsOrigin: origins, wsSubprotocol: subprotocols } = flags;
  return {
    maximumMessageBytes: Math.max(WEB_SOCKET_MESSAGE_BYTES_MIN, flags.maxPacketSize),
    ...(path && { path }),
    ...(origins.length > 0 && { origins }),
    ...(subprotocols.length > 0 && { subprotocols }),
    ...(flags.wsUpgradeTimeout && { upgradeTimeoutMs: milliseconds(flags.wsUpgradeTimeout) }),
  };
}

/** A flag that would do nothing is a mistake in the command line. */
function requireEffect(flags: ListenFlags): void {
  const { wsPort, wssPort, wsPath, wsOrigin, wsSubprotocol, wsUpgradeTimeout } = flags;
  const asksForWebSocket =
    wsPath !== undefined ||
    wsOrigin.length > 0 ||
    wsSubprotocol.length > 0 ||
    wsUpgradeTimeout !== undefined;
  if (asksForWebSocket && wsPort === undefined && wssPort === undefined) {
    const names = "--ws-path, --ws-origin, --ws-subprotocol and --ws-upgrade-timeout";
    throw new UsageError(`${names} need --ws-port or --wss-port`);
  }
  if (flags.unixMode !== undefined && flags.unix.length === 0)
    throw new UsageError("--unix-mode needs --unix");
}

function milliseconds(inSeconds: number): number {
  return Math.round(inSeconds * 1_000);
}
