/**
 * Lines of the table about traffic that comes steadily: messages at a fixed rate, whenever their time has come, as devices
 * send them. A closed loop says what a server can carry at most; this says what it needs for what it is given.
 */
import { inTurn, medianOf, faultsOf } from "./contenders.ts";
import { verdictOf } from "./figure.ts";
import type { DurableFigure, DurableWorkload } from "./figure.ts";
import { onMosquitto } from "./mosquitto.ts";
import type { LoadResult } from "../support/load-generator.ts";

/** 10 pairs of lasting sessions, QoS 1, hardly two messages in a row of one topic. */
const LOAD = ["-m", "pair", "-n", "10", "-q", "1", "-w", "50", "-C", "-M", "3000"];

/** Percent of a core that a server may need, and its p99 in microseconds, by how it stores. */
interface SteadyBar {
  readonly perSecond: number;
  readonly cpu: { readonly disk: number; readonly process: number; readonly memory?: number };
  readonly p99: { readonly disk: number; readonly process: number; readonly memory: number };
}

const P99 = { disk: 3_000, process: 2_000, memory: 1_000 };
/** The rates that the table has. */
export const STEADY_RATES: readonly number[] = [2_000, 20_000];

const BARS: readonly SteadyBar[] = [
  { perSecond: 2_000, cpu: { disk: 20, process: 15 }, p99: P99 },
  { perSecond: 20_000, cpu: { disk: 60, process: 55, memory: 47 }, p99: P99 },
];

/** A line for each way to store at each rate, and what mosquitto needs without storing anything, if it is installed. */
export async function steady(workload: DurableWorkload): Promise<DurableFigure[]> {
  const figures: DurableFigure[] = [];
  for (const bar of BARS) {
    if (workload.rates.includes(bar.perSecond)) figures.push(...(await steadyAt(workload, bar)));
  }
  return figures;
}

async function steadyAt(workload: DurableWorkload, bar: SteadyBar): Promise<DurableFigure[]> {
  const load = [...LOAD, "-r", String(bar.perSecond)];
  const results = await inTurn(
    workload,
    {
      disk: { durability: "disk" },
      process: { durability: "process" },
      memory: { durability: "memory" },
    },
    load,
  );
  const mosquitto = await onMosquitto(workload, load);
  const what = `QoS 1, 10 pairs of lasting sessions, ${bar.perSecond / 1_000} 000 messages a second`;
  const beside = mosquitto.length === 0 ? "" : `; mosquitto in memory ${shown(mosquitto)}`;
  return (["disk", "process", "memory"] as const).map((name) => {
    const own = results[name];
    const [cpu, p99] = [medianOf(own, "brokercpu"), medianOf(own, "p99us")];
    const [cpuMax, p99Max] = [bar.cpu[name] ?? Infinity, bar.p99[name]];
    const faults = faultsOf(own);
    const ofCpu = cpuMax === Infinity ? "" : `at most ${cpuMax} % of a core, `;
    return {
      name: `${what}: ${name}`,
      measured: `${shown(own)}${faults}${name === "memory" ? beside : ""}`,
      bar: `${ofCpu}p99 at most ${p99Max / 1_000} ms`,
      verdict: verdictOf(cpu + p99, () => cpu <= cpuMax && p99 <= p99Max && faults === ""),
    };
  });
}

function shown(results: readonly LoadResult[]): string {
  const milliseconds = (key: string): string => (medianOf(results, key) / 1_000).toFixed(2);
  return `${medianOf(results, "brokercpu").toFixed(0)} % of a core, p50 ${milliseconds("p50us")} ms, p99 ${milliseconds("p99us")} ms`;
}
