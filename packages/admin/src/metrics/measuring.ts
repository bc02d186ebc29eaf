import { monitorEventLoopDelay } from "node:perf_hooks";
import type { MqttServer } from "@anax/server";
import type { Measured } from "./metric-table.ts";

const NANOSECONDS = 1_000_000_000;
/** Each look wakes the process: every 20 ms would take 0.2 % of a core, this takes a quarter of that. */
const RESOLUTION_MS = 100;

/** Measures a server and its process, from when it is made until it is closed. */
export class Measuring {
  readonly #server: MqttServer;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor(server: MqttServer) {
    this.#server = server;
    this.#delay.enable();
  }

  close(): void {
    this.#delay.disable();
  }

  /** The state of now; what is said of the event loop is since the last call. */
  measure(): Measured {
    const { user, system } = process.cpuUsage();
    const measured = {
      server: this.#server,
      statistics: this.#server.statistics,
      traffic: this.#server.traffic,
      memory: process.memoryUsage(),
      cpuSeconds: (user + system) / 1_000_000,
      loopDelay: {
        meanSeconds: this.#seconds(this.#delay.mean),
        p99Seconds: this.#seconds(this.#delay.percentile(99)),
        maxSeconds: this.#seconds(this.#delay.max),
      },
    };
    this.#delay.reset();
    return measured;
  }

  /** A timer of the monitor is late by what it takes longer than its resolution. */
  #seconds(nanoseconds: number): number {
    if (!Number.isFinite(nanoseconds)) return 0;
    return Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1_000);
  }
}
