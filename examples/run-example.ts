/** How the examples are run from the command line. Their tests call `main` instead. */
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where an example says what it does. */
export type Print = (line: string) => void;

/** An example. It goes on until it is done or the signal is aborted. */
export type Main = (signal: AbortSignal, print: Print) => Promise<void>;

/** Runs an example if its file is the one that was started; Ctrl+C aborts the signal. */
export function runExample({ url }: ImportMeta, main: Main): void {
  const [, started] = process.argv;
  if (started === undefined || realpathSync(started) !== fileURLToPath(url)) return;
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  main(stop.signal, console.log).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${inOneLine(error)}\n`);
      process.exit(1);
    },
  );
}

/** A wrong port or a server that is not there is told in one line, without a stack. */
export function inOneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, "; ");
}
