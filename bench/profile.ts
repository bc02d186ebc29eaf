/**
 * Where the server's time goes under a scenario's load: `npm run build && npx tsx bench/profile.ts --help`.
 * The server runs with `node --cpu-prof`; the profile is left in node_modules/.cache.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runLoad } from "./support/load-generator.ts";
import type { LoadResult } from "./support/load-generator.ts";
import { CORE_OPTIONS } from "./support/load-options.ts";
import { PEERS, RunningPeer } from "./table/peers.ts";
import type { PeerProgram } from "./table/peers.ts";
import { PlainError } from "./support/plain-error.ts";
import { runProgram, wholeNumber } from "./support/program-arguments.ts";
import { ROOT } from "./support/results.ts";
import type { Scenario } from "./table/scenario.ts";
import { SCENARIOS } from "./table/scenarios.ts";

/** What of a profile file is read. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  /** Microseconds; the first since `startTime`, which is of the system's monotonic clock. */
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
}

/** Share of the time that the loop was not idle, by part of the program and by function. */
export interface Profile {
  readonly parts: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, number>;
}

/** Which part of the program a function belongs to. Native calls from JavaScript have no file. */
export function partOf(functionName: string, url: string): string {
  if (functionName === "(garbage collector)") return "garbage collector";
  if (functionName === "(program)") return "outside JavaScript";
  if (url.startsWith("node:")) return "Node's JavaScript";
  const [, part] = /packages\/(protocol|server\/dist\/(?:core\/)?[a-z-]+)/.exec(url) ?? [];
  if (part !== undefined) return part.replace("server/dist/", "server ");
  return url === "" ? "native calls" : "other";
}

/** Adds up the samples of a profile from a time on (in microseconds), idle time left out. */
export function summarise(
  { nodes, samples, timeDeltas, startTime }: CpuProfile,
  fromUs: number,
): Profile {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  let all = 0;
  let now = startTime;
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    const time = timeDeltas[index] ?? 0;
    now += time;
    if (now < fromUs || frame === undefined || frame.functionName === "(idle)") continue;
    const { functionName, url, lineNumber } = frame;
    const file = url.split("/").at(-1) ?? "";
    const name = file === "" ? functionName : `${functionName} ${file}:${lineNumber + 1}`;
    const part = partOf(functionName, url);
    all += time;
    parts.set(part, (parts.get(part) ?? 0) + time);
    functions.set(name, (functions.get(name) ?? 0) + time);
  }
  const shares = (times: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
    new Map(
      [...times]
        .map(([name, time]): [string, number] => [name, time / all])
        .sort((left, right) => right[1] - left[1]),
    );
  return { parts: shares(parts), functions: shares(functions) };
}

/** A profiled run of a scenario. */
export interface Profiled extends Profile {
  readonly result: LoadResult;
  readonly used: Used;
}

/** What the process has used of the machine. */
interface Used {
  /** Seconds of processor time in its own code, and in the kernel. */
  readonly user: number;
  readonly system: number;
  /** Calls of the system that read, and that write. */
  readonly reads: number;
  readonly writes: number;
}

/** Loads a new server as the scenario says, and reads its profile. */
export async function profile(
  scenario: Scenario,
  { seconds, serverCpu, loadCpu }: { seconds: number; serverCpu: string; loadCpu: string },
): Promise<Profiled> {
  const directory = `${ROOT}node_modules/.cache/profiles/${scenario.name.replaceAll("/", "-")}-${process.pid}`;
  mkdirSync(directory, { recursive: true });
  const server = await RunningPeer.start(
    profiled(directory),
    scenario.server ?? "plain",
    serverCpu,
  );
  const before = usedBy(server.pid);
  const fromUs = Number(process.hrtime.bigint() / 1_000n);
  const { port, pid } = server;
  const result = await runLoad({ port, pid, cpu: loadCpu, seconds, load: scenario.load });
  const after = usedBy(server.pid);
  await server.stop("SIGTERM");
  const [file = ""] = readdirSync(directory);
  const text = readFileSync(`${directory}/${file}`, "utf8");
  return {
    ...summarise(JSON.parse(text) as CpuProfile, fromUs),
    result,
    used: {
      user: after.user - before.user,
      system: after.system - before.system,
      reads: after.reads - before.reads,
      writes: after.writes - before.writes,
    },
  };
}

function profiled(directory: string): PeerProgram {
  const anax = PEERS.find(({ name }) => name === "anax");
  if (anax === undefined || anax.missing !== undefined) throw new PlainError("npm run build first");
  return {
    ...anax,
    command(port, folder, kind) {
      const [node, ...args] = anax.command(port, folder, kind);
      return [node, "--cpu-prof", `--cpu-prof-dir=${directory}`, ...args];
    },
  };
}

const TICKS_PER_SECOND = 100;

function usedBy(pid: number): Used {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const seconds = (index: number): number => Number(fields[index]) / TICKS_PER_SECOND;
  const io = readFileSync(`/proc/${pid}/io`, "latin1");
  const count = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(io)?.[1]);
  return { user: seconds(11), system: seconds(12), reads: count("syscr"), writes: count("syscw") };
}

/** For people. */
export function profileLines(name: string, profiledRun: Profiled, functionsMax: number): string[] {
  const { parts, functions, result, used } = profiledRun;
  const percent = (share: number): string => `${(share * 100).toFixed(1).padStart(5)} %`;
  const list = (shares: ReadonlyMap<string, number>, most: number): string[] =>
    [...shares].slice(0, most).map(([what, share]) => `  ${percent(share)} ${what}`);
  const kernel = percent(used.system / (used.user + used.system)).trim();
  // Of a steady load: the generator tells messages per second of processor time for a part of it.
  const messages = Number(result["msg_per_cpusec"]) * (used.user + used.system);
  const perCall = (calls: number): string => (messages / calls).toFixed(1);
  return [
    `${name}: ${result["msg_per_cpusec"]} messages per second of processor time, ${kernel} of it in the kernel`,
    ...("delivered" in result
      ? [`  about ${perCall(used.reads)} messages a read, ${perCall(used.writes)} a write`]
      : []),
    ...list(parts, 99),
    "  by function:",
    ...list(functions, functionsMax),
  ];
}

/** Its command line. */
export const PROFILE_PROGRAM = {
  command: "npx tsx bench/profile.ts",
  about: "Where the built server's time goes under the load of scenarios, from node --cpu-prof.",
  options: {
    seconds: wholeNumber("time of the load", { from: 1, to: 3_600, byDefault: 5 }),
    functions: wholeNumber("functions that are told", { from: 0, to: 1_000, byDefault: 12 }),
    ...CORE_OPTIONS,
  },
  words: { what: "scenario", names: SCENARIOS.map(({ name }) => name), isRequired: true },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(PROFILE_PROGRAM, async (values, words) => {
    const { seconds, functions, "server-cpu": serverCpu, "load-cpu": loadCpu } = values;
    for (const scenario of SCENARIOS.filter(({ name }) => words.includes(name))) {
      const run = await profile(scenario, { seconds, serverCpu, loadCpu });
      process.stdout.write(`${profileLines(scenario.name, run, functions).join("\n")}\n`);
    }
  });
}
