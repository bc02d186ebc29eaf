import type { Peer, Wire } from "../core/wire.ts";

/** Where a listener listens. */
export interface ListenerAddress {
  /** For people and for clients: "mqtt://127.0.0.1:1883", "wss://[::1]:8884/mqtt", "unix:/run/anax.sock". */
  readonly url: string;
  readonly host?: string;
  /** The real one, also where 0 was asked for. */
  readonly port?: number;
  /** Of a unix socket: its file. */
  readonly path?: string;
}

/** A wire whose socket can be read without waiting until the system says that something has come. */
export interface PromptWire {
  /** Gives its sink the few bytes that have come, if any have. */
  readNow(): void;
}

/** Accepts Network Connections and hands them to a `ConnectionAcceptor`. */
export interface Listener {
  /** "tcp", "tls", "ws", "wss", "unix", "memory" or a name of the embedder's own. */
  readonly type: string;
  /** Connections of it at a time, those in a handshake included; undefined: no limit but that of the server. */
  readonly connectionsMax?: number | undefined;
  /** Undefined while it does not listen. */
  readonly address: ListenerAddress | undefined;
  /** Resolves when connections are accepted. Rejects, leaving nothing open, if it cannot listen. */
  start(acceptor: ConnectionAcceptor): Promise<void>;
  /**
   * Accepts no more and closes what has not yet become a connection. Connections stay open: they are
   * the server's. Does nothing if it has not started; may be started again afterwards.
   */
  stop(): Promise<void>;
}

/** Protocols that people and programs send to the wrong port. */
export type SpokenProtocol = "TLS" | "HTTP" | "MQTT" | "PROXY" | "SSH";

/** A handshake before MQTT, of TLS or WebSocket, that did not come to its end. */
export interface HandshakeFailure {
  /** Which handshake: "tls", "ws" or "wss", or a name of the embedder's own. */
  readonly transport: string;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** What was wrong, in words. */
  readonly reason: string;
  /** What the peer seems to speak instead. */
  readonly speaks?: SpokenProtocol | undefined;
  /** Of what came, the first few bytes, where the listener knows them: they tell what it may have been. */
  readonly firstBytes?: Uint8Array | undefined;
  /** True: the peer sent nothing and left, as health checks do. */
  readonly isSilent?: boolean;
  readonly error?: Error | undefined;
}

/** The server's side of listening: it decides who may come and takes over the bytes. */
export interface ConnectionAcceptor {
  /**
   * Asked for each peer before a byte of it is read, so before TLS and WebSocket handshakes. True
   * takes one place of `connectionsMax`, which `release` gives back when the transport has closed;
   * false: close it at once.
   */
  admit(remoteAddress: string | undefined): boolean;
  release(): void;
  /**
   * Asked once more where a listener knows only later whom a peer speaks for, as a proxy does: false if that address is banned, or
   * connects too often.
   */
  mayCome?(remoteAddress: string | undefined): boolean;
  /** A peer was not let in by the listener itself: to be counted and logged, with why in words. */
  refuse?(remoteAddress: string | undefined, reason: string): void;
  /** True: the next would be refused for want of a place. Who is closing still has one, for a moment. */
  readonly isFull?: boolean;
  /**
   * Who takes a peer over that was not let in for want of a place, to tell it so: its CONNECT is answered with 0x97, or 3 before
   * MQTT 5.0. Undefined if it is to be closed at once, as when many are told already.
   */
  turnAway?(): ConnectionAcceptor | undefined;
  /** A peer that was let in did not become a connection: to be counted and logged. Its place is given back by `release`. */
  handshakeFailed(failure: HandshakeFailure): void;
  /** The handshakes are done: from here on MQTT is spoken. */
  open(wire: Wire, peer: Peer): ConnectionSink;
}

/** What the carrier of a connection reports. No method ever throws. */
export interface ConnectionSink {
  /** Bytes came. They are only read during the call. */
  received(chunk: Uint8Array): void;
  /** Bytes came that the wire keeps until a message of its own is whole: `gatheredBytes` has changed. Told until CONNACK. */
  gathered?(): void;
  /** A wire whose `write` returned false has room again. */
  drained(): void;
  /** The peer sends no more, but may read on: it is answered what it is owed, then the wire is ended. */
  ended(): void;
  /** The transport has failed, and `closed` follows once the system has been through all that is ready. */
  failed?(): void;
  /** The transport is gone, also if the server itself closed it. Further calls are ignored. */
  closed(error?: Error): void;
}
