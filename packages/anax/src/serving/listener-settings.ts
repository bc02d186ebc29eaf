/** Where `anax serve` listens, one value a listener, whichever flags say it. */
import { UsageError } from "../errors.ts";
import { requireTogether } from "./listener-flag.ts";
import type { ListenerSettings } from "./listener-flag.ts";
import type { ListenFlags } from "./serve-flags.ts";

const HOST_DEFAULT = "127.0.0.1";

/** The listeners that the flags ask for. Throws `UsageError` if there would be none, or for a flag without effect. */
export function listenerSettings(flags: ListenFlags): readonly ListenerSettings[] {
  if (flags.listener.length > 0) return flags.listener;
  requireEffect(flags);
  requireTls(flags);
  const hosts = flags.host.length === 0 ? [HOST_DEFAULT] : flags.host;
  const listeners = hosts.flatMap((host) => networkListeners(flags, host));
  for (const path of flags.unix) {
    listeners.push({ ...NOTHING, type: "unix", path, mode: flags.unixMode });
  }
  if (listeners.length > 0) return listeners;
  throw new UsageError("with --no-tcp, say where to listen: --ws-port, --tls-port or --unix");
}

const NOTHING: ListenerSettings = {
  type: "tcp",
  host: undefined,
  port: undefined,
  path: undefined,
  mode: undefined,
  origin: [],
  subprotocol: [],
  upgradeTimeout: undefined,
  cert: undefined,
  key: undefined,
  keyPassphrase: undefined,
  ca: undefined,
  crl: undefined,
  hostCert: [],
  hostKey: [],
  requestCert: false,
  handshakeTimeout: undefined,
  ticketKeys: undefined,
  ticketRotation: undefined,
  maxConnections: undefined,
  proxyProtocolFrom: [],
  forwardedFrom: [],
};

function networkListeners(flags: ListenFlags, host: string): ListenerSettings[] {
  const { port, wsPort, tlsPort, wssPort } = flags;
  const webSocket = {
    path: flags.wsPath,
    origin: flags.wsOrigin,
    subprotocol: flags.wsSubprotocol,
    upgradeTimeout: flags.wsUpgradeTimeout,
  };
  const { cert, key, keyPassphrase, ca, requestCert, tlsHandshakeTimeout } = flags;
  const { crl, hostCert, hostKey } = flags;
  const common = { cert, key, keyPassphrase, ca, crl, hostCert, hostKey, requestCert };
  const { ticketKeys, ticketRotation } = flags;
  const tls = { ...common, handshakeTimeout: tlsHandshakeTimeout, ticketKeys, ticketRotation };
  const listeners: ListenerSettings[] = [];
  const add = (listener: Partial<ListenerSettings>): void =>
    void listeners.push({ ...NOTHING, host, ...listener });
  if (!flags.noTcp) add({ type: "tcp", port });
  if (wsPort !== undefined) add({ type: "ws", port: wsPort, ...webSocket });
  if (tlsPort !== undefined) add({ type: "tls", port: tlsPort, ...tls });
  if (wssPort !== undefined) add({ type: "wss", port: wssPort, ...webSocket, ...tls });
  return listeners;
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

function requireTls(flags: ListenFlags): void {
  const { cert, key, keyPassphrase, requestCert, ca, tlsHandshakeTimeout } = flags;
  if (flags.tlsPort === undefined && flags.wssPort === undefined) {
    const { ticketKeys, ticketRotation } = flags;
    const texts = [cert, key, keyPassphrase, ca, flags.crl, ticketKeys, ...flags.hostCert];
    const values = [...texts, tlsHandshakeTimeout, ticketRotation];
    if (values.every((value) => value === undefined) && !requestCert) return;
    const names =
      "--cert, --key, --key-passphrase, --ca, --crl, --host-cert, --request-cert, --tls-handshake-timeout, --ticket-keys and --ticket-rotation";
    throw new UsageError(`${names} need --tls-port or --wss-port`);
  }
  if (cert === undefined || key === undefined) {
    throw new UsageError("--tls-port and --wss-port need --cert and --key");
  }
  requireTogether(flags, { place: "", dashes: "--" });
}
