/** The lines of the table that compare loads: with a store, without one, and on aedes with LevelDB. */
import { faultsOf, inTurn, medianOf, withServer } from "./contenders.ts";
import type { Results } from "./contenders.ts";
import { BAR_SIZES, percent, verdictOf } from "./figure.ts";
import type { DurableFigure, DurableWorkload } from "./figure.ts";
import type { DurableServerProcess } from "./server.ts";
import { runLoad } from "../support/load-generator.ts";
import type { LoadResult } from "../support/load-generator.ts";
import { median } from "../support/median.ts";

const MEMORY = { durability: "memory" } as const;
const DISK = { durability: "disk" } as const;
const AEDES = { durability: "aedes" } as const;

/** QoS 1, 10 pairs, the subscribers' sessions lasting. */
const PAIRS = ["-m", "pair", "-n", "10", "-q", "1", "-w", "100", "-C"];
const FANOUT = ["-m", "fanout", "-n", "1", "-s", "50", "-q", "1", "-w", "100", "-C"];

const MEMORY_SHARE = 0.6;
const TIMES_AEDES = 20;

export async function tenPairs(workload: DurableWorkload): Promise<DurableFigure[]> {
  const contenders = { memory: MEMORY, disk: DISK, aedes: AEDES };
  const results = await inTurn(workload, contenders, PAIRS);
  const [disk, aedes] = [results.disk, results.aedes].map((list) => medianOf(list, "delivered"));
  const times = (disk ?? Number.NaN) / (aedes ?? Number.NaN);
  const figures = `${perSecond(disk)} of ${perSecond(aedes)}${faultsOf(results.disk)}`;
  return [
    ofMemory("QoS 1, 10 pairs of lasting sessions", results),
    {
      name: "the same against aedes with LevelDB, which does not sync",
      measured: `${times.toFixed(1)} x (${figures})`,
      bar: `${TIMES_AEDES} x`,
      verdict: verdictOf(times, (value) => value >= TIMES_AEDES),
    },
  ];
}

export async function toFifty(workload: DurableWorkload): Promise<DurableFigure> {
  const results = await inTurn(workload, { memory: MEMORY, disk: DISK }, FANOUT);
  return ofMemory("QoS 1, one to 50 lasting sessions", results);
}

function ofMemory(name: string, results: Results<"memory" | "disk">): DurableFigure {
  const memory = medianOf(results.memory, "delivered");
  const disk = medianOf(results.disk, "delivered");
  const share = disk / memory;
  const faults = faultsOf(results.disk);
  return {
    name,
    measured: `${percent(share)} (${perSecond(disk)} of ${perSecond(memory)}${faults})`,
    bar: `${percent(MEMORY_SHARE)} of memory`,
    verdict: verdictOf(share, (value) => value >= MEMORY_SHARE && faults === ""),
  };
}

const ADDED_US_MAX = 1_000;

export async function addedLatency(workload: DurableWorkload): Promise<DurableFigure> {
  const load = ["-m", "pair", "-n", "1", "-q", "1", "-w", "1", "-C"];
  const results = await inTurn(workload, { memory: MEMORY, disk: DISK }, load);
  const memory = medianOf(results.memory, "p50us");
  const disk = medianOf(results.disk, "p50us");
  return {
    name: "one message at a time, p50",
    measured: `${disk.toFixed(0)} us, ${memory.toFixed(0)} us in memory`,
    bar: `below ${ADDED_US_MAX} us over memory`,
    verdict: verdictOf(disk - memory, (added) => added < ADDED_US_MAX),
  };
}

/** A load of the given kind as fast as the server can: what fixed rates are fractions of. */
async function capacity(
  { port, pid }: DurableServerProcess,
  { loadCpu: cpu, warmUpSeconds, seconds }: DurableWorkload,
  load: readonly string[],
): Promise<number> {
  const result = await runLoad({
    port,
    pid,
    cpu,
    seconds: Math.min(1, seconds),
    warmUpSeconds,
    load,
  });
  return Number(result["delivered"]);
}

const BESIDE_SHARE = 0.9;
const QOS_0 = ["-m", "pair", "-n", "10", "-q", "0", "-w", "1000"];

/**
 * QoS 0 alone, and beside a load that keeps the store busy, in turn.
 *
 * Both have fixed rates, each a third of what this server can carry of its kind: together two thirds of its core. At
 * full speed the two loads would share the core by halves, and the figure would say how fair the server is, not whether
 * commits get into the way of QoS 0. At these rates there is time for both, and whatever of QoS 0 does not arrive at its
 * rate was held up.
 */
export async function beside(workload: DurableWorkload): Promise<DurableFigure> {
  return withServer({ ...DISK, cpu: workload.serverCpu }, async (server) => {
    const { seconds, warmUpSeconds, runs, loadCpu: cpu } = workload;
    const { port, pid } = server;
    const rate = async (load: readonly string[]): Promise<number> =>
      Math.floor((await capacity(server, workload, load)) / 3);
    const [qos0Rate, durableRate] = [await rate(QOS_0), await rate(PAIRS)];
    // Two generators share a core: they must yield it.
    const loading = (load: readonly string[], perSecondWanted: number): Promise<LoadResult> =>
      runLoad({
        port,
        pid,
        cpu,
        seconds,
        warmUpSeconds,
        load: [...load, "-y", "-r", String(perSecondWanted)],
      });
    const alone: LoadResult[] = [];
    const together: LoadResult[] = [];
    const durable: LoadResult[] = [];
    for (let run = 0; run < runs; run += 1) {
      alone.push(await loading(QOS_0, qos0Rate));
      const both = [loading(QOS_0, qos0Rate), loading(PAIRS, durableRate)] as const;
      const [first, second] = await Promise.all(both);
      together.push(first);
      durable.push(second);
    }
    const share = medianOf(together, "delivered") / medianOf(alone, "delivered");
    const p99 = `p99 ${medianOf(together, "p99us").toFixed(0)} us, alone ${medianOf(alone, "p99us").toFixed(0)} us`;
    return {
      name: `QoS 0 at ${perSecond(qos0Rate)} beside QoS 1 on disk at ${perSecond(medianOf(durable, "delivered"))}`,
      measured: `${percent(share)} of alone (${p99}${faultsOf([...together, ...durable])})`,
      bar: percent(BESIDE_SHARE),
      verdict: verdictOf(share, (value) => value >= BESIDE_SHARE),
    };
  });
}

const CHECKPOINT_TIMES = 3;
const MORE_RUNS_MAX = 5;

/**
 * Time from PUBLISH to its acknowledgement at a steady rate (a third of what the server can carry), on two servers in
 * turn: one makes a checkpoint every second, the other none. The p99 of all time with checkpoints is held against the
 * median of the p99 of the seconds without; the worst second is told beside it.
 */
export async function checkpoints(workload: DurableWorkload): Promise<DurableFigure> {
  const load = ["-m", "pair", "-n", "200", "-q", "1", "-w", "100", "-C", "-A"];
  const { checkpoints: wanted, checkpointEveryMs: everyMs } = workload;
  const often = { ...DISK, options: { checkpointIntervalMs: everyMs } };
  const never = {
    ...DISK,
    options: { checkpointIntervalMs: 3_600_000, checkpointBytes: 4_000_000_000 },
  };
  const runs = Math.max(1, Math.min(workload.runs, wanted));
  // One more in each run: the first checkpoint of a run comes when there is something to write.
  const seconds = ((Math.ceil(wanted / runs) + 1) * everyMs) / 1_000;
  return withServer({ ...often, cpu: workload.serverCpu }, (busy) =>
    withServer({ ...never, cpu: workload.serverCpu }, async (calm) => {
      const perRun = Math.floor((await capacity(busy, workload, load)) / 3);
      const before = (await busy.counts()).checkpoints;
      const steady = [...load, "-r", String(perRun), "-Z", String(everyMs)];
      const results = { busy: [] as LoadResult[], calm: [] as LoadResult[] };
      let count = 0;
      // A machine that is short of time makes fewer checkpoints than were planned: some runs more then.
      for (let run = 0; run < runs || (count < wanted && run < runs + MORE_RUNS_MAX); run += 1) {
        for (const [list, server, other] of [
          [results.busy, busy, calm],
          [results.calm, calm, busy],
        ] as const) {
          other.sleep();
          const { port, pid } = server;
          list.push(await runLoad({ port, pid, cpu: workload.loadCpu, seconds, load: steady }));
          other.wake();
        }
        count = (await busy.counts()).checkpoints - before;
      }
      return checkpointFigure({ ...results, rate: perRun, count, wanted });
    }),
  );
}

function checkpointFigure(fields: {
  readonly busy: readonly LoadResult[];
  readonly calm: readonly LoadResult[];
  readonly rate: number;
  readonly count: number;
  readonly wanted: number;
}): DurableFigure {
  const { busy, calm, rate, count, wanted } = fields;
  const without = median(windowsOf(calm));
  const overall = medianOf(busy, "p99us");
  const times = overall / without;
  const isLess = wanted < BAR_SIZES.checkpoints;
  const whole = isLess ? "reduced" : verdictOf(times, (value) => value <= CHECKPOINT_TIMES);
  const worst = Math.max(...windowsOf(busy));
  return {
    name: `${count} checkpoints under a steady load of ${perSecond(rate)}, p99 to the acknowledgement`,
    measured: `${times.toFixed(1)} x (${overall.toFixed(0)} us, without ${without.toFixed(0)} us, worst second ${worst.toFixed(0)} us${faultsOf(busy)})`,
    bar: `at most ${CHECKPOINT_TIMES} x`,
    verdict: count < wanted ? "no comparison" : whole,
  };
}

/** The p99 of each second. */
function windowsOf(results: readonly LoadResult[]): number[] {
  return results.flatMap((result) =>
    String(result["p99s"] ?? "")
      .split(" ")
      .filter((text) => text !== "")
      .map(Number),
  );
}

function perSecond(value: number | undefined): string {
  const rate = value ?? Number.NaN;
  return rate >= 1_000 ? `${(rate / 1_000).toFixed(0)} k/s` : `${rate.toFixed(0)} /s`;
}
