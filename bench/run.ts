/**
 * Measures Anax beside its peers, side by side in one run, half an hour on a quiet machine: `npm run bench`. Prints the table
 * and writes it to bench/results.
 *
 *     npm run bench -- q0-1x1 q1-10p              these scenarios alone
 *     npm run bench -- steady10m --minutes 10     a long one, which is run only if it is named
 *     npm run bench -- --runs 3 --seconds 5 --tries 4 --peers anax,mosquitto --server-cpu 0 --load-cpu 1
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measure } from "./measuring.ts";
import type { BenchSettings, Measured } from "./measuring.ts";
import { PEERS } from "./peers.ts";
import type { PeerProgram } from "./peers.ts";
import { writeReadme } from "./readme.ts";
import { LEGEND, rowsOf, table } from "./report.ts";
import { circumstances, pageOf, ROOT, writeResults } from "./results.ts";
import type { Report } from "./results.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

const option = (byDefault: string): { type: "string"; default: string } => ({
  type: "string",
  default: byDefault,
});

function settingsFrom(args: readonly string[]): BenchSettings & { isForReadme: boolean } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: option("3"),
      seconds: option("5"),
      minutes: option("10"),
      tries: option("4"),
      peers: option("anax,mosquitto,aedes"),
      "server-cpu": option("0"),
      "load-cpu": option("1"),
      "write-readme": { type: "boolean", default: false },
    },
  });
  return {
    scenarios: scenariosNamed(positionals),
    peers: values.peers
      .split(",")
      .map(peerNamed)
      .filter((peer) => peer.missing === undefined),
    runs: Number(values.runs),
    seconds: Number(values.seconds),
    warmUpSeconds: 1,
    minutes: Number(values.minutes),
    tries: Number(values.tries),
    serverCpu: values["server-cpu"],
    loadCpu: values["load-cpu"],
    isForReadme: values["write-readme"],
  };
}

function scenariosNamed(names: readonly string[]): readonly Scenario[] {
  const unknown = names.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined)
    throw new RangeError(
      `there is no scenario "${unknown}"; there are ${SCENARIOS.map(({ name }) => name).join(", ")}`,
    );
  return SCENARIOS.filter(({ name, isOnRequest }) =>
    names.length === 0 ? isOnRequest !== true : names.includes(name),
  );
}

function peerNamed(name: string): PeerProgram {
  const peer = PEERS.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new RangeError(`there is no peer "${name}"`);
  if (peer.missing !== undefined) process.stderr.write(`${name} is left out: ${peer.missing}\n`);
  return peer;
}

/** What was measured, as a table and as lines of a file. */
export function reportOf(settings: BenchSettings, all: readonly Measured[]): Report {
  const { runs, seconds, tries } = settings;
  const peers = settings.peers.map(({ name }) => name);
  const method =
    `medians of ${runs} runs of ${seconds} s; servers side by side on a core of their own, runs in turn, new servers ` +
    `for each scenario; a run that other programs disturbed was repeated, ${tries} times at most`;
  const verdicts = new Map(rowsOf(all, peers).map((row) => [row.line.name, row.verdict]));
  return {
    facts: circumstances(method),
    table: table(all, peers),
    legend: LEGEND,
    results: all.map(({ scenario, results }) => ({
      scenario: scenario.name,
      verdicts: scenario.lines.map(({ name }) => verdicts.get(name)),
      ...Object.fromEntries(results),
    })),
  };
}

async function main(): Promise<void> {
  const settings = settingsFrom(process.argv.slice(2));
  const all = await measure(settings, (line) => process.stderr.write(`${line}\n`));
  const report = reportOf(settings, all);
  process.stdout.write(pageOf(report));
  writeResults(report, `${ROOT}bench/results`);
  if (settings.isForReadme) writeReadme(`${ROOT}README.md`, report);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
