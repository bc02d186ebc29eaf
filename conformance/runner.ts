/**
 * Turns scenarios into runs (one for each version a scenario names statements of) and carries them
 * out, several at once: most of them wait for a server, and the slow ones wait for whole seconds.
 */
import {
  ScenarioContext,
  type Scenario,
  type ScenarioServer,
  type ServerNeeds,
} from "./scenario.ts";
import type { Version } from "./wire/notation.ts";

/** A broker that the scenarios are pointed at. */
export interface Target {
  readonly name: string;
  /** The versions that it speaks at all; the others are skipped. */
  readonly versions: readonly Version[];
  /** A server with these needs, or in words why there is none. */
  readonly provide: (needs: ServerNeeds) => Promise<ScenarioServer | string>;
  readonly close: () => Promise<void>;
}

/** One scenario at one version. */
export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly version: Version;
  /** `[MQTT-3.1.0-2] [U-3.1-2] a second CONNECT ends the connection (5.0)`. */
  readonly title: string;
}

/**
 * How a run ended; `detail` says why it failed or was skipped. `remarked` is a pass in which the
 * target used a freedom that the standard gives against its own recommendation.
 */
export interface Outcome {
  readonly run: ScenarioRun;
  readonly state: "passed" | "remarked" | "failed" | "skipped";
  readonly detail: string;
}

/** How the runs are carried out. */
export interface RunOptions {
  /** Runs at the same time. Default 16. */
  readonly concurrency?: number;
  /** Milliseconds to wait for each expected packet. Default 5000. */
  readonly patienceMs?: number;
  /** Recommendations of the standard count as demands: what Anax is held to. Default false. */
  readonly strict?: boolean;
}

/** Every run of these scenarios, the slow ones first so that they overlap with all the others. */
export function expand(scenarios: readonly Scenario[]): readonly ScenarioRun[] {
  const runs = scenarios.flatMap((scenario) => runsOf(scenario));
  return [...runs.filter((run) => run.scenario.slow), ...runs.filter((run) => !run.scenario.slow)];
}

/** Starts all runs; each promise is the outcome of its run and never rejects. */
export function start(
  runs: readonly ScenarioRun[],
  target: Target,
  options: RunOptions = {},
): ReadonlyMap<ScenarioRun, Promise<Outcome>> {
  const limit = concurrencyLimit(options.concurrency ?? 16);
  return new Map(runs.map((run) => [run, limit(() => carryOut(run, target, options))] as const));
}

function runsOf(scenario: Scenario): readonly ScenarioRun[] {
  const { v5, v3 } = scenario.statements;
  const runs: ScenarioRun[] = [];
  if (v5) runs.push({ scenario, version: "5.0", title: titleOf(scenario, v5, "5.0") });
  if (v3) runs.push({ scenario, version: "3.1.1", title: titleOf(scenario, v3, "3.1.1") });
  return runs;
}

function titleOf(scenario: Scenario, statements: readonly string[], version: Version): string {
  return `${statements.map((id) => `[${id}]`).join(" ")} ${scenario.title} (${version})`;
}

async function carryOut(run: ScenarioRun, target: Target, options: RunOptions): Promise<Outcome> {
  if (!target.versions.includes(run.version)) {
    return { run, state: "skipped", detail: `${target.name} does not speak ${run.version}` };
  }
  try {
    const server = await target.provide(run.scenario.needs ?? {});
    if (typeof server === "string") return { run, state: "skipped", detail: server };
    return await runOn(server, run, options);
  } catch (error) {
    return { run, state: "failed", detail: messageOf(error) };
  }
}

async function runOn(
  server: ScenarioServer,
  run: ScenarioRun,
  options: RunOptions,
): Promise<Outcome> {
  const remarks: string[] = [];
  const onRemark = (remark: string): void => void remarks.push(remark);
  const context = new ScenarioContext(run.version, server, {
    patienceMs: options.patienceMs ?? 5000,
    ...(options.strict ? {} : { onRemark }),
  });
  try {
    await run.scenario.run(context);
    const detail = [...new Set(remarks)].join("; ");
    return { run, state: detail === "" ? "passed" : "remarked", detail };
  } catch (error) {
    return { run, state: "failed", detail: messageOf(error) };
  } finally {
    context.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function concurrencyLimit(count: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (task) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
