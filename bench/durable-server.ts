import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { StoreDurability } from "@anax/server";

const PROGRAM = fileURLToPath(new URL("servers/anax-durable.js", import.meta.url));

/** How a server is started. */
export interface DurableServerOptions {
  readonly durability: StoreDurability;
  readonly directory: string;
  /** Default: that of the server. */
  readonly checkpointBytes?: number;
}

/** A server as a process of its own, built, as it is used. */
export class DurableServerProcess {
  readonly port: number;
  /** Milliseconds from the beginning of the process until it was ready. */
  readonly readyMs: number;
  readonly #process: ChildProcess;
  readonly #lines: Interface;

  private constructor(fields: {
    port: number;
    readyMs: number;
    process: ChildProcess;
    lines: Interface;
  }) {
    this.port = fields.port;
    this.readyMs = fields.readyMs;
    this.#process = fields.process;
    this.#lines = fields.lines;
  }

  static async start(options: DurableServerOptions): Promise<DurableServerProcess> {
    const { durability, directory, checkpointBytes = "" } = options;
    const args = [PROGRAM, "0", durability, directory, String(checkpointBytes)];
    const startedAt = performance.now();
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const { port } = JSON.parse(await nextLine(lines)) as { port: number };
    const readyMs = performance.now() - startedAt;
    return new DurableServerProcess({ port, readyMs, process: child, lines });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Bytes of memory that the process has now, or had at most. */
  memory(which: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "latin1");
    return Number(new RegExp(`${which}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1_024;
  }

  /** Bytes that the store needs. */
  async storeBytes(): Promise<number> {
    const line = nextLine(this.#lines);
    this.#process.kill("SIGUSR2");
    return (JSON.parse(await line) as { storeBytes: number }).storeBytes;
  }

  /** Ends it: in order, or as a crash would. Does nothing if it has ended. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill(signal);
    await ended;
  }
}

/** The next line; rejects if the server ends instead. */
async function nextLine(lines: Interface): Promise<string> {
  const end = new AbortController();
  const ended = once(lines, "close", { signal: end.signal }).then(() => {
    throw new Error("the server has ended");
  });
  try {
    const [line] = await Promise.race([once(lines, "line", { signal: end.signal }), ended]);
    return String(line);
  } finally {
    ended.catch(() => undefined);
    end.abort();
  }
}
