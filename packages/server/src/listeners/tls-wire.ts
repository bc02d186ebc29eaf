import { copyBytes } from "@anax/protocol";
import type { ConnectionAcceptor } from "../ports/listener.ts";
import { HandleWire } from "./handle-wire.ts";
import { cutUp, GIVEN_BYTES_MAX } from "./piece-writer.ts";
import type { Pieces } from "./piece-writer.ts";
import { sharedArray } from "./shared-reading.ts";
import { COPIED_BYTES_MAX, lengthOf } from "./stream-wire.ts";
import type { TlsHandle, TlsHandles } from "./tls-handles.ts";

/**
 * Carries a Network Connection over Node's handle of TLS. That takes one write at a time: it makes cipher text of it at once, and
 * tells in the next turn that it is done, also of what the system has taken.
 */
export class TlsWire extends HandleWire {
  readonly #tls: TlsHandle;
  /** What the handle was not given yet. */
  #waiting: Pieces[] = [];
  #waitingBytes = 0;
  /** The core waits to be told that there is room. */
  #isCongested = false;
  #isShuttingDown = false;
  /** Of these its handle has counted none. */
  #readNowBytes = 0;
  /** Bytes that had come by the network with the last chunk. */
  #comeAtChunk: number;

  constructor(tls: TlsHandle, { sockets }: TlsHandles, place: Pick<ConnectionAcceptor, "release">) {
    super(tls, sockets, place);
    this.#tls = tls;
    this.#comeAtChunk = this.#come;
  }

  get #come(): number {
    return (this.#tls._parent?.bytesRead ?? 0) + this.#readNowBytes;
  }

  /** What was read is cipher text. TLS writes into the shared array what it makes of it, so it is given a copy. */
  override wasReadNow(count: number): void {
    this.#readNowBytes += count;
    this.#tls.receive(copyBytes(sharedArray(), 0, count));
  }

  override chunkCame(): void {
    this.#comeAtChunk = this.#come;
  }

  /** Of a record that is not whole yet. */
  gatheredBytes(): number {
    return this.#come - this.#comeAtChunk;
  }

  override write(bytes: Uint8Array): boolean {
    if (this.isOver) return true;
    if (this.isWriting || bytes.length > GIVEN_BYTES_MAX)
      return this.#enqueue([bytes], bytes.length);
    this.give(bytes);
    return true;
  }

  override writePieces(pieces: readonly Uint8Array[]): boolean {
    if (this.isOver) return true;
    const length = lengthOf(pieces);
    if (this.isWriting || length > GIVEN_BYTES_MAX) return this.#enqueue(pieces, length);
    this.givePieces(pieces);
    return true;
  }

  /** An answer that comes while the last one is told of is no sign that the peer is slow. */
  #enqueue(pieces: Pieces, length: number): boolean {
    const isLittle = this.#waitingBytes + length <= COPIED_BYTES_MAX;
    this.#waitingBytes += length;
    if (isLittle) {
      this.#waiting.push(pieces.map((piece) => copyBytes(piece, 0, piece.length)));
      return true;
    }
    this.#waiting.push(...cutUp(pieces));
    this.#isCongested = true;
    if (!this.isWriting) this.#goOn();
    return false;
  }

  /** Cipher text is made for each peer: what waits for a slow one is to wait as the bytes that it shares with others. */
  #goOn(): void {
    const pieces: Uint8Array[] = [];
    let count = 0;
    let bytes = 0;
    for (; count < this.#waiting.length && bytes < GIVEN_BYTES_MAX; count += 1) {
      const next = this.#waiting[count] ?? [];
      bytes += lengthOf(next);
      pieces.push(...next);
    }
    this.#waiting = this.#waiting.slice(count);
    this.#waitingBytes -= bytes;
    this.givePieces(pieces);
  }

  override allWritten(): void {
    if (this.#waiting.length > 0) return this.#goOn();
    if (this.#isShuttingDown) return super.shutDownWriting();
    if (!this.#isCongested) return;
    this.#isCongested = false;
    super.allWritten();
  }

  /** A shutdown in the middle of a write would cut it. */
  override shutDownWriting(): void {
    if (!this.isWriting) return super.shutDownWriting();
    this.#isShuttingDown = true;
  }

  override closeHandle(): void {
    const tls = this.#tls;
    this.#waiting = [];
    tls._parent?.close(() => {
      tls.destroySSL();
      this.closed();
    });
  }
}
