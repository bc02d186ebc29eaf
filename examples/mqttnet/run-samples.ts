/** How a file of samples is run from the command line: `<file> [sample] [URL]`. Tests call the samples themselves. */
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inOneLine } from "../run-example.ts";
import type { Print } from "../run-example.ts";

/** One sample: does its work against the server at `url`, or on a server of its own, and ends. */
export type Sample = (url: string, print: Print) => Promise<void>;

/** Runs the sample that the command line names, or all of them. */
export function runSamples({ url }: ImportMeta, samples: Readonly<Record<string, Sample>>): void {
  const [, started, ...given] = process.argv;
  if (started === undefined || realpathSync(started) !== fileURLToPath(url)) return;
  const { wanted, server } = whatIsAsked(given);
  const chosen = Object.entries(samples).filter(([name]) => name === (wanted ?? name));
  const all = async (): Promise<void> => {
    if (chosen.length === 0) throw new Error(`there is no sample ${wanted}`);
    for (const [name, sample] of chosen) {
      console.log(`--- ${name}`);
      await sample(server, console.log);
    }
  };
  all().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${inOneLine(error)}\n`);
      process.exit(1);
    },
  );
}

/** A sample by name, at a URL; either may be left out. */
export function whatIsAsked(given: readonly string[]): {
  readonly wanted: string | undefined;
  readonly server: string;
} {
  const [first, second] = given;
  const isUrl = first?.includes("://") === true;
  const [wanted, server = "mqtt://127.0.0.1:1883"] = isUrl ? [undefined, first] : [first, second];
  return { wanted, server };
}
