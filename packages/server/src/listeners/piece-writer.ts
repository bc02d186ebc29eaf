import type { Duplex } from "node:stream";

/**
 * About as many bytes a stream is given at a time. TLS makes cipher text of all that it is given, for each peer its own: what
 * waits for a slow peer is to wait as the bytes that it shares with others.
 */
export const GIVEN_BYTES_MAX = 65_536;

/** Arrays that are given to the stream together, as the head and the payload of a frame. */
export type Pieces = readonly Uint8Array[];

/** Writes bytes that lie in several arrays to a stream, little enough at a time. */
export class PieceWriter {
  readonly #stream: Duplex;
  readonly #written: () => void;
  /** What the stream was not given yet. */
  #waiting: readonly Pieces[] = [];
  #next = 0;

  /** `written` is called for each write that the stream is done with, and is to call `goOn`. */
  constructor(stream: Duplex, written: () => void) {
    this.#stream = stream;
    this.#written = written;
  }

  /** True if the stream was given everything. */
  get isEmpty(): boolean {
    return this.#next === this.#waiting.length;
  }

  /** True: the stream took everything at once. Else `goOn` will say when. */
  write(pieces: readonly Pieces[]): boolean {
    this.#waiting = this.isEmpty ? pieces : [...this.#waiting.slice(this.#next), ...pieces];
    this.#next = 0;
    return this.goOn();
  }

  /** Gives the stream more, if it has taken what it was given before; true if all was taken. */
  goOn(): boolean {
    const stream = this.#stream;
    while (!this.isEmpty && stream.writable && stream.writableLength === 0)
      this.#give(GIVEN_BYTES_MAX);
    return this.isEmpty && stream.writableLength === 0;
  }

  /** Gives the stream all that is left, as before its end. */
  flush(): void {
    if (!this.isEmpty && this.#stream.writable) this.#give(Infinity);
  }

  #give(bytesMax: number): void {
    const stream = this.#stream;
    let bytes = 0;
    stream.cork();
    while (!this.isEmpty && bytes < bytesMax) {
      for (const piece of this.#waiting[this.#next] ?? []) {
        bytes += piece.length;
        stream.write(piece, this.#written);
      }
      this.#next += 1;
    }
    stream.uncork();
    if (!this.isEmpty) return;
    this.#waiting = [];
    this.#next = 0;
  }
}

/** Bytes without frames, cut so that a stream need not be given more than little at a time. */
export function cutUp(pieces: Pieces): Pieces[] {
  const parts: Pieces[] = [];
  for (const piece of pieces)
    for (let at = 0; at < piece.length; at += GIVEN_BYTES_MAX)
      parts.push([piece.subarray(at, at + GIVEN_BYTES_MAX)]);
  return parts;
}
