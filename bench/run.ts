/**
 * Measures Anax beside its peers, side by side in one run: `npm run bench -- [scenarios…] [--runs 3] [--seconds 5]
 * [--peers anax,mosquitto] [--server-cpu 0] [--load-cpu 1]`. Prints the table and writes it to bench/results.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runLoad } from "./load-generator.ts";
import type { LoadResult } from "./load-generator.ts";
import { PEERS, RunningPeer } from "./peers.ts";
import type { PeerProgram } from "./peers.ts";
import { figure, table } from "./report.ts";
import type { Measured } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";
import type { Scenario } from "./scenarios.ts";

/** How much is measured. */
export interface BenchSettings {
  readonly scenarios: readonly Scenario[];
  readonly peers: readonly PeerProgram[];
  readonly runs: number;
  readonly seconds: number;
  /** Cores for server and generator; empty for none of their own. */
  readonly serverCpu: string;
  readonly loadCpu: string;
}

/** Runs every scenario against every peer, in turn, so that a machine that drifts drifts for all. */
export async function measure(
  settings: BenchSettings,
  report: (line: string) => void,
): Promise<Measured[]> {
  const all: Measured[] = [];
  for (const scenario of settings.scenarios) {
    const results = new Map<string, LoadResult[]>(settings.peers.map((peer) => [peer.name, []]));
    for (let run = 1; run <= settings.runs; run += 1) {
      for (const peer of settings.peers) {
        if (!takesPart(scenario, peer)) continue;
        const result = await measureOne(settings, scenario, peer);
        results.get(peer.name)?.push(result);
        report(
          `${scenario.name} ${peer.name} run ${run}: ${"error" in result ? result["error"] : figure(result)}`,
        );
      }
    }
    all.push({ scenario, results });
  }
  return all;
}

/** Scenarios that compare Anax with itself are not for the others. */
function takesPart(scenario: Scenario, peer: PeerProgram): boolean {
  return (
    peer.name === "anax" ||
    (scenario.server === undefined && scenario.skip?.includes(peer.name) !== true)
  );
}

/** A fresh server for each run: no run pays for what another has left behind. */
async function measureOne(
  settings: BenchSettings,
  scenario: Scenario,
  peer: PeerProgram,
): Promise<LoadResult> {
  const { serverCpu, loadCpu, seconds } = settings;
  const running = await RunningPeer.start(peer, scenario.server ?? "plain", serverCpu);
  try {
    const { port, pid } = running;
    return await runLoad({ port, pid, cpu: loadCpu, seconds, load: scenario.load });
  } finally {
    await running.stop();
  }
}

function version(command: readonly [string, ...string[]]): string {
  const [program, ...args] = command;
  try {
    return (
      execFileSync(program, args, { stdio: ["ignore", "pipe", "ignore"] })
        .toString()
        .trim()
        .split("\n")[0] ?? ""
    );
  } catch {
    return "unknown";
  }
}

/** Machine, versions and commit: figures without them say nothing. */
function circumstances(settings: BenchSettings): Record<string, string> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
    node: process.version,
    commit: version(["git", "-C", root, "rev-parse", "--short", "HEAD"]),
    method: `${settings.runs} runs of ${settings.seconds} s, medians, fresh server for each run`,
  };
}

function settingsFrom(args: readonly string[]): BenchSettings {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: "string", default: "3" },
      seconds: { type: "string", default: "5" },
      peers: { type: "string", default: "anax,mosquitto,aedes" },
      "server-cpu": { type: "string", default: "0" },
      "load-cpu": { type: "string", default: "1" },
    },
  });
  const unknown = positionals.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined)
    throw new RangeError(
      `there is no scenario "${unknown}"; there are ${SCENARIOS.map(({ name }) => name).join(", ")}`,
    );
  return {
    scenarios:
      positionals.length === 0
        ? SCENARIOS
        : SCENARIOS.filter(({ name }) => positionals.includes(name)),
    peers: values.peers
      .split(",")
      .map(peerNamed)
      .filter((peer) => peer.missing === undefined),
    runs: Number(values.runs),
    seconds: Number(values.seconds),
    serverCpu: values["server-cpu"],
    loadCpu: values["load-cpu"],
  };
}

function peerNamed(name: string): PeerProgram {
  const peer = PEERS.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new RangeError(`there is no peer "${name}"`);
  if (peer.missing !== undefined) console.error(`${name} is left out: ${peer.missing}`);
  return peer;
}

async function main(): Promise<void> {
  const settings = settingsFrom(process.argv.slice(2));
  const all = await measure(settings, (line) => console.error(line));
  const facts = circumstances(settings);
  const text = `${Object.entries(facts)
    .map(([name, value]) => `- ${name}: ${value}`)
    .join("\n")}\n\n${table(
    all,
    settings.peers.map(({ name }) => name),
  )}\n`;
  console.log(text);
  const directory = fileURLToPath(new URL("results/", import.meta.url));
  mkdirSync(directory, { recursive: true });
  const results = all.map(({ scenario, results: byPeer }) => ({
    scenario: scenario.name,
    ...Object.fromEntries(byPeer),
  }));
  writeFileSync(
    `${directory}${facts["date"]}-${facts["commit"]}.json`,
    `${JSON.stringify({ ...facts, results }, undefined, 1)}\n`,
  );
  writeFileSync(`${directory}${facts["date"]}-${facts["commit"]}.md`, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
