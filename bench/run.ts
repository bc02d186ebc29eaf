/**
 * Measures Anax beside its peers, side by side in one run, half an hour on a quiet machine: `npm run bench`. Prints the table;
 * a complete run is written to bench/results.
 *
 *     npm run bench -- q0-1x1 q1-10p              these scenarios alone
 *     npm run bench -- steady10m --minutes 10     a long one, which is run only if it is named
 *     npm run bench -- --peers anax,mqttnet       MQTTnet's server, built before by npm run build:mqttnet
 *     npm run bench -- --runs 3 --seconds 5 --tries 4 --peers anax,mosquitto --server-cpu 0 --load-cpu 1
 */
import { fileURLToPath } from "node:url";
import { buildLoadGenerator } from "./support/load-generator.ts";
import { measure, SHARE_PARTS } from "./table/measuring.ts";
import type { BenchSettings, Measured } from "./table/measuring.ts";
import { PEERS } from "./table/peers.ts";
import { LOAD_OPTIONS, triesOption } from "./support/load-options.ts";
import { PlainError } from "./support/plain-error.ts";
import { anyNumber, choices, runProgram, toggle, usageError } from "./support/program-arguments.ts";
import type { OptionValues } from "./support/program-arguments.ts";
import { writeReadme } from "./readme.ts";
import { LEGEND, rowsOf, table } from "./table/report.ts";
import {
  circumstances,
  keepResults,
  mosquittoVersion,
  packageVersion,
  pageOf,
  ROOT,
  tooLittle,
} from "./support/results.ts";
import type { Circumstances, Report } from "./support/results.ts";
import { SCENARIOS } from "./table/scenarios.ts";

const PEER_NAMES = PEERS.map(({ name }) => name);

/** Its command line. */
export const BENCH_PROGRAM = {
  command: "npm run bench --",
  about:
    "Measures Anax beside its peers, side by side in one run. Prints the table; a complete run (every scenario that needs " +
    "not be named, every peer that is installed, 3 runs of 3 s at least) is written to bench/results.",
  options: {
    ...LOAD_OPTIONS,
    tries: triesOption(4),
    minutes: anyNumber("time of a scenario that runs once, if named", {
      from: 0.1,
      to: 1_440,
      byDefault: 10,
    }),
    peers: choices(
      "servers",
      PEER_NAMES,
      PEERS.filter(({ isOnRequest }) => isOnRequest !== true).map(({ name }) => name),
    ),
    "write-page": toggle("puts the table of a complete run into docs/internals/benchmarks.md"),
  },
  words: { what: "scenario", names: SCENARIOS.map(({ name }) => name) },
};

type Values = OptionValues<(typeof BENCH_PROGRAM)["options"]>;

function settingsFrom(values: Values, words: readonly string[]): BenchSettings {
  const { runs, seconds, minutes, tries, "server-cpu": serverCpu, "load-cpu": loadCpu } = values;
  const named = PEERS.filter(({ name }) => values.peers.includes(name));
  for (const { name, missing } of named) {
    if (missing !== undefined) process.stderr.write(`${name} is left out: ${missing}\n`);
  }
  return {
    scenarios:
      words.length === 0 ? BY_DEFAULT : SCENARIOS.filter(({ name }) => words.includes(name)),
    peers: named.filter(({ missing }) => missing === undefined),
    runs,
    seconds,
    minutes,
    tries,
    serverCpu,
    loadCpu,
    warmUpSeconds: 1,
  };
}

const BY_DEFAULT = SCENARIOS.filter(({ isOnRequest }) => isOnRequest !== true);

/** Why a run with these settings is no complete one; undefined if it is. */
export function partialReason(settings: BenchSettings): string | undefined {
  const scenario = BY_DEFAULT.find((one) => !settings.scenarios.includes(one));
  if (scenario !== undefined) return `scenarios such as ${scenario.name} are left out`;
  const peer = PEERS.find(
    (one) => one.missing === undefined && one.isOnRequest !== true && !settings.peers.includes(one),
  );
  if (peer !== undefined) return `${peer.name} is left out`;
  return tooLittle(settings);
}

function versionsOf(peers: readonly string[]): Circumstances {
  return {
    ...(peers.includes("mosquitto") && { mosquitto: mosquittoVersion() }),
    ...(peers.includes("aedes") && { aedes: packageVersion("aedes") }),
  };
}

/** What was measured, as a table and as lines of a file. */
export function reportOf(settings: BenchSettings, all: readonly Measured[]): Report {
  const { runs, seconds, tries } = settings;
  const partial = partialReason(settings);
  const peers = settings.peers.map(({ name }) => name);
  const method =
    `medians of ${runs} runs of ${seconds} s, for shares of ${SHARE_PARTS} times as many and as short ones; servers side by side on a core of their own, runs in turn, new servers ` +
    `for each scenario, warmed up for ${settings.warmUpSeconds} s; 64-byte payloads unless a name says more; a run that other programs disturbed was repeated, ${tries} times at most`;
  const verdicts = new Map(rowsOf(all, peers).map((row) => [row.line.name, row.verdict]));
  return {
    facts: {
      ...circumstances(method, versionsOf(peers)),
      ...(partial !== undefined && { partial }),
    },
    table: table(all, peers),
    legend: LEGEND,
    results: all.map(({ scenario, results }) => ({
      scenario: scenario.name,
      verdicts: scenario.lines.map(({ name }) => verdicts.get(name)),
      ...Object.fromEntries(results),
    })),
  };
}

async function main(values: Values, words: readonly string[]): Promise<void> {
  const settings = settingsFrom(values, words);
  const partial = partialReason(settings);
  if (partial !== undefined && values["write-page"]) {
    throw usageError(`--write-page needs a complete run, and ${partial}`);
  }
  if (settings.peers.length === 0) throw new PlainError("none of these servers is installed");
  buildLoadGenerator();
  const all = await measure(settings, (line) => process.stderr.write(`${line}\n`));
  const report = reportOf(settings, all);
  process.stdout.write(pageOf(report));
  keepResults(report, values.save);
  if (values["write-page"]) writeReadme(`${ROOT}docs/internals/benchmarks.md`, report);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runProgram(BENCH_PROGRAM, main);
