/** A program of somebody else that a test runs: its output as it comes, and its end. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** How a program ended, and all that it said. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** What a program may be given beside its arguments. */
export interface ProgramOptions {
  /** Its standard input. Default: none. */
  readonly input?: string | Uint8Array | undefined;
  /** Its working folder. Default: that of the tests. */
  readonly cwd?: string | undefined;
}

/** A running program. It is ended with the test that started it. */
export class ChildProgram {
  /** Resolves when the program has ended and its output is complete. */
  readonly ended: Promise<ProgramEnd>;
  readonly #process: ChildProcess;
  readonly #command: string;
  #output = "";
  #errors = "";
  #waiting: (() => void)[] = [];
  #isEnded = false;

  constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
    const { input, cwd } = options;
    this.#command = command;
    this.#process = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], cwd });
    const { stdin, stdout, stderr } = this.#process;
    stdout?.setEncoding("utf8").on("data", (text: string) => this.#said(text, ""));
    stderr?.setEncoding("utf8").on("data", (text: string) => this.#said("", text));
    // A program that ends before it has read everything is judged by its exit code.
    stdin?.on("error", () => undefined);
    stdin?.end(input);
    this.ended = this.#end();
  }

  /** What it has written to its standard output so far. */
  get output(): string {
    return this.#output;
  }

  /** What it has written to its standard error so far. */
  get errors(): string {
    return this.#errors;
  }

  /** Waits until its output, or its errors, match. Throws if it ends without that. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#output) ?? pattern.exec(this.#errors);
      if (match !== null) return match;
      if (this.#isEnded) {
        throw new Error(`${this.#command} never printed ${pattern}: ${this.#everythingSaid()}`);
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Waits for the end. Throws unless it is a good one. */
  async succeeded(): Promise<string> {
    const { code, output } = await this.ended;
    if (code !== 0)
      throw new Error(`${this.#command} ended with ${code}: ${this.#everythingSaid()}`);
    return output;
  }

  /** Ends it in an orderly way, or with the signal named; does nothing if it has ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<ProgramEnd> {
    this.#process.kill(signal);
    return this.ended;
  }

  async #end(): Promise<ProgramEnd> {
    const [code] = await once(this.#process, "close");
    this.#isEnded = true;
    this.#wake();
    return {
      code: typeof code === "number" ? code : null,
      output: this.#output,
      errors: this.#errors,
    };
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #said(output: string, errors: string): void {
    this.#output += output;
    this.#errors += errors;
    this.#wake();
  }

  #everythingSaid(): string {
    return `${this.#output}${this.#errors}`.trim();
  }
}

/** Starts a program for the test that is running. */
export function startProgram(
  command: string,
  args: readonly string[],
  input?: string | Uint8Array,
): ChildProgram {
  const program = new ChildProgram(command, args, { input });
  onTestFinished(async () => {
    await program.stop("SIGKILL");
  });
  return program;
}

/** Runs a program to its good end and gives what it printed. */
export async function runProgram(
  command: string,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<string> {
  return startProgram(command, args, input).succeeded();
}
