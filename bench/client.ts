/**
 * Measures `@anax/client` beside MQTT.js, in turn and against the same Anax server: `npm run bench:client -- --help`. With
 * `--peers mqttjs,mqttnet` beside MQTTnet's client too, where .NET is.
 * Prints a table; what is complete is written to bench/results.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildLoadGenerator } from "./support/load-generator.ts";
import { median } from "./support/median.ts";
import { PEERS, RunningPeer } from "./table/peers.ts";
import { MQTTNET_VERSION, programPath as mqttnetProgram } from "../interop/mqttnet/program.ts";
import {
  anyNumber,
  choice,
  choices,
  core,
  runProgram,
  toggle,
  wholeNumber,
} from "./support/program-arguments.ts";
import type { OptionValues } from "./support/program-arguments.ts";
import {
  circumstances,
  keepResults,
  packageVersion,
  pageOf,
  tooLittle,
} from "./support/results.ts";
import type { Circumstances } from "./support/results.ts";

/** What is measured: 64 bytes of payload, one connection. */
export const CLIENT_SCENARIOS = {
  "publish-q0": "publish at QoS 0, 1000 handed over at a time",
  "publish-q1": "publish at QoS 1, 100 in flight",
  "publish-q2": "publish at QoS 2, 100 in flight",
  "receive-q0": "receive at QoS 0",
} as const;

/** Name of a measurement. */
export type ClientScenario = keyof typeof CLIENT_SCENARIOS;

/** The libraries, ours first. MQTTnet's is measured where it is named. */
export const LIBRARIES = ["anax", "mqttjs", "mqttnet"] as const;

/** Name of a library. */
export type Library = (typeof LIBRARIES)[number];

const TITLES: Readonly<Record<Library, string>> = {
  anax: "@anax/client",
  mqttjs: "MQTT.js",
  mqttnet: "MQTTnet",
};

/** Ratio to MQTT.js that must be held, and that is the goal. */
const MUST = 4;
const REACH = 8;

/** One result. */
export interface ClientResult {
  /** Messages per second. */
  readonly rate: number;
  /** Messages per second of processor time of the client: less disturbed by who shares the machine. */
  readonly perCpuSecond: number;
  /** Messages that failed or came out of order. */
  readonly errors: number;
}

/** How much is measured. */
export interface ClientBenchSettings {
  readonly scenarios: readonly ClientScenario[];
  /** Those beside ours. */
  readonly peers: readonly Library[];
  readonly runs: number;
  readonly seconds: number;
  readonly protocol: string;
  /** Cores for server (with the generator) and client; empty for none of their own. */
  readonly serverCpu: string;
  readonly clientCpu: string;
}

/** Results of one scenario by library, one per run. */
export interface MeasuredClient {
  readonly scenario: ClientScenario;
  readonly results: Readonly<Partial<Record<Library, readonly ClientResult[]>>>;
}

const run = promisify(execFile);

/** Runs every scenario with every library, in turn, so that a machine that drifts drifts for both. */
export async function measureClients(
  settings: ClientBenchSettings,
  report: (line: string) => void,
): Promise<MeasuredClient[]> {
  const anax = PEERS.find(({ name }) => name === "anax");
  if (anax === undefined || anax.missing !== undefined) {
    throw new Error(`there is no server: ${anax?.missing ?? "unknown"}`);
  }
  const generator = buildLoadGenerator();
  const server = await RunningPeer.start(anax, "plain", settings.serverCpu);
  try {
    const all: MeasuredClient[] = [];
    for (const scenario of settings.scenarios) {
      const libraries = ["anax", ...settings.peers] as const;
      const results: Partial<Record<Library, ClientResult[]>> = {};
      for (let count = 0; count < settings.runs; count += 1) {
        for (const library of libraries) {
          const place = { port: server.port, generator };
          const result = await measureOne(settings, scenario, library, place);
          (results[library] ??= []).push(result);
          report(`${scenario} ${library} run ${count + 1}: ${result.rate}`);
        }
      }
      all.push({ scenario, results });
    }
    return all;
  } finally {
    await server.stop();
  }
}

/** A fresh process for each run: no run pays for what another has left behind. */
async function measureOne(
  { seconds, protocol, serverCpu, clientCpu }: ClientBenchSettings,
  scenario: ClientScenario,
  library: Library,
  { port, generator }: { readonly port: number; readonly generator: string },
): Promise<ClientResult> {
  const script = fileURLToPath(new URL("clients/load.mjs", import.meta.url));
  const programOf =
    library === "mqttnet"
      ? ["dotnet", mqttnetProgram(), "bench-client"]
      : [process.execPath, script, library];
  const numbers = [String(port), String(seconds), protocol];
  const load = [...programOf, scenario, ...numbers, serverCpu, generator];
  const command = clientCpu === "" ? load : ["taskset", "-c", clientCpu, ...load];
  const [program = "", ...args] = command;
  const { stdout } = await run(program, args, { timeout: (seconds + 60) * 1_000 });
  return JSON.parse(stdout) as ClientResult;
}

/** The table as Markdown: all figures, the ratio to each peer, and how that to MQTT.js stands to bar and goal. */
export function clientTable(all: readonly MeasuredClient[]): string {
  const peers = LIBRARIES.filter(
    (one) => one !== "anax" && all.some(({ results }) => results[one]),
  );
  const beside = peers.flatMap((peer) => {
    const of = peers.length > 1 ? ` to ${TITLES[peer]}` : "";
    return [`ratio${of}`, `per CPU second${of}`];
  });
  const titles = peers.map((peer) => TITLES[peer]);
  const head = ["scenario", TITLES.anax, ...titles, ...beside, "verdict"];
  const rows = all.map(({ scenario, results }) => {
    const rates = [rateOf(results.anax ?? []), ...peers.map((peer) => rateOf(results[peer] ?? []))];
    const ratios = peers.flatMap((peer) => [
      ratioOf(results, peer, "rate").toFixed(1),
      ratioOf(results, peer, "perCpuSecond").toFixed(1),
    ]);
    const isJudged = results.mqttjs !== undefined;
    return [
      scenario,
      ...rates,
      ...ratios,
      isJudged ? verdict(ratioOf(results, "mqttjs", "rate")) : "",
    ];
  });
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.join("\n");
}

function ratioOf(
  results: MeasuredClient["results"],
  peer: Library,
  key: "rate" | "perCpuSecond",
): number {
  const of = (list: readonly ClientResult[] = []): number => median(list.map((one) => one[key]));
  return of(results.anax) / of(results[peer]);
}

function rateOf(results: readonly ClientResult[]): string {
  const rate = `${Math.round(median(results.map((one) => one.rate)) / 1_000)} k/s`;
  const errors = results.reduce((sum, one) => sum + one.errors, 0);
  return errors === 0 ? rate : `${rate} (${errors} errors)`;
}

function verdict(ratio: number): string {
  if (ratio >= REACH) return "reached";
  return ratio >= MUST ? "held" : "missed";
}

/** Its command line. */
export const CLIENT_PROGRAM = {
  command: "npm run bench:client --",
  about:
    "Measures @anax/client beside MQTT.js, in turn and against the same Anax server. Prints a table; a complete one is " +
    "written to bench/results.",
  options: {
    runs: wholeNumber("runs of each library", { from: 1, to: 1_000, byDefault: 3 }),
    seconds: anyNumber("time of a run", { from: 0.1, to: 3_600, byDefault: 5 }),
    peers: choices(
      "libraries beside ours; mqttnet needs the .NET SDK and npm run build:mqttnet",
      LIBRARIES.filter((one) => one !== "anax"),
      ["mqttjs"],
    ),
    protocol: choice("MQTT 3.1.1 is 4", ["4", "5"], "4"),
    "server-cpu": core("core of server and generator", 0),
    "client-cpu": core("core of the client", 1),
    save: toggle("writes to bench/results also what is not complete"),
  },
  words: { what: "scenario", names: Object.keys(CLIENT_SCENARIOS).filter(isScenario) },
};

function isScenario(name: string): name is ClientScenario {
  return Object.hasOwn(CLIENT_SCENARIOS, name);
}

const LEGEND =
  "Messages per second by the clock, and their ratio; the same ratio for messages per second of processor time of the client. " +
  "64 bytes of payload, one connection; a new process for each run.";

/** Why this is no complete measurement; undefined if it is. */
function partialReason({
  scenarios,
  peers,
  runs,
  seconds,
}: ClientBenchSettings): string | undefined {
  if (peers.join(",") !== "mqttjs") return `beside ${peers.join(", ")}`;
  const missing = CLIENT_PROGRAM.words.names.filter((name) => !scenarios.includes(name));
  if (missing.length > 0) return `${missing.join(", ")} left out`;
  return tooLittle({ runs, seconds });
}

function circumstancesOf(settings: ClientBenchSettings): Circumstances {
  const { runs, seconds, protocol } = settings;
  const partial = partialReason(settings);
  const version = protocol === "5" ? "5.0" : "3.1.1";
  const method = `medians of ${runs} runs of ${seconds} s, in turn, MQTT ${version}; server and generator on one core, the client on the other`;
  const versions = {
    ...(settings.peers.includes("mqttjs") && { "MQTT.js": packageVersion("mqtt") }),
    ...(settings.peers.includes("mqttnet") && { MQTTnet: MQTTNET_VERSION }),
  };
  return { ...circumstances(method, versions), ...(partial !== undefined && { partial }) };
}

async function main(
  values: OptionValues<(typeof CLIENT_PROGRAM)["options"]>,
  words: readonly ClientScenario[],
): Promise<void> {
  const { runs, seconds, protocol, "server-cpu": serverCpu, "client-cpu": clientCpu } = values;
  const scenarios = words.length === 0 ? CLIENT_PROGRAM.words.names : words;
  const peers = LIBRARIES.filter((one) => one !== "anax" && values.peers.includes(one));
  const settings = { scenarios, peers, runs, seconds, protocol, serverCpu, clientCpu };
  const results = await measureClients(settings, (line) => console.error(line));
  const facts = circumstancesOf(settings);
  const report = { facts, table: clientTable(results), legend: LEGEND, results };
  process.stdout.write(pageOf(report));
  keepResults(report, values.save, "-client");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runProgram(CLIENT_PROGRAM, main);
