import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { joined } from "../core/wire.ts";
import type { Peer, Wire } from "../core/wire.ts";
import type { ConnectionAcceptor, ConnectionSink } from "../ports/listener.ts";
import { bytesCome } from "./bytes-come.ts";
import { cutUp, PieceWriter } from "./piece-writer.ts";
import {
  clearTimeout,
  monotonicMs,
  queueMicrotask,
  setImmediate,
  setTimeout,
} from "../platform.ts";

/**
 * Writes of up to this many bytes are copied for a stream that takes them and tells in the next turn only that it has, as TLS
 * does. An answer that came meanwhile would meet a connection that seems to be slow. Larger ones are not answered so soon.
 */
export const COPIED_BYTES_MAX = 16_384;

/** How long a peer may take to let its connection be closed, in milliseconds; then it is cut. */
export const CLOSE_TIMEOUT_MS = 5_000;

/** Bytes of a read from which on it is looked whether the turn has lasted long enough. Smaller ones are not many in a row. */
const LARGE_READ_BYTES = 32_768;

/** Milliseconds of reading in one turn of the loop, after which everybody else is seen to first. */
const READING_MS_MAX = 5;

/** When the first large read of this turn was done; 0 if there was none. */
let readingSinceMs = 0;

/** True if a read of so many bytes was the last that its connection may do in this turn. */
export function isLastOfTurn(bytesRead: number): boolean {
  return bytesRead >= LARGE_READ_BYTES && isTurnOver();
}

function isTurnOver(): boolean {
  const now = monotonicMs();
  if (readingSinceMs === 0) {
    readingSinceMs = now;
    setImmediate(() => {
      readingSinceMs = 0;
    });
  }
  return now - readingSinceMs > READING_MS_MAX;
}

/** As `openStream`, and gives the place that was taken for the stream back when it closes. */
export function openAdmitted(stream: Duplex, peer: Peer, acceptor: ConnectionAcceptor): void {
  const wire = new StreamWire(stream, acceptor);
  wire.start(acceptor.open(wire, peer));
}

/** Bytes of all pieces. */
export function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

/** Lets MQTT be spoken over a stream whose handshakes are done. Its place must have been taken by `admit`. */
export function openStream(stream: Duplex, peer: Peer, acceptor: ConnectionAcceptor): void {
  const wire = new StreamWire(stream);
  wire.start(acceptor.open(wire, peer));
}

const WIRE = Symbol("wire");

type CarryingStream = Duplex & { [WIRE]?: StreamWire };

function onData(this: CarryingStream, chunk: Uint8Array): void {
  this[WIRE]?.received(chunk);
}

function onEnd(this: CarryingStream): void {
  this[WIRE]?.ended();
}

function onError(this: CarryingStream, error: Error): void {
  this[WIRE]?.failed(error);
}

function onClose(this: CarryingStream): void {
  this[WIRE]?.closed();
}

/**
 * Carries a Network Connection over a Node stream: a socket, a TLS socket, or anything else that
 * carries bytes both ways. This is the hot path of every socket: nothing is made per chunk. And it is made as often as
 * clients connect: the listeners of the stream's events are the same functions for all streams, which find their wire in
 * the stream.
 */
export class StreamWire implements Wire {
  readonly #stream: Duplex;
  #rest: PieceWriter | undefined;
  #congested = false;
  /** It tells later than it takes what is written. */
  #tellsLate = false;
  #ending = false;
  #error: Error | undefined;
  #sink: ConnectionSink | undefined;
  readonly #place: Pick<ConnectionAcceptor, "release"> | undefined;
  /** TLS gives on whole records only. */
  readonly #isSecure: boolean;
  /** Bytes that had come by the network with the last chunk of such a stream. */
  #comeAtChunk = 0;
  #isPaused = false;
  #isYielding = false;

  /** `place`: whom to give the stream's place back to when it closes. */
  constructor(stream: Duplex, place?: Pick<ConnectionAcceptor, "release">) {
    this.#stream = stream;
    this.#place = place;
    this.#isSecure = stream instanceof TLSSocket;
  }

  /** Begins to read. */
  start(sink: ConnectionSink): void {
    const stream: CarryingStream = this.#stream;
    this.#sink = sink;
    if (this.#isSecure) this.#comeAtChunk = bytesCome(stream);
    stream[WIRE] = this;
    stream.on("data", onData);
    // Who has closed one side may wait for answers on the other.
    stream.allowHalfOpen = true;
    stream.on("end", onEnd);
    stream.on("error", onError);
    stream.on("close", onClose);
    if (stream.destroyed) queueMicrotask(() => sink.closed());
  }

  /**
   * A sink of an ended connection gets nothing more, but the bytes are still read: unread ones would turn the close into
   * a reset, which may overtake the last packet sent.
   */
  received(chunk: Uint8Array): void {
    if (this.#ending) return;
    if (this.#isSecure) this.#comeAtChunk = bytesCome(this.#stream);
    this.#sink?.received(chunk);
    if (isLastOfTurn(chunk.length)) this.#yieldTurn();
  }

  /** The system would give more of the same connection before it gives anybody else a turn: reads on in the next one. */
  #yieldTurn(): void {
    if (this.#isYielding) return;
    this.#isYielding = true;
    this.#stream.pause();
    setImmediate(this.#readOn);
  }

  readonly #readOn = (): void => {
    this.#isYielding = false;
    if (!this.#isPaused || this.#ending) this.#stream.resume();
  };

  /** Of a record of TLS that is not whole yet. */
  gatheredBytes(): number {
    return this.#isSecure ? bytesCome(this.#stream) - this.#comeAtChunk : 0;
  }

  ended(): void {
    if (!this.#ending) this.#sink?.ended();
  }

  failed(error: Error): void {
    this.#error = error;
  }

  closed(): void {
    this.#place?.release();
    this.#sink?.closed(this.#error);
  }

  /** A stream that took everything at once has nothing left to look at in `bytes`. */
  write(bytes: Uint8Array): boolean {
    const stream = this.#stream;
    if (this.#ending || !stream.writable) return true;
    // Last words, which are written whatever the peer reads.
    if (this.#rest?.isEmpty === false) return this.#rest.write([[bytes]]);
    const isCopied =
      this.#tellsLate && bytes.length <= COPIED_BYTES_MAX && stream.writableLength === 0;
    stream.write(isCopied ? Buffer.from(bytes) : bytes, this.#written);
    if (isCopied || stream.writableLength === 0) return true;
    this.#tellsLate = true;
    this.#congested = true;
    return false;
  }

  writePieces(pieces: readonly Uint8Array[]): boolean {
    const stream = this.#stream;
    if (this.#ending || !stream.writable) return true;
    if (this.#tellsLate && lengthOf(pieces) <= COPIED_BYTES_MAX) return this.write(joined(pieces));
    const rest = (this.#rest ??= new PieceWriter(stream, this.#written));
    if (rest.write(cutUp(pieces))) return true;
    this.#tellsLate = true;
    this.#congested = true;
    return false;
  }

  /** The same function for every write: Node then batches the calls instead of queueing each. */
  readonly #written = (): void => {
    if (!this.#congested || this.#stream.writableLength > 0) return;
    if (this.#rest?.goOn() === false) return;
    this.#congested = false;
    this.#sink?.drained();
  };

  pause(): void {
    this.#isPaused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isYielding) this.#stream.resume();
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    const stream = this.#stream;
    if (stream.destroyed) return;
    this.#rest?.flush();
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
