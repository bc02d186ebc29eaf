import type { Duplex } from "node:stream";
import { clearTimeout, setTimeout } from "../platform.ts";

/** Streams that are not yet connections, and the time that each has to become one. */
export class HandshakeDeadlines {
  readonly #timeoutMs: number;
  readonly #timers = new Map<Duplex, NodeJS.Timeout>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  begin(stream: Duplex): void {
    const timer = setTimeout(() => stream.destroy(), this.#timeoutMs);
    timer.unref();
    this.#timers.set(stream, timer);
    stream.once("close", () => this.done(stream));
  }

  done(stream: Duplex): void {
    clearTimeout(this.#timers.get(stream));
    this.#timers.delete(stream);
  }

  /** Closes what has not become a connection. */
  destroyAll(): void {
    for (const stream of this.#timers.keys()) stream.destroy();
  }
}
