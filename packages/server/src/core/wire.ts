/**
 * What a Connection needs from whoever carries its bytes. The driver implements it over a socket,
 * the simulation over an array. A wire never calls back from inside one of these methods.
 */
export interface Wire {
  /**
   * Sends bytes, in order. True: everything was handed on and the array may be overwritten at once.
   * False: the peer reads too slowly; the array now belongs to the wire, and the core writes no more
   * until `ServerCore.drained()` is called for this connection, except its last packets just before `end()`.
   */
  write(bytes: Uint8Array): boolean;
  /**
   * As `write`, of bytes that lie in several arrays, in order. Some of the arrays are shared with other connections and are
   * never changed, neither by the core nor by the wire. A wire without this gets them joined, as one copy of its own.
   */
  writePieces?(pieces: readonly Uint8Array[]): boolean;
  /** Stops reading until `resume()`: nothing more is to be given to `ServerCore.receive()`. */
  pause(): void;
  resume(): void;
  /** Closes after all that was written has left. The wire enforces a time limit of its own on that. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
  /**
   * For a wire that gathers what comes into messages of its own (WebSocket): how many bytes of one it may gather before
   * it gives them on. Little until the client is let in, then Infinity: the wire's own limit. Others do without.
   */
  limitMessages?(bytes: number): void;
  /**
   * For such a wire: bytes that have come since the last message, most of them of one that is not whole yet. Asked when a
   * client seems to be silent, and while it is not let in.
   */
  gatheredBytes?(): number;
}

/** How a TLS connection is protected. */
export interface PeerTls {
  /** "TLSv1.2" or "TLSv1.3". */
  readonly protocol: string;
  /** Name of the cipher suite. */
  readonly cipher: string;
  /** The host that the client asked for (SNI). */
  readonly serverName?: string;
}

/** Who is at the other end of a Network Connection, as far as the listener can tell. */
export interface Peer {
  /** What carries the connection: "tcp", "tls", "ws", "wss", "unix", "memory" or a name of the embedder's own. */
  readonly transport: string;
  /** True if the bytes were encrypted on their way (TLS). */
  readonly secure: boolean;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  /** Of the proxy that the connection came through; `remoteAddress` is the client's then. */
  readonly proxyAddress?: string;
  /** What TLS settled, where it was asked. */
  readonly tls?: PeerTls;
  /** Common name of the client's certificate that a proxy has verified (PROXY protocol, version 2). */
  readonly certificateName?: string;
  /** Verified certificate of the client (Node's PeerCertificate), where TLS asked for one. */
  readonly certificate?: unknown;
  /**
   * Certificate of the client (Node's PeerCertificate) that is not verified: anyone can make one with any name in it. Only of listeners
   * with `showUnverified`. What it is worth, `validatingConnection` says, by its fingerprint for example.
   */
  readonly unverifiedCertificate?: unknown;
  /** What is wrong with that certificate, as a code of OpenSSL: "DEPTH_ZERO_SELF_SIGNED_CERT". */
  readonly certificateFault?: string;
}

/** The listener of a peer, as rules and rates name it: "tcp:1883", or "unix". */
export function listenerName({ transport, localPort }: Peer): string {
  return localPort === undefined ? transport : `${transport}:${localPort}`;
}

/** Writes bytes that lie in several arrays to any wire. */
export function writePieces(wire: Wire, pieces: readonly Uint8Array[]): boolean {
  return wire.writePieces === undefined ? wire.write(joined(pieces)) : wire.writePieces(pieces);
}

/** The pieces as one array. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
