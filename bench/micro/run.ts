/**
 * Single parts by themselves, without sockets and disks: `npm run bench:micro -- [groups…]`. Prints the time of one
 * operation, in nanoseconds.
 */
import { fileURLToPath } from "node:url";
import { measure } from "mitata";
import { anyNumber, runProgram } from "../support/program-arguments.ts";
import { CODEC } from "./codec.ts";
import { ENCODE } from "./encode.ts";
import type { MicroGroup } from "./micro-case.ts";
import { QUEUE } from "./queue.ts";
import { ROUTE } from "./route.ts";
import { TOPIC_MATCH } from "./topic-match.ts";

/** All that is measured. */
export const GROUPS: readonly MicroGroup[] = [CODEC, TOPIC_MATCH, ROUTE, ENCODE, QUEUE];

/** What came out for one case; times in nanoseconds, of one operation. */
export interface MicroFigure {
  readonly group: string;
  readonly name: string;
  readonly p50: number;
  readonly p99: number;
}

/** How long each case is measured. */
export interface MicroSettings {
  readonly milliseconds: number;
}

const NS_PER_MS = 1e6;

/** Measures groups one after the other and tells each figure as soon as it is known. */
export async function measureMicro(
  groups: readonly MicroGroup[],
  { milliseconds }: MicroSettings,
  tell: (figure: MicroFigure) => void,
): Promise<void> {
  const options = { min_cpu_time: milliseconds * NS_PER_MS, min_samples: 2 };
  for (const group of groups) {
    await group.measure(async (cases) => {
      for (const { name, run, times } of cases) {
        const { p50, p99 } = await measure(run, options);
        tell({ group: group.name, name, p50: p50 / times, p99: p99 / times });
      }
    });
  }
}

/** One line for people. */
export function microLine({ group, name, p50, p99 }: MicroFigure): string {
  const time = (nanoseconds: number): string => `${nanoseconds.toFixed(1).padStart(9)} ns`;
  return `${group.padEnd(12)} ${name.padEnd(42)} p50 ${time(p50)}, p99 ${time(p99)}`;
}

/** Its command line. */
export const MICRO_PROGRAM = {
  command: "npm run bench:micro --",
  about:
    "Single parts by themselves, without sockets and disks. Prints the nanoseconds of one operation.",
  options: {
    milliseconds: anyNumber("time of a case", { from: 0.1, to: 600_000, byDefault: 1_000 }),
  },
  words: { what: "group", names: GROUPS.map(({ name }) => name) },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(MICRO_PROGRAM, async (settings, words) => {
    const groups = GROUPS.filter(({ name }) => words.length === 0 || words.includes(name));
    const tell = (figure: MicroFigure): void => void process.stdout.write(`${microLine(figure)}\n`);
    await measureMicro(groups, settings, tell);
  });
}
