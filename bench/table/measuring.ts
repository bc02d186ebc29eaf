import { readFileSync } from "node:fs";
import { runLoad } from "../support/load-generator.ts";
import type { LoadResult } from "../support/load-generator.ts";
import { median } from "../support/median.ts";
import { RunningPeer } from "./peers.ts";
import type { PeerProgram } from "./peers.ts";
import type { Scenario, ServerKind } from "./scenario.ts";

/** How much is measured. */
export interface BenchSettings {
  readonly scenarios: readonly Scenario[];
  readonly peers: readonly PeerProgram[];
  readonly runs: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Of scenarios that run once, on request. */
  readonly minutes: number;
  /** Times that a run may be made in all, if other programs disturb it. */
  readonly tries: number;
  /** Cores for servers and generator; empty for none of their own. */
  readonly serverCpu: string;
  readonly loadCpu: string;
}

/** Results of one scenario: of each contender, one per run. */
export interface Measured {
  readonly scenario: Scenario;
  readonly results: ReadonlyMap<string, readonly LoadResult[]>;
}

/** Whoever stands in a scenario under its peer's name, and Anax once more as "reference" where there is one. */
interface Contender {
  readonly name: string;
  readonly peer: PeerProgram;
  readonly kind: ServerKind;
  readonly load: readonly string[];
}

/** Percent of a core that other programs may use during a run. */
export const NOISE_MAX = 15;
/** In a load that is over in a tenth of a second, ticks of processor time count for more. */
const SHORT_FACTOR = 3;
/** How long a quiet moment is waited for before a run that was disturbed is repeated. */
const QUIET_SECONDS_MAX = 10;

/** Percent of a core that other programs used during a run. */
export function noiseOf(scenario: Scenario, result: LoadResult): number {
  const noise = Number(result["noise"] ?? 0);
  return scenario.isShort === true ? noise / SHORT_FACTOR : noise;
}

/**
 * Runs every scenario. In one, all contenders' servers live side by side on the servers' core, each new, and runs take
 * turns, so that a machine that drifts drifts for all; a server lives through all runs of a scenario, so that a load of
 * a tenth of a second does not measure code that has never run before.
 */
export async function measure(
  settings: BenchSettings,
  report: (line: string) => void,
): Promise<Measured[]> {
  const all: Measured[] = [];
  for (const scenario of settings.scenarios) {
    all.push(await measureScenario(settings, scenario, report));
  }
  return all;
}

async function measureScenario(
  settings: BenchSettings,
  scenario: Scenario,
  report: (line: string) => void,
): Promise<Measured> {
  const contenders = contendersOf(scenario, settings.peers);
  const results = new Map<string, LoadResult[]>(contenders.map(({ name }) => [name, []]));
  const servers = new Servers(settings.serverCpu);
  try {
    for (let run = 1; run <= runsOf(scenario, settings); run += 1) {
      for (const contender of contenders) {
        const result = await quietRun(settings, { scenario, contender, servers });
        results.get(contender.name)?.push(result);
        const key = scenario.lines[0].key;
        const text = "error" in result ? result["error"] : `${key} ${result[key]}`;
        const noise = `noise ${noiseOf(scenario, result).toFixed(0)} %`;
        report(`${scenario.name} ${contender.name} run ${run}: ${text}, ${noise}`);
      }
    }
  } finally {
    await servers.stop();
  }
  return { scenario, results };
}

/**
 * Shares are of two loads in turn, and a machine may change its speed within seconds: they are measured in more and shorter
 * runs, which take the same time.
 */
export const SHARE_PARTS = 3;

function partsOf({ reference }: Scenario): number {
  return reference === undefined ? 1 : SHARE_PARTS;
}

function runsOf(scenario: Scenario, { runs }: BenchSettings): number {
  return scenario.isOnRequest === true ? 1 : runs * partsOf(scenario);
}

function secondsOf(scenario: Scenario, { seconds, minutes }: BenchSettings): number {
  if (scenario.isOnRequest === true) return minutes * 60;
  return seconds <= 1 ? seconds : Math.max(1, Math.round(seconds / partsOf(scenario)));
}

function contendersOf(scenario: Scenario, peers: readonly PeerProgram[]): Contender[] {
  const {
    load,
    server: kind = "plain",
    reference,
    referenceServer = "plain",
    skip = [],
  } = scenario;
  const contenders: Contender[] = [];
  for (const peer of peers) {
    const isCommon = kind === "plain" || kind === "prompt";
    const takesPart = peer.name === "anax" || (isCommon && !skip.includes(peer.name));
    if (takesPart) contenders.push({ name: peer.name, peer, kind, load });
    if (peer.name === "anax" && reference !== undefined) {
      contenders.push({ name: "reference", peer, kind: referenceServer, load: reference });
    }
  }
  return contenders;
}

/** The servers of a scenario: started when they are first needed, and again if they have died. */
class Servers {
  readonly #cpu: string;
  readonly #running = new Map<string, RunningPeer>();

  constructor(cpu: string) {
    this.#cpu = cpu;
  }

  async of({ name, peer, kind }: Contender): Promise<RunningPeer> {
    const running = this.#running.get(name);
    if (running !== undefined && !running.hasEnded) return running;
    const started = await RunningPeer.start(peer, kind, this.#cpu);
    this.#running.set(name, started);
    return started;
  }

  async stop(): Promise<void> {
    for (const running of this.#running.values()) await running.stop();
    this.#running.clear();
  }
}

interface Run {
  readonly scenario: Scenario;
  readonly contender: Contender;
  readonly servers: Servers;
}

function quietRun(settings: BenchSettings, run: Run): Promise<LoadResult> {
  const noise = (result: LoadResult): number => noiseOf(run.scenario, result);
  return leastDisturbed(settings.tries, noise, () => oneRun(settings, run));
}

/** Repeats a run that other programs have disturbed; if none is quiet, the least disturbed one counts. */
export async function leastDisturbed(
  tries: number,
  noise: (result: LoadResult) => number,
  run: () => Promise<LoadResult>,
): Promise<LoadResult> {
  let best = await run();
  for (let tried = 1; tried < tries && noise(best) > NOISE_MAX && !("error" in best); tried += 1) {
    await quietMoment();
    const next = await run();
    if (noise(next) < noise(best)) best = next;
  }
  return best;
}

async function oneRun(settings: BenchSettings, run: Run): Promise<LoadResult> {
  const { scenario, contender, servers } = run;
  if (scenario.isFresh === true) await servers.stop();
  const server = await servers.of(contender);
  const { port, pid } = server;
  if (contender.kind === "timed") await server.figures();
  const result = await runLoad({
    port,
    pid,
    cpu: settings.loadCpu,
    seconds: secondsOf(scenario, settings),
    warmUpSeconds: settings.warmUpSeconds,
    load: contender.load,
  });
  return {
    ...result,
    ...drifts(result),
    ...(contender.kind === "timed" && (await server.figures())),
  };
}

/** From windows of a long load: how the last third of them differs from the first. */
function drifts(result: LoadResult): LoadResult {
  const listed = (key: string): number[] =>
    String(result[key] ?? "")
      .split(" ")
      .filter((text) => text !== "")
      .map(Number);
  const [p99s, rsss] = [listed("p99s"), listed("rsss")];
  if (p99s.length < 3) return {};
  const third = Math.floor(p99s.length / 3);
  const ends = (list: number[]): [number, number] => [
    median(list.slice(0, third)),
    median(list.slice(-third)),
  ];
  const [p99, rss] = [ends(p99s), ends(rsss)];
  return { p99drift: p99[1] / p99[0], rssdriftkb: rss[1] - rss[0] };
}

/** Waits until the machine is idle but for what a run may bear, or until that has taken too long. */
async function quietMoment(): Promise<void> {
  for (let second = 0; second < QUIET_SECONDS_MAX; second += 1) {
    const before = busySeconds();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if ((busySeconds() - before) * 100 <= NOISE_MAX) return;
  }
}

const TICKS_PER_SECOND = 100;

/** Processor seconds that all cores have been busy since the machine began; 0 where the system does not say. */
function busySeconds(): number {
  try {
    const line = readFileSync("/proc/stat", "latin1").split("\n")[0] ?? "";
    const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
      .split(/\s+/)
      .map(Number);
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
