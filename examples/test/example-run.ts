/** An example that runs in a test: what it prints, and its end. */
import { onTestFinished } from "vitest";
import type { Main } from "../run-example.ts";

/** Starts an example; the test that started it stops it. */
export class ExampleRun {
  readonly lines: string[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #waiting: (() => void)[] = [];
  #isEnded = false;

  constructor(main: Main) {
    this.#ended = main(this.#stop.signal, (line) => this.#print(line)).finally(() => {
      this.#isEnded = true;
      this.#wake();
    });
    this.#ended.catch(() => undefined);
    onTestFinished(() => this.stop().then(undefined, () => undefined));
  }

  /** Waits for a line that matches. Throws if the example ends without it. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      for (const line of this.lines) {
        const match = pattern.exec(line);
        if (match !== null) return match;
      }
      if (this.#isEnded) {
        await this.#ended;
        throw new Error(`nothing matches ${pattern} in:\n${this.lines.join("\n")}`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Waits until it ends by itself. */
  async ended(): Promise<readonly string[]> {
    await this.#ended;
    return this.lines;
  }

  /** Stops it, as Ctrl+C does. */
  async stop(): Promise<readonly string[]> {
    this.#stop.abort();
    return this.ended();
  }

  #print(line: string): void {
    this.lines.push(line);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The URL that a server example says it listens at. */
export async function urlOf(run: ExampleRun): Promise<string> {
  const [, url = ""] = await run.printed(/^listening at (\S+)$/);
  return url;
}
