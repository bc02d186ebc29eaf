import { TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { ProtocolError } from "@anax/protocol";
import { joined } from "../core/wire.ts";
import type { Peer, Wire } from "../core/wire.ts";
import type { ConnectionAcceptor, ConnectionSink } from "../ports/listener.ts";
import { bytesCome } from "./bytes-come.ts";
import { PieceWriter } from "./piece-writer.ts";
import { framedPieces, framesOf, isOnePacket } from "./web-socket-frames.ts";
import { CLOSE_TIMEOUT_MS, COPIED_BYTES_MAX, lengthOf } from "./stream-wire.ts";
import { clearTimeout, setTimeout } from "../platform.ts";

/** Close codes of RFC 6455. */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;

/** Bytes that may wait for a peer before its pings go unanswered: a flood of them must not fill memory. */
const PONG_BACKLOG_MAX = 65_536;

/** Most that one read of a socket gives. */
const CHUNK_BYTES_MAX = 65_536;

const BINARY = { binary: true, compress: false };

/**
 * Lets MQTT be spoken over a WebSocket, which was made of `carrier`. Its place must have been taken by `admit`.
 */
export function openWebSocket(
  socket: WebSocket,
  carrier: Duplex,
  peer: Peer,
  acceptor: ConnectionAcceptor,
): void {
  const wire = new WebSocketWire(socket, carrier);
  wire.start(acceptor.open(wire, peer));
}

/**
 * Carries a Network Connection over a WebSocket. Packets may be split over frames or share one
 * [MQTT-6.0.0-2]; frames that are not binary end the connection [MQTT-6.0.0-1].
 */
export class WebSocketWire implements Wire {
  readonly #socket: WebSocket;
  readonly #carrier: Duplex;
  /** Bytes that have come since the last message. */
  #gathered = 0;
  #messageBytesMax = Infinity;
  /** Bytes that the carrier had read when the last message came. */
  #readAtMessage = 0;
  #congested = false;
  #rest: PieceWriter | undefined;
  #ending = false;
  #error: Error | undefined;
  #sink: ConnectionSink | undefined;

  constructor(socket: WebSocket, carrier: Duplex) {
    this.#socket = socket;
    this.#carrier = carrier;
  }

  /** Begins to read. */
  start(sink: ConnectionSink): void {
    const socket = this.#socket;
    this.#sink = sink;
    this.#readAtMessage = this.#bytesRead;
    socket.binaryType = "nodebuffer";
    socket.on("message", (data, isBinary) => this.#received(data, isBinary));
    socket.on("ping", (data: Uint8Array) => {
      if (socket.bufferedAmount < PONG_BACKLOG_MAX) socket.pong(data);
    });
    socket.on("error", (error) => {
      this.#error = error;
      this.#limitClose();
    });
    socket.on("close", () => this.#gone());
  }

  /**
   * A peer that is gone sends no more, but what it has sent, in the read that brought the close frame too, may still wait to
   * be taken: a DISCONNECT, say. So its end is that of what it sends, and the connection ends when whoever takes it says so.
   */
  #gone(): void {
    if (this.#ending || this.#error !== undefined) this.#sink?.closed(this.#error);
    else this.#sink?.ended();
  }

  /**
   * A WebSocket gathers a whole message before it gives it on. So that a stranger cannot make it gather much, what comes
   * without becoming a message is counted, frame headers included; without a limit nothing is.
   */
  limitMessages(bytes: number): void {
    this.#messageBytesMax = bytes;
    this.#carrier.off("data", this.#gather);
    if (bytes < Infinity) this.#carrier.on("data", this.#gather);
  }

  gatheredBytes(): number {
    return this.#bytesRead - this.#readAtMessage;
  }

  get #isSecure(): boolean {
    return this.#carrier instanceof TLSSocket;
  }

  get #bytesRead(): number {
    return bytesCome(this.#carrier);
  }

  /** Called for each read after the messages in it were taken, so it may be late by one read. */
  readonly #gather = (chunk: Uint8Array): void => {
    this.#gathered += chunk.length;
    if (this.#gathered <= this.#messageBytesMax + CHUNK_BYTES_MAX) return this.#sink?.gathered?.();
    const text = `a WebSocket message of over ${this.#messageBytesMax} bytes before CONNACK`;
    this.#sink?.closed(new ProtocolError(text));
    this.destroy();
  };

  #received(data: unknown, isBinary: boolean): void {
    this.#gathered = 0;
    this.#readAtMessage = this.#bytesRead;
    if (this.#ending) return;
    if (isBinary && data instanceof Uint8Array) {
      this.#sink?.received(data);
      return;
    }
    this.#sink?.closed(new ProtocolError("a WebSocket frame that is not binary"));
    this.#close(UNSUPPORTED_DATA);
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (this.#ending || socket.readyState !== socket.OPEN) return true;
    // Last words, which are written whatever the peer reads.
    if (this.#rest?.isEmpty === false) return this.#rest.write([[framesOf(bytes)]]);
    const hadRoom = socket.bufferedAmount === 0;
    // Frames of our own go out in one write; the library, which compresses nothing, has none waiting that they could overtake.
    if (bytes.length > COPIED_BYTES_MAX && isOnePacket(bytes)) {
      socket.send(bytes, BINARY, this.#written);
    } else this.#carrier.write(framesOf(bytes), this.#written);
    if (socket.bufferedAmount === 0) return true;
    // TLS tells in the next turn only that it has taken them.
    if (hadRoom && bytes.length <= COPIED_BYTES_MAX) return true;
    this.#congested = true;
    return false;
  }

  writePieces(pieces: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (this.#ending || socket.readyState !== socket.OPEN) return true;
    // As in `write`: little is copied rather than waited for.
    if (this.#isSecure && lengthOf(pieces) <= COPIED_BYTES_MAX) return this.write(joined(pieces));
    const rest = (this.#rest ??= new PieceWriter(this.#carrier, this.#written));
    if (rest.write(framedPieces(pieces))) return true;
    this.#congested = true;
    return false;
  }

  readonly #written = (): void => {
    if (!this.#congested || this.#socket.bufferedAmount > 0) return;
    if (this.#rest?.goOn() === false) return;
    this.#congested = false;
    this.#sink?.drained();
  };

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (!this.#ending) this.#close(NORMAL_CLOSURE);
  }

  /** Answers with a close frame and waits for the peer's, but not long. */
  #close(code: number): void {
    this.#ending = true;
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return this.#sink?.closed(this.#error);
    socket.resume();
    this.#rest?.flush();
    socket.close(code);
    this.#limitClose();
  }

  /** Who does not answer a close is cut. */
  #limitClose(): void {
    const socket = this.#socket;
    const limit = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
    limit.unref();
    socket.once("close", () => clearTimeout(limit));
  }

  destroy(): void {
    this.#ending = true;
    this.limitMessages(Infinity);
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) this.#sink?.closed(this.#error);
    else socket.terminate();
  }
}
