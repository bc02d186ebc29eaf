import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** How a server program is started. */
export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Where it will listen, if it does not say so itself. */
  readonly port?: number;
}

const START_MS_MAX = 30_000;

/** One run of the server as a process of its own, ended by its pid and no other way. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #listening: Promise<number>;
  /** Resolves when it begins to read what it has stored, if it says so, or when it has ended. */
  readonly recovering: Promise<void>;
  #errors = "";
  #announceRecovery: () => void = () => {};

  constructor({ program, args, port }: ServerCommand) {
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-10_000);
    });
    this.#ended = new Promise((resolve) => this.#child.once("exit", () => resolve()));
    const announced = new Promise<void>((resolve) => (this.#announceRecovery = resolve));
    this.recovering = Promise.race([announced, this.#ended]);
    this.#listening = port === undefined ? this.#portLine() : this.#open(port);
    // A process that is killed while it starts never listens, and nobody may be waiting for it.
    this.#listening.catch(() => undefined);
  }

  /** The port, once the server listens. Rejects if it ends before. */
  get listening(): Promise<number> {
    return this.#listening;
  }

  /** What it wrote to standard error last, without the time at the beginning of a line. */
  get errorLines(): readonly string[] {
    const lines = this.#errors.split("\n").map((line) => line.replace(/^[\d:.]{8,12} /, ""));
    return lines.filter((line) => line !== "");
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Asks it to stop, and waits until it has. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
  }

  async #open(port: number): Promise<number> {
    for (let waitedMs = 0; this.isRunning && waitedMs < START_MS_MAX; waitedMs += 20) {
      await delay(20);
      if (await isOpen(port)) return port;
    }
    throw new Error(`the server does not listen: ${this.#errors}`);
  }

  async #portLine(): Promise<number> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), START_MS_MAX);
    try {
      if (this.#child.stdout === null) throw new Error("the server has no standard output");
      for await (const line of createInterface({ input: this.#child.stdout })) {
        if (line === "recovering") this.#announceRecovery();
        const port = /^listening on (\d+)$/.exec(line)?.[1];
        if (port !== undefined) return Number(port);
      }
      throw new Error(`the server ended before it listened: ${this.#errors}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
