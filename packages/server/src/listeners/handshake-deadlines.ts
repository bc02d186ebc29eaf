import type { Duplex } from "node:stream";
import { clearTimeout, setTimeout } from "../platform.ts";

/** Told of a stream that did not become a connection, and how it ended, in words. */
export type HandshakeEnded<Stream> = (stream: Stream, reason: string) => void;

/** Streams that are not yet connections, and the time that each has to become one. */
export class HandshakeDeadlines<Stream extends Duplex> {
  readonly #timeoutMs: number;
  readonly #ended: HandshakeEnded<Stream>;
  readonly #timers = new Map<Stream, NodeJS.Timeout>();

  constructor(timeoutMs: number, ended: HandshakeEnded<Stream>) {
    this.#timeoutMs = timeoutMs;
    this.#ended = ended;
  }

  begin(stream: Stream): void {
    const timer = setTimeout(() => {
      this.fail(stream, `the handshake took over ${this.#timeoutMs} ms`);
      stream.destroy();
    }, this.#timeoutMs);
    timer.unref();
    this.#timers.set(stream, timer);
    stream.once("close", () => this.fail(stream, "the peer left during the handshake"));
  }

  /** It is a connection now. */
  done(stream: Stream): void {
    clearTimeout(this.#timers.get(stream));
    this.#timers.delete(stream);
  }

  /** It will not be a connection. Told once, and not of one that is done. */
  fail(stream: Stream, reason: string): void {
    if (!this.#timers.has(stream)) return;
    this.done(stream);
    this.#ended(stream, reason);
  }

  /** Closes what has not become a connection. */
  destroyAll(): void {
    for (const stream of this.#timers.keys()) {
      this.done(stream);
      stream.destroy();
    }
  }
}
