import type { CancelCall, Clock } from "../ports/clock.ts";
import { LOAD_SPANS, LoadAverage } from "./load-average.ts";
import type { ServerHealth } from "./server-health.ts";
import type { ServerStatistics } from "./server-statistics.ts";

type Value = (statistics: ServerStatistics) => number;

/** Topics below `$SYS/broker/`, under the names that mosquitto made conventional, and where each comes from. */
export const SYSTEM_TOPICS: Readonly<Record<string, Value>> = {
  "clients/connected": (now) => now.connectionsCurrent,
  "clients/active": (now) => now.connectionsCurrent,
  "clients/disconnected": (now) => now.sessionsCurrent - now.connectionsCurrent,
  "clients/inactive": (now) => now.sessionsCurrent - now.connectionsCurrent,
  "clients/total": (now) => now.sessionsCurrent,
  "clients/maximum": (now) => now.connectionsMaximum,
  "clients/expired": (now) => now.sessionsExpired,
  "messages/received": (now) => now.packetsReceived,
  "messages/sent": (now) => now.packetsSent,
  "publish/messages/received": (now) => now.publishesReceived,
  "publish/messages/sent": (now) => now.publishesSent,
  "publish/messages/dropped": (now) => now.messagesDropped,
  "publish/messages/too large": (now) => now.messagesTooLarge,
  "publish/messages/stalled": (now) => now.windowsStalled,
  "publish/bytes/received": (now) => now.publishBytesReceived,
  "publish/bytes/sent": (now) => now.publishBytesSent,
  "bytes/received": (now) => now.bytesReceived,
  "bytes/sent": (now) => now.bytesSent,
  "subscriptions/count": (now) => now.subscriptionsCurrent,
  "shared_subscriptions/count": (now) => now.sharedSubscriptionsCurrent,
  "retained messages/count": (now) => now.retainedMessagesCurrent,
  "store/messages/count": (now) => now.retainedMessagesCurrent + now.queuedMessagesCurrent,
  "store/messages/bytes": (now) => now.retainedBytesCurrent + now.queuedBytesCurrent,
};

/** Counters whose growth per minute is averaged, by the topic below `$SYS/broker/load/`. */
export const LOAD_TOPICS: Readonly<Record<string, Value>> = {
  "messages/received": (now) => now.packetsReceived,
  "messages/sent": (now) => now.packetsSent,
  "publish/received": (now) => now.publishesReceived,
  "publish/sent": (now) => now.publishesSent,
  "publish/dropped": (now) => now.messagesDropped,
  "bytes/received": (now) => now.bytesReceived,
  "bytes/sent": (now) => now.bytesSent,
  sockets: (now) => now.transportsTotal,
  connections: (now) => now.connectionsTotal,
};

/** Topic of the state of the store. */
const HEALTH = "store/health";

/** What the topics need from the server. */
export interface SystemTopicsOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly version: string;
  statistics(): ServerStatistics;
  health(): ServerHealth;
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

  constructor(options: SystemTopicsOptions) {
    this.#options = options;
    const statistics = options.statistics();
    const loads = Object.entries(LOAD_TOPICS);
    this.#loads = new Map(loads.map(([name, value]) => [name, new LoadAverage(value(statistics))]));
  }

  /** Publishes everything, and then goes on with what changes. */
  start(): void {
    this.#published.clear();
    this.#takenAtMs = this.#options.clock.now();
    this.#publish("version", `anax ${this.#options.version}`);
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
    const statistics = this.#options.statistics();
    this.#publish("uptime", `${Math.floor(statistics.uptimeMs / 1_000)} seconds`);
    this.#publish(HEALTH, this.#options.health().store);
    for (const [name, value] of Object.entries(SYSTEM_TOPICS)) {
      this.#publish(name, String(value(statistics)));
    }
    this.#publishLoads(statistics);
    this.#cancel = clock.callAfter(intervalMs, () => this.#publishAll());
  }

  #publishLoads(statistics: ServerStatistics): void {
    const now = this.#options.clock.now();
    const elapsedMs = now - this.#takenAtMs;
    this.#takenAtMs = now;
    for (const [name, average] of this.#loads) {
      const averages = average.update(LOAD_TOPICS[name]?.(statistics) ?? 0, elapsedMs);
      for (const [index, span] of LOAD_SPANS.entries()) {
        this.#publish(`load/${name}/${span}min`, (averages[index] ?? 0).toFixed(2));
      }
    }
  }

  #publish(name: string, text: string): void {
    if (this.#published.get(name) === text) return;
    this.#published.set(name, text);
    this.#options.publish(`$SYS/broker/${name}`, text);
  }
}
