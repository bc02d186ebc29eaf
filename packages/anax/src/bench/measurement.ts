/** The phases of a measurement: warm up, measure, wait for what is on its way. */
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { BenchFlags } from "./bench-flags.ts";
import type { Load } from "./load.ts";

/** What was counted between two points of time. */
export interface Measurement {
  readonly seconds: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly received: number;
  /** Share of one core that this process itself used, 1 being all of it. */
  readonly generatorCpu: number;
}

/** Progress of a measurement. */
export interface Progress {
  readonly seconds: number;
  readonly sentPerSecond: number;
  readonly receivedPerSecond: number;
}

/** Where a measurement tells its progress, and who may end it. */
export interface MeasurementWatch {
  onProgress(progress: Progress): void;
  /** True when somebody wants it to end early. */
  isStopped(): boolean;
}

const PROGRESS_MS = 1_000;
/** How often the clock is looked at. */
const LOOK_MS = 10;
/** What has not come after this long without any other message does not come. */
const SILENCE_MS = 3_000;
/** Below this many messages a second a timer is exact enough; above, the loop spins to be on time. */
const SPIN_RATE_MIN = 100;

interface Point {
  readonly timeMs: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly received: number;
  readonly cpuUs: number;
}

/** Runs a load that is connected, to its end. */
export async function measure(
  load: Load,
  flags: BenchFlags,
  watch: MeasurementWatch,
): Promise<Measurement> {
  let begin = pointOf(load);
  load.start();
  // Whoever counts messages wants all of them measured.
  if (flags.count === undefined && flags.warmUp > 0) {
    await runFor(load, flags, watch, flags.warmUp * 1_000);
    load.statistics.latencies.clear();
    begin = pointOf(load);
  }
  await runFor(load, flags, watch, flags.duration * 1_000);
  const end = pointOf(load);
  load.stop();
  await settle(load);
  return difference(begin, end);
}

async function runFor(
  load: Load,
  flags: BenchFlags,
  watch: MeasurementWatch,
  durationMs: number,
): Promise<void> {
  const beginMs = performance.now();
  const silence = new SilenceWatch(load);
  let shown = pointOf(load);
  for (;;) {
    const nowMs = performance.now();
    if (nowMs - beginMs >= durationMs || watch.isStopped() || isDone(load, flags)) return;
    if (nowMs - shown.timeMs >= PROGRESS_MS) {
      const point = pointOf(load);
      watch.onProgress(progressOf(shown, point, beginMs));
      shown = point;
    }
    if (silence.isTooLong(nowMs)) load.writeOff();
    await turn(load, flags, durationMs - (nowMs - beginMs));
  }
}

/** With a rate the load is moved by the clock, otherwise by what arrives. */
async function turn(load: Load, { rate }: BenchFlags, leftMs: number): Promise<void> {
  if (rate === undefined) return delay(Math.max(1, Math.min(LOOK_MS, leftMs)));
  load.tick();
  await (rate < SPIN_RATE_MIN ? delay(1) : nextTurn());
}

function isDone(load: Load, { count }: BenchFlags): boolean {
  const { sent, connectionsLost } = load.statistics;
  return connectionsLost > 0 || (count !== undefined && sent >= count && !load.isPending);
}

/** Waits until all has arrived, or nothing has for a while. */
async function settle(load: Load): Promise<void> {
  const silence = new SilenceWatch(load);
  while (load.isPending && load.statistics.connectionsLost === 0) {
    if (silence.isTooLong(performance.now())) return;
    await delay(1);
  }
}

/** Notices that nothing moves although something is on its way. */
class SilenceWatch {
  readonly #load: Load;
  #moved = -1;
  #sinceMs = 0;

  constructor(load: Load) {
    this.#load = load;
  }

  isTooLong(nowMs: number): boolean {
    const { received, acknowledged } = this.#load.statistics;
    const moved = received + acknowledged;
    if (moved !== this.#moved || !this.#load.isPending) {
      this.#moved = moved;
      this.#sinceMs = nowMs;
    }
    if (nowMs - this.#sinceMs < SILENCE_MS) return false;
    this.#sinceMs = nowMs;
    return true;
  }
}

function pointOf(load: Load): Point {
  const { sent, acknowledged, received } = load.statistics;
  const { user, system } = process.cpuUsage();
  return { timeMs: performance.now(), sent, acknowledged, received, cpuUs: user + system };
}

function progressOf(before: Point, now: Point, beginMs: number): Progress {
  const { seconds, sent, received } = difference(before, now);
  return {
    seconds: Math.round((now.timeMs - beginMs) / 1_000),
    sentPerSecond: sent / seconds,
    receivedPerSecond: received / seconds,
  };
}

function difference(begin: Point, end: Point): Measurement {
  const seconds = (end.timeMs - begin.timeMs) / 1_000;
  return {
    seconds,
    sent: end.sent - begin.sent,
    acknowledged: end.acknowledged - begin.acknowledged,
    received: end.received - begin.received,
    generatorCpu: (end.cpuUs - begin.cpuUs) / 1e6 / seconds,
  };
}
