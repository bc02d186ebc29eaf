import type { Duplex } from "node:stream";
import type { Peer, Wire } from "../core/wire.ts";
import type { ConnectionAcceptor, ConnectionSink } from "../ports/listener.ts";

/** How long a peer may take to let its connection be closed, in milliseconds; then it is cut. */
export const CLOSE_TIMEOUT_MS = 5_000;

/** Lets MQTT be spoken over a stream whose handshakes are done. Its place must have been taken by `admit`. */
export function openStream(stream: Duplex, peer: Peer, acceptor: ConnectionAcceptor): void {
  const wire = new StreamWire(stream);
  wire.start(acceptor.open(wire, peer));
}

/**
 * Carries a Network Connection over a Node stream: a socket, a TLS socket, or anything else that
 * carries bytes both ways. This is the hot path of every socket: one listener function for all
 * chunks and one for all writes, nothing made per chunk.
 */
export class StreamWire implements Wire {
  readonly #stream: Duplex;
  #congested = false;
  #ending = false;
  #error: Error | undefined;
  #sink: ConnectionSink | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** Begins to read. */
  start(sink: ConnectionSink): void {
    const stream = this.#stream;
    this.#sink = sink;
    // A sink of an ended connection gets nothing more, but the bytes are still read: unread ones
    // would turn the close into a reset, which may overtake the last packet sent.
    stream.on("data", (chunk: Uint8Array) => {
      if (!this.#ending) sink.received(chunk);
    });
    // Who has closed one side may wait for answers on the other.
    stream.allowHalfOpen = true;
    stream.on("end", () => {
      if (!this.#ending) sink.ended();
    });
    stream.on("error", (error: Error) => {
      this.#error = error;
    });
    stream.on("close", () => sink.closed(this.#error));
    if (stream.destroyed) queueMicrotask(() => sink.closed());
  }

  /** A stream that took everything at once has nothing left to look at in `bytes`. */
  write(bytes: Uint8Array): boolean {
    const stream = this.#stream;
    if (this.#ending || !stream.writable) return true;
    stream.write(bytes, this.#written);
    if (stream.writableLength === 0) return true;
    this.#congested = true;
    return false;
  }

  /** The same function for every write: Node then batches the calls instead of queueing each. */
  readonly #written = (): void => {
    if (!this.#congested || this.#stream.writableLength > 0) return;
    this.#congested = false;
    this.#sink?.drained();
  };

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    const stream = this.#stream;
    if (stream.destroyed) return;
    stream.end();
    stream.resume();
    const limit = setTimeout(() => stream.destroy(), CLOSE_TIMEOUT_MS);
    limit.unref();
    stream.once("close", () => clearTimeout(limit));
  }

  destroy(): void {
    this.#ending = true;
    this.#stream.destroy();
  }
}
