import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** A program of this folder in a process of its own, ended by its pid. */
export class ChildProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  /** Resolves when it has ended and all that it has written is known. */
  readonly ended: Promise<void>;
  #output = "";

  constructor(
    name: string,
    args: readonly string[],
    { addressKilobytes }: { readonly addressKilobytes?: number } = {},
  ) {
    const program = join(import.meta.dirname, name);
    const command = [process.execPath, "--import", "tsx", "--conditions=source", program, ...args];
    const limit = addressKilobytes === undefined ? "" : `ulimit -v ${addressKilobytes}; `;
    // The shell becomes the program, so that it has its pid.
    const [file = "", ...options] =
      limit === "" ? command : ["/bin/sh", "-c", `${limit}exec "$0" "$@"`, ...command];
    this.#child = spawn(file, options, { stdio: ["pipe", "pipe", "ignore"] });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
    this.ended = new Promise((resolve) => this.#child.once("close", () => resolve()));
  }

  /** The whole lines that it has written. */
  get lines(): readonly string[] {
    return this.#output.split("\n").slice(0, -1);
  }

  /** Resolves when it has written so many lines. Rejects if it ends before. */
  async wrote(count: number): Promise<void> {
    while (this.lines.length < count) {
      const isOver = this.ended.then(() => true);
      const more = new Promise((resolve) => this.#child.stdout.once("data", resolve));
      if ((await Promise.race([isOver, more])) === true && this.lines.length < count) {
        throw new Error("the program has ended");
      }
    }
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}
