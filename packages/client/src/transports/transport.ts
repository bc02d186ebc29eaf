/**
 * The one interface between the client and whatever carries its bytes. A transport knows nothing
 * of MQTT but the name of the WebSocket subprotocol.
 */
import type { ServerAddress, TransportProtocol } from "../server-address.ts";
import { requireType } from "../validation.ts";

/** What a scheme of a URL stands for. */
export interface Scheme {
  readonly protocol: TransportProtocol;
  /** The port of a URL that names none. */
  readonly port: number;
  /** The path of a URL that names none; absent where there are no paths. */
  readonly path?: string;
  /** Makes the address of a path, where a path is all that it has. */
  readonly addressOf?: (path: string) => ServerAddress;
}

/** The schemes that a platform has a transport for, with their colon. */
export type Schemes = Readonly<Record<string, Scheme>>;

/** The schemes that every platform has. */
export const WEB_SOCKET_SCHEMES: Schemes = {
  "ws:": { protocol: "ws", port: 80, path: "/mqtt" },
  "wss:": { protocol: "wss", port: 443, path: "/mqtt" },
};

/** Options of a TLS connection (mqtts and wss). Browsers decide for themselves, so there each of these is refused. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, PEM, in place of the system's. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** Certificate of this client, PEM; it needs `key`. */
  readonly cert?: string | Uint8Array | undefined;
  /** Private key of this client, PEM; it needs `cert`. */
  readonly key?: string | Uint8Array | undefined;
  /** Certificate and private key of this client in one, PKCS #12, in place of `cert` and `key`. */
  readonly pfx?: Uint8Array | undefined;
  /** Passphrase of `key` or `pfx`. */
  readonly passphrase?: string | undefined;
  /** Refuse a server whose certificate cannot be verified. Default true. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Name for SNI and for the check of the certificate. Default: the host of the address. */
  readonly servername?: string | undefined;
  /** Application protocols to offer by ALPN, for example `["mqtt"]`. Default: none. */
  readonly alpn?: readonly string[] | undefined;
  /** Least TLS version, for example `"TLSv1.3"`. Default: the platform's. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /** Cipher suites to offer, in the notation of OpenSSL. Default: the platform's. */
  readonly ciphers?: string | undefined;
  /**
   * Judges the certificate of the server in place of the check that it is made out to `servername`; for example by its
   * fingerprint. It is called when the chain is verified, and with `rejectUnauthorized: false` in any case: then `fault`
   * is what is wrong with the chain. The connection ends if it throws or returns an error.
   */
  readonly checkServerIdentity?:
    | ((
        host: string,
        certificate: ServerCertificate,
        fault: Error | undefined,
      ) => Error | null | undefined | void)
    | undefined;
}

/** The certificate of a server, as `checkServerIdentity` gets it. */
export interface ServerCertificate {
  /** Fields such as CN and O; one that is there more than once is a list. */
  readonly subject: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly issuer: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The names it is made out to, such as `DNS:a.example, IP Address:192.0.2.1`. */
  readonly subjectaltname?: string | undefined;
  /** SHA-256 of `raw`, such as `2A:7F:...`. */
  readonly fingerprint256: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly serialNumber: string;
  /** The certificate itself, DER. */
  readonly raw: Uint8Array;
}

/** How a connection leaves this machine. Browsers decide for themselves, so there each of these is refused. */
export interface SocketOptions {
  /** Only addresses of IPv4 (4) or IPv6 (6), of the server or its proxy. Default: both. */
  readonly addressFamily?: 4 | 6 | undefined;
  /** The address of this machine to connect from. Default: the system chooses. */
  readonly localAddress?: string | undefined;
  /**
   * A proxy to go through: a URL of `socks5:`, `socks4:`, `http:` or `https:` (CONNECT), which may have a user name and a
   * password. The proxy looks up the name of the server. Default: none.
   */
  readonly proxy?: string | URL | undefined;
}

/** Options of a WebSocket connection (ws and wss). */
export interface WebSocketOptions {
  /** Headers of the upgrade request. Browsers cannot send any, so there they are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Subprotocols to offer. Default `["mqtt"]`, on MQTT 3.1 also `"mqttv3.1"` [MQTT-6.0.0-3]. */
  readonly protocols?: readonly string[] | undefined;
}

/** What a transport is asked to open. */
export interface TransportRequest extends SocketOptions {
  readonly address: ServerAddress;
  readonly tls: TlsOptions;
  readonly webSocket: WebSocketOptions;
  /** Subprotocols to offer on a WebSocket. */
  readonly subprotocols: readonly string[];
  /** Aborted when the connection is no longer wanted before it is open. */
  readonly signal: AbortSignal;
}

/** Whom a transport tells what happens. After `onClosed` it tells nothing more. */
export interface TransportEvents {
  /** Bytes came; the receiver may keep views of the chunk, the transport does not reuse it. */
  onBytes(chunk: Uint8Array): void;
  /** The transport takes bytes again after `write` gave false. */
  onDrained(): void;
  /** The connection is over; `error` says why, if the end was not in order. */
  onClosed(error?: Error): void;
}

/** An open connection that carries bytes. */
export interface Transport {
  /**
   * Hands bytes to the connection, which may keep the array until they are sent.
   * @returns false when the peer is slow: the caller waits for `onDrained` before it writes more
   */
  write(bytes: Uint8Array): boolean;
  /** Ends the connection after what was written has gone out. */
  close(): void;
  /** Ends the connection at once. */
  destroy(): void;
}

/**
 * Opens a connection. Rejects when it cannot be opened; calls nothing on `events` before it
 * resolves, except that bytes that came early may follow right after.
 */
export type TransportFactory = (
  request: TransportRequest,
  events: TransportEvents,
) => Promise<Transport>;

/** Gives what a factory has opened. Throws `MqttConfigurationError` if that is no transport. */
export function requireTransport(opened: unknown): Transport {
  const transport = Object(opened) as Transport;
  for (const name of ["write", "close", "destroy"] as const)
    requireType(transport[name], "function", `${name} of what transport opens`);
  return transport;
}

/** The error for a WebSocket that was closed, with the words of whoever did; undefined where all was in order. */
export function webSocketClosed(code: number, reason: string): Error | undefined {
  // 1000 is the normal end, 1005 one without a code.
  if ((code === 1000 || code === 1005) && reason === "") return undefined;
  return new Error(`the WebSocket was closed (${code}${reason && `: ${reason}`})`);
}
