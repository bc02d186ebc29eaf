import type { MqttServer } from "@anax/server";
import { Measuring } from "../metrics/measuring.ts";
import { eventLines } from "./event-lines.ts";
import { figuresOf } from "./figures.ts";
import { Happenings } from "./happenings.ts";
import { LiveReader } from "./live-reader.ts";
import { requireRoom } from "./stream-limit.ts";
import { TopicObserver } from "./topic-observer.ts";
import type { Observing } from "./topic-observer.ts";

const FIGURES_MS = 1_000;
const HAPPENINGS_MS = 100;

/** Calls at an interval; the result ends it. Tests give their own. */
export type Every = (ms: number, call: () => void) => () => void;

/** Who looks, and at what. */
export interface LiveRequest {
  /** Topics, if these are to be told of. */
  readonly observing: Observing | undefined;
  /** False once its token is known no more. */
  readonly mayRead: () => boolean;
}

interface Follower extends LiveRequest {
  readonly topics: TopicObserver | undefined;
}

/** What runs while at least one stream is open. */
interface Watching {
  readonly measuring: Measuring;
  readonly happenings: Happenings;
  readonly stops: readonly (() => void)[];
}

/** The live streams of one server. While none is open, nothing is measured, gathered or observed. */
export class LiveStreams {
  readonly #server: MqttServer;
  readonly #every: Every;
  readonly #followers: Map<LiveReader, Follower> = new Map();
  #watching: Watching | undefined;

  constructor(server: MqttServer, every: Every = everyInterval) {
    this.#server = server;
    this.#every = every;
  }

  /** Opens a stream. Throws `MqttServerBusyError` where as many are open as may be. */
  open(request: LiveRequest): ReadableStream<Uint8Array> {
    requireRoom(this.#followers.size, "live streams");
    const { observing } = request;
    const topics = observing && new TopicObserver(this.#server, observing);
    const reader = new LiveReader((gone) => this.#left(gone));
    this.#followers.set(reader, { ...request, topics });
    this.#watching ??= this.#watch();
    const figures = figuresOf(this.#server, this.#watching.measuring);
    reader.tell(eventLines("figures", figures));
    return reader.stream;
  }

  /** Ends all. */
  close(): void {
    for (const reader of Array.from(this.#followers.keys())) reader.end("the server stops");
  }

  #watch(): Watching {
    return {
      measuring: new Measuring(this.#server),
      happenings: new Happenings(this.#server),
      stops: [
        this.#every(FIGURES_MS, () => this.#tick()),
        this.#every(HAPPENINGS_MS, () => this.#tellHappenings()),
      ],
    };
  }

  #left(reader: LiveReader): void {
    this.#followers.get(reader)?.topics?.close();
    this.#followers.delete(reader);
    if (this.#followers.size > 0) return;
    this.#watching?.measuring.close();
    this.#watching?.happenings.close();
    for (const stop of this.#watching?.stops ?? []) stop();
    this.#watching = undefined;
  }

  #tick(): void {
    if (this.#watching === undefined) return;
    const figures = figuresOf(this.#server, this.#watching.measuring);
    this.#watching.happenings.count(figures.statistics);
    const lines = eventLines("figures", figures);
    for (const [reader, { topics, mayRead }] of Array.from(this.#followers)) {
      if (!mayRead()) {
        reader.end("the token is not known any more");
        continue;
      }
      // Before the figures, which are of the same second: who has those has both.
      const observed = topics?.take();
      if (observed !== undefined && observed.observed > 0)
        reader.tell(eventLines("topics", observed));
      reader.tell(lines);
      reader.endOfTick();
    }
  }

  #tellHappenings(): void {
    const taken = this.#watching?.happenings.take();
    if (taken === undefined) return;
    const lines = eventLines("happened", taken);
    for (const reader of this.#followers.keys()) reader.tell(lines);
  }
}

function everyInterval(ms: number, call: () => void): () => void {
  const timer = setInterval(call, ms);
  timer.unref();
  return () => clearInterval(timer);
}
