import type { Output } from "../io.ts";

/** So much is written at once at most; a terminal should see something now and then. */
const BATCH_BYTES_MAX = 65_536;

/** Collects what is printed during one turn of the loop, for one write costs as much as a thousand messages. */
export class BatchedOutput {
  readonly #output: Output;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #isFlushScheduled = false;

  constructor(output: Output) {
    this.#output = output;
  }

  print(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= BATCH_BYTES_MAX) this.flush();
    else this.#scheduleFlush();
  }

  /** Writes what was collected. */
  flush(): void {
    if (this.#parts.length === 0) return;
    const batch = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    this.#output.write(batch);
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.#isFlushScheduled = false;
      this.flush();
    });
  }
}
