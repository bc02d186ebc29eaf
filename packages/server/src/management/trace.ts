import { topicMatchesFilter } from "@anax/protocol";
import { AddressRanges } from "../address-ranges.ts";
import type { TraceEvent, TracedClient } from "../core/tracing/trace-event.ts";
import type { TraceWatcher } from "../core/tracing/tracing.ts";
import { makeInspectable } from "../core/inspecting.ts";
import { recordOf } from "./trace-record.ts";
import type { Explain, TraceRecord } from "./trace-record.ts";

/** What is traced: of several fields, all must hold. */
export interface TraceSubject {
  /** Client Identifier, to the letter. */
  readonly clientId?: string | undefined;
  /** Messages whose topics match it, subscriptions that name it or a topic of it, and what was denied about these. */
  readonly topicFilter?: string | undefined;
  /** IP address, or range such as "10.0.0.0/8". */
  readonly address?: string | undefined;
}

/** Why a trace has ended: its time was over, it had as many records or bytes as it may, or it was stopped. */
export type TraceEnd = "time" | "records" | "bytes" | "stopped";

/** What a trace is limited to. */
export interface TraceLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
  readonly payloadBytesMax: number;
}

/** What one trace is made of. */
export interface TraceParts {
  readonly id: string;
  readonly subject: TraceSubject;
  readonly limits: TraceLimits;
  readonly startedAtMs: number;
  readonly endsAtMs: number;
  readonly wallNow: () => number;
  readonly explain: Explain;
  readonly ended: (trace: Trace) => void;
}

/**
 * What happens to one client, topic or address, for a limited time. `for await` gives its records from the first one on, and ends when the
 * trace does; leaving the loop does not stop the trace, `stop` does. All records stay until the trace is let go, so it may be read again.
 */
export class Trace implements AsyncIterable<TraceRecord>, AsyncDisposable {
  readonly id: string;
  readonly subject: TraceSubject;
  readonly limits: TraceLimits;
  /** Unix time, milliseconds. */
  readonly startedAtMs: number;
  /** When its time is over, as Unix time in milliseconds. */
  readonly endsAtMs: number;
  readonly #records: TraceRecord[] = [];
  readonly #parts: TraceParts;
  readonly #ranges: AddressRanges | undefined;
  #bytes = 0;
  #end: TraceEnd | undefined;
  #waiting: (() => void)[] = [];

  constructor(parts: TraceParts) {
    const { address } = parts.subject;
    this.id = parts.id;
    this.subject = parts.subject;
    this.limits = parts.limits;
    this.startedAtMs = parts.startedAtMs;
    this.endsAtMs = parts.endsAtMs;
    this.#parts = parts;
    this.#ranges = address === undefined ? undefined : new AddressRanges([address]);
  }

  /** What has happened so far, oldest first. */
  get records(): readonly TraceRecord[] {
    return this.#records;
  }

  /** About what the records take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why it has ended; undefined while it goes on. */
  get endReason(): TraceEnd | undefined {
    return this.#end;
  }

  /** Ends it; its records stay. Idempotent. */
  stop(): void {
    this.#finish("stopped");
  }

  /** How the core sees it. Of the trace itself the program sees only records. */
  watcher(): TraceWatcher {
    return {
      follows: (client) => this.#follows(client),
      take: (event) => this.#take(event),
    };
  }

  /** Its time is over. */
  expire(): void {
    this.#finish("time");
  }

  /** Resolves when there are more records than `count`, or it has ended. */
  async more(count: number): Promise<void> {
    if (this.#records.length > count || this.#end !== undefined) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<TraceRecord> {
    for (let index = 0; ; index += 1) {
      await this.more(index);
      const record = this.#records[index];
      if (record === undefined) return;
      yield record;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    const { id, subject, startedAtMs, endsAtMs, endReason, bytes } = this;
    return { id, ...subject, startedAtMs, endsAtMs, endReason, bytes, records: this.#records };
  }

  /** Whose topics are asked for is not known beforehand: then each client may be the one. */
  #follows(client: TracedClient): boolean {
    const { clientId } = this.subject;
    const isOther = clientId !== undefined && client.clientId !== clientId;
    return !isOther && this.#ranges?.includes(client.address) !== false;
  }

  #take(event: TraceEvent): void {
    if (this.#end !== undefined || !this.#isAbout(event)) return;
    const { wallNow, explain } = this.#parts;
    const { payloadBytesMax, bytesMax, recordsMax } = this.limits;
    const { record, bytes } = recordOf(event, { atMs: wallNow(), payloadBytesMax, explain });
    if (this.#bytes + bytes > bytesMax) return this.#finish("bytes");
    this.#records.push(record);
    this.#bytes += bytes;
    if (this.#records.length >= recordsMax) this.#finish("records");
    else this.#wake();
  }

  #isAbout(event: TraceEvent): boolean {
    const { topicFilter } = this.subject;
    if (!this.#follows(event)) return false;
    if (topicFilter === undefined) return true;
    if (event.topic !== undefined) return isAboutFilter(event.topic, topicFilter);
    return event.topicFilters?.some((filter) => isAboutFilter(filter, topicFilter)) === true;
  }

  #finish(reason: TraceEnd): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#parts.ended(this);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** `named` is a topic, or the filter of a subscription: the one that is traced, or one with messages of a topic that is traced. */
function isAboutFilter(named: string, traced: string): boolean {
  return named === traced || topicMatchesFilter(named, traced) || topicMatchesFilter(traced, named);
}

makeInspectable(Trace.prototype, "Trace");
