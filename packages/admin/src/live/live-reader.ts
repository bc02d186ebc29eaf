import { eventLines } from "./event-lines.ts";

/** Bytes that may wait for one reader of a stream: some minutes of figures, or one tick of topics with their values. */
const WAITING_BYTES_MAX = 524_288;
/** Ticks in a row that a reader may miss before it is cut. */
const MISSED_TICKS_MAX = 30;

/** One who reads the live stream. What it does not read is bounded: it misses events then, and is told how many. */
export class LiveReader {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #whenGone: (reader: LiveReader) => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #missed = 0;
  #missedTicks = 0;
  #hasMissed = false;

  constructor(whenGone: (reader: LiveReader) => void) {
    this.#whenGone = whenGone;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        cancel: () => this.#gone(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES_MAX }),
    );
  }

  /** Gives it an event, or counts that it misses one. */
  tell(lines: Uint8Array): void {
    const room = this.#controller?.desiredSize ?? 0;
    if (lines.length > room) {
      this.#missed += 1;
      this.#hasMissed = true;
      return;
    }
    if (this.#missed > 0) {
      this.#controller?.enqueue(eventLines("missed", { events: this.#missed }));
      this.#missed = 0;
    }
    this.#controller?.enqueue(lines);
  }

  /** Called once in each tick, after its events. Cuts a reader that has not read for long. */
  endOfTick(): void {
    this.#missedTicks = this.#hasMissed ? this.#missedTicks + 1 : 0;
    this.#hasMissed = false;
    if (this.#missedTicks < MISSED_TICKS_MAX) return;
    this.end(`not read for ${MISSED_TICKS_MAX} seconds`);
  }

  /** Ends the stream, with a note that says why. Idempotent. */
  end(reason: string): void {
    if (this.#controller === undefined) return;
    this.#controller.enqueue(eventLines("end", { reason }));
    this.#controller.close();
    this.#gone();
  }

  #gone(): void {
    this.#controller = undefined;
    this.#whenGone(this);
  }
}
