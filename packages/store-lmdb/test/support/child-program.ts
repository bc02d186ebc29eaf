import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { bundledProgram } from "../../../../tools/bundled-program.ts";

/** A program of this folder in a process of its own, ended by its pid. */
export class ChildProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  /** Resolves when it has ended and all that it has written is known. */
  readonly ended: Promise<void>;
  #output = "";

  private constructor(
    program: string,
    args: readonly string[],
    addressKilobytes: number | undefined,
  ) {
    const command = [process.execPath, program, ...args];
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

  /** Starts a program of this folder. */
  static async start(
    name: string,
    args: readonly string[],
    { addressKilobytes }: { readonly addressKilobytes?: number } = {},
  ): Promise<ChildProgram> {
    const program = await bundledProgram(join(import.meta.dirname, name));
    return new ChildProgram(program, args, addressKilobytes);
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
