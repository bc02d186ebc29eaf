/** Reads a stream line by line or whole, as bytes: a payload need not be text. */
import type { Readable } from "node:stream";
import { CommandError } from "../errors.ts";

/** Longest payload that MQTT can carry; a line that never ends must not eat the memory. */
const PAYLOAD_BYTES_MAX = 268_435_455;
const LINE_FEED = 0x0a;

/**
 * The lines of a stream, without their line feeds; what is behind the last one is a line too, unless
 * it is empty. Reads on only when the last line was taken.
 * Throws `CommandError` for a line longer than a payload can be.
 */
export async function* linesOf(stream: Readable): AsyncGenerator<Uint8Array> {
  let unfinished = new Parts();
  for await (const chunk of stream) {
    const bytes = bytesOf(chunk);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      unfinished.add(bytes.subarray(start, end));
      yield unfinished.joined();
      unfinished = new Parts();
      start = end + 1;
    }
    if (start < bytes.length) unfinished.add(bytes.subarray(start));
  }
  const last = unfinished.joined();
  if (last.length > 0) yield last;
}

/** All that a stream has. Throws `CommandError` if that is more than a payload can be. */
export async function wholeOf(stream: Readable): Promise<Uint8Array> {
  const parts = new Parts();
  for await (const chunk of stream) parts.add(bytesOf(chunk));
  return parts.joined();
}

/** Pieces of one payload. */
class Parts {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  add(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > PAYLOAD_BYTES_MAX) {
      throw new CommandError(`a message of more than ${PAYLOAD_BYTES_MAX} bytes cannot be sent`);
    }
    this.#parts.push(part);
  }

  /** In memory of their own, so that a short line does not hold a whole chunk. */
  joined(): Uint8Array {
    const joined = new Uint8Array(this.#length);
    let position = 0;
    for (const part of this.#parts) {
      joined.set(part, position);
      position += part.length;
    }
    return joined;
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  return new TextEncoder().encode(String(chunk));
}
