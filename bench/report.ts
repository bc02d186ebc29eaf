import type { LoadResult } from "./load-generator.ts";
import type { Scenario } from "./scenarios.ts";

/** Results of one scenario: of each peer, one per run. */
export interface Measured {
  readonly scenario: Scenario;
  readonly results: ReadonlyMap<string, readonly LoadResult[]>;
}

/** The middle of some numbers; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}

/** The figure of a scenario in one result: messages or connections per second, or microseconds. */
export function figure(result: LoadResult, key?: "p50us" | "p99us"): number {
  const { delivered, rate, replay, drain } = result;
  return Number(
    (key === undefined ? (delivered ?? rate ?? replay ?? drain) : result[key]) ?? Number.NaN,
  );
}

/** Median of a peer's figure, without runs that failed. */
export function medianOf(measured: Measured, peer: string, key?: "p50us" | "p99us"): number {
  const results = measured.results.get(peer) ?? [];
  return median(
    results
      .filter((result) => !("error" in result))
      .map((result) => figure(result, key))
      .filter(Number.isFinite),
  );
}

/** What was lost, repeated or out of order in any run of a peer, in words; empty if nothing. */
export function faults(measured: Measured, peer: string): string {
  const results = measured.results.get(peer) ?? [];
  const has = (key: string): boolean => results.some((result) => Number(result[key] ?? 0) > 0);
  const found = ["lost", "dup", "ooo", "gaps"].filter(has);
  return results.some((result) => "error" in result)
    ? [...found, "error"].join(", ")
    : found.join(", ");
}

/** The table as Markdown: Anax's figure, the peers', and how it stands to bar and goal. */
export function table(all: readonly Measured[], peers: readonly string[]): string {
  const head = ["scenario", ...peers, "ratio", "must", "reach", "verdict"];
  const rows = all.map((measured) => row(measured, all, peers));
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.join("\n");
}

function row(measured: Measured, all: readonly Measured[], peers: readonly string[]): string[] {
  const { scenario } = measured;
  const cells = peers.map((peer) => cell(measured, peer));
  const { ratio, must, reach } = standing(measured, all);
  return [
    scenario.name,
    ...cells,
    ratio.toFixed(2),
    String(must ?? ""),
    String(reach ?? ""),
    verdict(scenario, { ratio, must, reach }),
  ];
}

function cell(measured: Measured, peer: string): string {
  const wrong = faults(measured, peer);
  const text =
    measured.scenario.measure === "latency"
      ? `${micros(medianOf(measured, peer, "p50us"))} / ${micros(medianOf(measured, peer, "p99us"))}`
      : short(medianOf(measured, peer));
  return wrong === "" ? text : `${text} (${wrong})`;
}

/** How Anax stands: against mosquitto, or against itself in another scenario. */
export function standing(
  measured: Measured,
  all: readonly Measured[],
): { ratio: number; must: number | undefined; reach: number | undefined } {
  const { scenario } = measured;
  const key = scenario.measure === "latency" ? "p50us" : undefined;
  const own = medianOf(measured, "anax", key);
  if (scenario.shareOf !== undefined) {
    const { scenario: name, must, reach } = scenario.shareOf;
    const other = all.find((candidate) => candidate.scenario.name === name);
    return { ratio: other === undefined ? Number.NaN : own / medianOf(other, "anax"), must, reach };
  }
  return {
    ratio: own / medianOf(measured, "mosquitto", key),
    must: scenario.must,
    reach: scenario.reach,
  };
}

function verdict(
  scenario: Scenario,
  {
    ratio,
    must = Number.NaN,
    reach = Number.NaN,
  }: { ratio: number; must: number | undefined; reach: number | undefined },
): string {
  if (!Number.isFinite(ratio)) return "no comparison";
  const holds = (bar: number): boolean =>
    scenario.measure === "latency" ? ratio <= bar : ratio >= bar;
  if (holds(reach)) return "reached";
  return holds(must) ? "held" : "missed";
}

function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M/s`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(0)} k/s` : `${value.toFixed(0)} /s`;
}

function micros(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(0)} us` : "-";
}
