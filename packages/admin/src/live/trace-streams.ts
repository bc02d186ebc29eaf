import type { Trace, TraceRecord } from "@anax/server";
import { eventLines } from "./event-lines.ts";
import { requireRoom } from "./stream-limit.ts";

/** Who reads which trace. */
interface TraceReader {
  readonly trace: Trace;
  readonly toJson: (record: TraceRecord) => object;
  /** False once its token is known no more. */
  readonly mayRead: () => boolean;
}

/** Open streams of traces. A reader takes records as it reads; the trace, which is bounded, has those that wait. */
export class TraceStreams {
  readonly #open: Set<AbortController> = new Set();

  /** Throws `MqttServerBusyError` where as many are open as may be. */
  open({ trace, toJson, mayRead }: TraceReader): ReadableStream<Uint8Array> {
    requireRoom(this.#open.size, "streams of traces");
    const ended = new AbortController();
    this.#open.add(ended);
    const stopped = new Promise<void>((resolve) =>
      ended.signal.addEventListener("abort", () => resolve()),
    );
    let index = 0;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await Promise.race([trace.more(index), stopped]);
        const record = trace.records[index];
        const end = ended.signal.aborted
          ? "the server stops"
          : endOf(trace, record === undefined, mayRead());
        if (end === undefined && record !== undefined) {
          controller.enqueue(eventLines("record", toJson(record)));
          index += 1;
          return;
        }
        controller.enqueue(eventLines("end", { reason: end }));
        controller.close();
        this.#open.delete(ended);
      },
      cancel: () => {
        this.#open.delete(ended);
        ended.abort();
      },
    });
  }

  /** Ends all. */
  close(): void {
    for (const ended of this.#open) ended.abort();
    this.#open.clear();
  }
}

/** Why a reader gets no more; undefined while it does. */
function endOf({ endReason }: Trace, isAtEnd: boolean, mayRead: boolean): string | undefined {
  if (!mayRead) return "the token is not known any more";
  return isAtEnd ? endReason : undefined;
}
