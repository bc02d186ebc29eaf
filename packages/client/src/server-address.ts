/** Where a server is: the parsed form of the URLs that `connect` takes. */

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
  /** Default `127.0.0.1`; that is for an absent host, not for one that is empty or undefined. */
  readonly host?: string;
  /** Default 1883, 8883, 80 or 443 by protocol. */
  readonly port?: number | undefined;
  /**
   * Path and query of a WebSocket URL, or the file of a Unix domain socket. Default of WebSocket: `/mqtt`, also for a
   * URL whose path is `/` or absent; say `/` here to mean that.
   */
  readonly path?: string | undefined;
}

/** An address with the credentials that a URL may carry. */
export interface ParsedAddress {
  readonly address: ServerAddress;
  readonly userName?: string;
  readonly password?: string;
}

/** Whether an address of this protocol is reached over TLS. */
export function hasTls(protocol: TransportProtocol): boolean {
  return protocol === "mqtts" || protocol === "wss";
}

/** Whether an address of this protocol is reached over WebSocket. */
export function hasWebSocket(protocol: TransportProtocol): boolean {
  return protocol === "ws" || protocol === "wss";
}

/** The address as text, for messages to people; it never holds credentials. */
export function describeAddress(address: ServerAddress): string {
  if (address.protocol === "unix") return `unix://${address.path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${address.protocol}://${host}:${address.port}${address.path}`;
}
