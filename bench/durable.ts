/**
 * What durability costs, each line against the same load on a server without a store, in turn. Prints the table and
 * writes it to bench/results.
 *
 *     npm run bench:durable                          everything, some minutes
 *     npm run bench:durable -- --only loads          without the large queues; --only queues: these alone
 *     npm run bench:durable -- --messages 100000     smaller queues
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { DurableFigure, DurableWorkload } from "./durable-figure.ts";
import { addedLatency, beside, checkpoints, tenPairs, toFifty } from "./durable-loads.ts";
import { queues, restart } from "./durable-queues.ts";
import { circumstances, pageOf, ROOT, writeResults } from "./results.ts";

type Measurement = (workload: DurableWorkload) => Promise<DurableFigure | DurableFigure[]>;

const MEASUREMENTS: Readonly<Record<"loads" | "queues", readonly Measurement[]>> = {
  loads: [tenPairs, toFifty, addedLatency, beside, checkpoints],
  queues: [queues, restart],
};

/** Measures all of the table, or one of its halves, and tells each line as soon as it is known. */
export async function measureDurable(
  workload: DurableWorkload,
  tell: (figure: DurableFigure) => void,
  only = "",
): Promise<void> {
  for (const [name, measurements] of Object.entries(MEASUREMENTS)) {
    if (only !== "" && only !== name) continue;
    for (const measurement of measurements) {
      for (const figure of [await measurement(workload)].flat()) tell(figure);
    }
  }
}

/** The table as Markdown. */
export function durableTable(figures: readonly DurableFigure[]): string {
  const rows = figures.map(({ name, measured, bar, verdict }) => [name, measured, bar, verdict]);
  return [["what", "measured", "at least", "verdict"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

const LEGEND =
  "Memory is a server without a store. Servers of a line take turns on a core of their own, the others held still meanwhile.";

const option = (byDefault: string): { type: "string"; default: string } => ({
  type: "string",
  default: byDefault,
});

function workloadOf(args: readonly string[]): DurableWorkload & { only: string } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: option("5"),
      runs: option("3"),
      tries: option("2"),
      "server-cpu": option("0"),
      "load-cpu": option("1"),
      checkpoints: option("24"),
      messages: option("1000000"),
      sessions: option("1000"),
      "restart-sessions": option("100000"),
      "restart-retained": option("1000000"),
      only: option(""),
    },
  });
  if (!["", ...Object.keys(MEASUREMENTS)].includes(values.only)) {
    throw new RangeError(`--only is "${values.only}", not loads or queues`);
  }
  return {
    seconds: Number(values.seconds),
    warmUpSeconds: 1,
    runs: Number(values.runs),
    tries: Number(values.tries),
    serverCpu: values["server-cpu"],
    loadCpu: values["load-cpu"],
    checkpoints: Number(values.checkpoints),
    messages: Number(values.messages),
    sessions: Number(values.sessions),
    restartSessions: Number(values["restart-sessions"]),
    restartRetained: Number(values["restart-retained"]),
    shrinkSeconds: 30,
    only: values.only,
  };
}

async function main(): Promise<void> {
  const workload = workloadOf(process.argv.slice(2));
  const figures: DurableFigure[] = [];
  const tell = (figure: DurableFigure): void => {
    figures.push(figure);
    const { name, measured, bar, verdict } = figure;
    process.stderr.write(`${name}: ${measured} (bar: ${bar}): ${verdict}\n`);
  };
  await measureDurable(workload, tell, workload.only);
  const { runs, seconds } = workload;
  const facts = circumstances(`medians of ${runs} runs of ${seconds} s, in turn`);
  const report = { facts, table: durableTable(figures), legend: LEGEND, results: figures };
  process.stdout.write(pageOf(report));
  writeResults(report, `${ROOT}bench/results`, "-durable");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
