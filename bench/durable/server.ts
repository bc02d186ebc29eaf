import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { MqttServerOptions, StoreDurability } from "@anax/server";
import { onCore } from "../support/on-core.ts";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** How a server is started. */
export interface DurableServerOptions {
  /** "aedes": not ours, with LevelDB. */
  readonly durability: StoreDurability | "aedes";
  readonly directory: string;
  /** Core of the server. Default: none of its own. */
  readonly cpu?: string;
  /** Other options of the Anax server than those that are good for measuring. */
  readonly options?: MqttServerOptions;
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
    const [program, ...args] = commandOf(options);
    const startedAt = performance.now();
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
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

  /** Bytes that the store needs, and how many checkpoints there were. */
  async counts(): Promise<{ readonly storeBytes: number; readonly checkpoints: number }> {
    const line = nextLine(this.#lines);
    this.#process.kill("SIGUSR2");
    return JSON.parse(await line) as { storeBytes: number; checkpoints: number };
  }

  /** Stops its work, so that it needs nothing of a core that others are measured on, until `wake`. */
  sleep(): void {
    this.#process.kill("SIGSTOP");
  }

  wake(): void {
    this.#process.kill("SIGCONT");
  }

  /** Ends it: in order, or as a crash would. Does nothing if it has ended. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill(signal);
    await ended;
  }
}

function commandOf(options: DurableServerOptions): readonly [string, ...string[]] {
  const { durability, directory, cpu = "", options: others = {} } = options;
  const program =
    durability === "aedes"
      ? [file("../servers/aedes-level.mjs"), "0", directory]
      : [file("../servers/anax-durable.js"), durability, directory, JSON.stringify(others)];
  return onCore(cpu, [process.execPath, ...program]);
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
