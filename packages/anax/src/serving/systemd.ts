import { execFile } from "node:child_process";
import type { Environment } from "../settings/setting-source.ts";

/**
 * Tells systemd how the server is: ready, still alive, stopping. Node cannot write to the socket that systemd waits at, so its own
 * program `systemd-notify` does. Without systemd (no NOTIFY_SOCKET) nothing is done.
 */
export class Systemd {
  readonly #isThere: boolean;
  readonly #watchdogMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(environment: Environment) {
    this.#isThere = environment["NOTIFY_SOCKET"] !== undefined;
    this.#watchdogMs = Number(environment["WATCHDOG_USEC"] ?? 0) / 1_000;
  }

  /** The server serves. From now on the watchdog is told that the process is alive, twice in its time. */
  ready(): void {
    this.#tell("READY=1");
    if (!this.#isThere || !(this.#watchdogMs > 0)) return;
    this.#timer = setInterval(() => this.#tell("WATCHDOG=1"), this.#watchdogMs / 2);
    this.#timer.unref();
  }

  stopping(): void {
    this.#tell("STOPPING=1");
  }

  /** Tells nothing any more. */
  end(): void {
    clearInterval(this.#timer);
  }

  #tell(state: string): void {
    if (!this.#isThere) return;
    // Whoever runs under something that only looks like systemd is served all the same.
    execFile("systemd-notify", [`--pid=${process.pid}`, state], () => undefined).unref();
  }
}
