import type { MqttServer, ServerStatistics, TimeHistogram } from "@anax/server";
import type { Measuring } from "../metrics/measuring.ts";

/** How a server does at one moment, as the live stream tells it. */
export interface Figures {
  /** Unix time. */
  readonly atMs: number;
  readonly isHealthy: boolean;
  readonly store: string;
  readonly acceptNewConnections: boolean;
  readonly statistics: ServerStatistics;
  /** How long messages took from their publisher to a receiver, of some, since the server started. */
  readonly deliveryTimes: TimeHistogram;
  /** How late timers of the process were since the last figures. */
  readonly loopDelay: { readonly meanMs: number; readonly p99Ms: number; readonly maxMs: number };
  readonly memory: { readonly residentBytes: number; readonly heapBytes: number };
  /** Processor time that the process has taken. */
  readonly cpuSeconds: number;
}

/** The figures of now. */
export function figuresOf(server: MqttServer, measuring: Measuring): Figures {
  const { statistics, traffic, memory, cpuSeconds, loopDelay } = measuring.measure();
  return {
    atMs: Date.now(),
    isHealthy: server.isStarted && server.health.isHealthy,
    store: server.health.store,
    acceptNewConnections: server.acceptNewConnections,
    statistics,
    deliveryTimes: traffic.deliveryTimes,
    loopDelay: {
      meanMs: milliseconds(loopDelay.meanSeconds),
      p99Ms: milliseconds(loopDelay.p99Seconds),
      maxMs: milliseconds(loopDelay.maxSeconds),
    },
    memory: { residentBytes: memory.rss, heapBytes: memory.heapUsed },
    cpuSeconds,
  };
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1_000_000) / 1_000;
}
