/**
 * What durability costs, each line against the same load on a server without a store, in turn. Prints the table;
 * what is complete is written to bench/results.
 *
 *     npm run bench:durable                          everything, some minutes
 *     npm run bench:durable -- --only loads          as fast as it goes; --only queues: large queues; --only steady: at fixed rates
 *     npm run bench:durable -- --messages 100000     smaller queues
 */
import { fileURLToPath } from "node:url";
import { BAR_SIZES, isReduced } from "./durable/figure.ts";
import type { DurableFigure, DurableWorkload, SizeName } from "./durable/figure.ts";
import { addedLatency, beside, checkpoints, tenPairs, toFifty } from "./durable/loads.ts";
import { queues, restart } from "./durable/queues.ts";
import { steady, STEADY_RATES } from "./durable/steady.ts";
import { buildLoadGenerator } from "./support/load-generator.ts";
import { LOAD_OPTIONS, triesOption } from "./support/load-options.ts";
import { choice, runProgram, usageError, wholeNumber } from "./support/program-arguments.ts";
import type { OptionValues, ProgramOption } from "./support/program-arguments.ts";
import {
  circumstances,
  keepResults,
  packageVersion,
  pageOf,
  tooLittle,
} from "./support/results.ts";
import type { Circumstances } from "./support/results.ts";

type Measurement = (workload: DurableWorkload) => Promise<DurableFigure | DurableFigure[]>;

const MEASUREMENTS: Readonly<Record<"loads" | "steady" | "queues", readonly Measurement[]>> = {
  loads: [tenPairs, toFifty, addedLatency, beside, checkpoints],
  steady: [steady],
  queues: [queues, restart],
};

/** Measures all of the table, or one of its parts, and tells each line as soon as it is known. */
export async function measureDurable(
  workload: DurableWorkload,
  tell: (figure: DurableFigure) => void,
  only = "all",
): Promise<void> {
  for (const [name, measurements] of Object.entries(MEASUREMENTS)) {
    if (only !== "all" && only !== name) continue;
    for (const measurement of measurements) {
      for (const figure of [await measurement(workload)].flat()) tell(weighed(figure, workload));
    }
  }
}

/** What few runs show, or short ones, is no verdict on a bar. */
function weighed(figure: DurableFigure, workload: DurableWorkload): DurableFigure {
  const isVerdict = figure.verdict === "held" || figure.verdict === "missed";
  return isVerdict && tooLittle(workload) !== undefined
    ? { ...figure, verdict: "reduced" }
    : figure;
}

/** The table as Markdown. */
export function durableTable(figures: readonly DurableFigure[]): string {
  const rows = figures.map(({ name, measured, bar, verdict }) => [name, measured, bar, verdict]);
  return [["what", "measured", "at least", "verdict"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

const LEGEND =
  "*Reduced*: sizes below those of the bar, or few or short runs, so no verdict. Memory is a server without a store. Servers of a line take turns on a core of their own, the others held still meanwhile.";

/** Its command line; the sizes by default are those of the bars. */
export const DURABLE_PROGRAM = {
  command: "npm run bench:durable --",
  about:
    "What durability costs, each line against the same load on a server without a store, in turn. Prints the table; a " +
    "complete one of the default sizes is written to bench/results.",
  options: {
    ...LOAD_OPTIONS,
    tries: triesOption(2),
    checkpoints: size("checkpoints under a steady load", BAR_SIZES.checkpoints),
    messages: size("messages that are queued", BAR_SIZES.messages),
    sessions: size("sessions that they are queued for", BAR_SIZES.sessions),
    "restart-sessions": size("sessions that a restart finds", BAR_SIZES.restartSessions),
    "restart-retained": size("retained messages that it finds", BAR_SIZES.restartRetained),
    only: choice("one part of it", ["all", "loads", "steady", "queues"], "all"),
  },
};

function size(help: string, byDefault: number): ProgramOption<number> {
  return wholeNumber(help, { from: 1, to: 100_000_000, byDefault });
}

type Values = OptionValues<(typeof DURABLE_PROGRAM)["options"]>;

function workloadOf(values: Values): DurableWorkload {
  const { seconds, runs, tries, checkpoints: checkpointCount, messages, sessions } = values;
  if (messages < sessions) {
    throw usageError(
      `--messages ${messages} is below --sessions ${sessions}: each has one at least`,
    );
  }
  return {
    seconds,
    runs,
    tries,
    messages,
    sessions,
    warmUpSeconds: 1,
    serverCpu: values["server-cpu"],
    loadCpu: values["load-cpu"],
    rates: STEADY_RATES,
    checkpoints: checkpointCount,
    checkpointEveryMs: 1_000,
    restartSessions: values["restart-sessions"],
    restartRetained: values["restart-retained"],
    shrinkSeconds: 30,
  };
}

/** Why this is no complete measurement; undefined if it is. */
export function partialReason(workload: DurableWorkload, only: string): string | undefined {
  if (only !== "all") return `only ${only} were measured`;
  if (isReduced(workload, Object.keys(BAR_SIZES) as SizeName[])) {
    return "sizes are below those of the bars";
  }
  return tooLittle(workload);
}

function circumstancesOf(workload: DurableWorkload, only: string): Circumstances {
  const { runs, seconds, checkpoints: count, messages, sessions } = workload;
  const { restartSessions, restartRetained } = workload;
  const partial = partialReason(workload, only);
  const method =
    `medians of ${runs} runs of ${seconds} s, in turn; ${count} checkpoints at least; ${messages} messages for ${sessions} sessions; ` +
    `restart with ${restartSessions} sessions, ${restartRetained} retained and ${messages} queued messages`;
  const packages = ["lmdb", "aedes", "aedes-persistence-level", "classic-level"];
  const versions = Object.fromEntries(packages.map((name) => [name, packageVersion(name)]));
  return { ...circumstances(method, versions), ...(partial !== undefined && { partial }) };
}

async function main(values: Values): Promise<void> {
  const { only, save } = values;
  const workload = workloadOf(values);
  buildLoadGenerator();
  const figures: DurableFigure[] = [];
  const tell = (figure: DurableFigure): void => {
    figures.push(figure);
    const { name, measured, bar, verdict } = figure;
    process.stderr.write(`${name}: ${measured} (bar: ${bar}): ${verdict}\n`);
  };
  await measureDurable(workload, tell, only);
  const facts = circumstancesOf(workload, only);
  const report = { facts, table: durableTable(figures), legend: LEGEND, results: figures };
  process.stdout.write(pageOf(report));
  keepResults(report, save, "-durable");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runProgram(DURABLE_PROGRAM, main);
