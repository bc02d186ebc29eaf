import type { CancelCall, Clock } from "../ports/clock.ts";
import { LOAD_SPANS, LoadAverage } from "./load-average.ts";
import type { ServerHealth } from "./server-health.ts";
import type { ServerStatistics } from "./server-statistics.ts";
import {
  LOAD_TOPICS,
  loadTopicName,
  MEASURED_TOPICS,
  systemTopicName,
} from "./system-topic-table.ts";
import type { Measured } from "./system-topic-table.ts";

/** Topic of the state of the store. */
const HEALTH = "store/health";

/** What the topics need from the server. */
export interface SystemTopicsOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly version: string;
  statistics(): ServerStatistics;
  health(): ServerHealth;
  /** Memory that the process uses. */
  heapBytes(): number;
  /** Publishes a retained message. */
  publish(topic: string, text: string): void;
}

/** Publishes the server's counters and its health under `$SYS/broker/`, retained, on an interval, and only what has changed. */
export class SystemTopics {
  readonly #options: SystemTopicsOptions;
  readonly #loads: ReadonlyMap<string, LoadAverage>;
  readonly #published = new Map<string, string>();
  #cancel: CancelCall | undefined;
  #takenAtMs = 0;
  #heapBytesMaximum = 0;

  constructor(options: SystemTopicsOptions) {
    this.#options = options;
    const statistics = options.statistics();
    const loads = Object.entries(LOAD_TOPICS);
    this.#loads = new Map(
      loads.map(([name, { count }]) => [name, new LoadAverage(count(statistics))]),
    );
  }

  /** Publishes everything, and then goes on with what changes. */
  start(): void {
    this.#published.clear();
    this.#takenAtMs = this.#options.clock.now();
    this.#publishAll();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The health has changed: who watches it need not wait for the interval to end. */
  publishHealth(): void {
    const isStarted = this.#cancel !== undefined;
    if (isStarted) this.#publish(HEALTH, this.#options.health().store);
  }

  #publishAll(): void {
    const { clock, intervalMs } = this.#options;
    const measured = this.#measure();
    for (const [name, { value }] of Object.entries(MEASURED_TOPICS)) {
      this.#publish(name, String(value(measured)));
    }
    this.#publishLoads(measured.statistics);
    this.#cancel = clock.callAfter(intervalMs, () => this.#publishAll());
  }

  #measure(): Measured {
    const heapBytes = this.#options.heapBytes();
    this.#heapBytesMaximum = Math.max(this.#heapBytesMaximum, heapBytes);
    return {
      version: this.#options.version,
      statistics: this.#options.statistics(),
      health: this.#options.health(),
      heapBytes,
      heapBytesMaximum: this.#heapBytesMaximum,
    };
  }

  #publishLoads(statistics: ServerStatistics): void {
    const now = this.#options.clock.now();
    const elapsedMs = now - this.#takenAtMs;
    this.#takenAtMs = now;
    for (const [name, average] of this.#loads) {
      const averages = average.update(LOAD_TOPICS[name]?.count(statistics) ?? 0, elapsedMs);
      for (const [index, span] of LOAD_SPANS.entries()) {
        this.#publish(loadTopicName(name, span), (averages[index] ?? 0).toFixed(2));
      }
    }
  }

  #publish(name: string, text: string): void {
    if (this.#published.get(name) === text) return;
    this.#published.set(name, text);
    this.#options.publish(systemTopicName(name), text);
  }
}
