import type { LoadResult } from "../support/load-generator.ts";
import { NOISE_MAX, noiseOf } from "./measuring.ts";
import type { Measured } from "./measuring.ts";
import { median } from "../support/median.ts";
import type { Bar, Line, Unit } from "./scenario.ts";

/** How Anax stands in a line. */
export type Verdict = "reached" | "held" | "missed" | "no comparison" | "";

/** A line of the table with its figures. */
export interface Row {
  readonly line: Line;
  /** Median of each peer; NaN if there is none. */
  readonly figures: ReadonlyMap<string, number>;
  /** Beside each peer's figure: what went wrong. */
  readonly remarks: ReadonlyMap<string, string>;
  /** Anax's figure as a multiple of mosquitto's; NaN without one. */
  readonly ratio: number;
  /** What is compared with the bar. */
  readonly standing: number;
  readonly verdict: Verdict;
}

/** Median of a line over the runs of a contender, without runs that failed. */
export function medianOf(measured: Measured, contender: string, key: string): number {
  const results = measured.results.get(contender) ?? [];
  return median(
    results
      .filter((result) => !("error" in result))
      .map((result) => Number(result[key] ?? Number.NaN))
      .filter(Number.isFinite),
  );
}

const FAULTS: Readonly<Record<string, string>> = {
  lost: "lost",
  unacked: "unacknowledged",
  dup: "doubled",
  ooo: "disordered",
  gaps: "gaps",
  nack: "refused",
  replaylost: "replay incomplete",
};

/** What was lost, repeated or out of order in any run of a contender, in words; empty if nothing. */
export function faults(measured: Measured, contender: string): string {
  const results: readonly LoadResult[] = measured.results.get(contender) ?? [];
  const has = (key: string): boolean => results.some((result) => Number(result[key] ?? 0) > 0);
  const found = Object.keys(FAULTS)
    .filter(has)
    .map((key) => FAULTS[key] ?? key);
  if (results.some((result) => "error" in result)) found.push("error");
  return found.join(", ");
}

/** All lines with their figures and verdicts. */
export function rowsOf(all: readonly Measured[], peers: readonly string[]): Row[] {
  return all.flatMap((measured) =>
    measured.scenario.lines.map((line) => rowOf(measured, line, peers)),
  );
}

function rowOf(measured: Measured, line: Line, peers: readonly string[]): Row {
  const figures = new Map(peers.map((peer) => [peer, medianOf(measured, peer, line.key)]));
  const own = figures.get("anax") ?? Number.NaN;
  const ratio = own / (figures.get("mosquitto") ?? Number.NaN);
  const standing = standingOf(measured, line, { own, ratio });
  return {
    line,
    figures,
    remarks: new Map(peers.map((peer) => [peer, remarkOf(measured, peer)])),
    ratio,
    standing,
    verdict: verdictOf(line, standing, faults(measured, "anax")),
  };
}

function standingOf(
  measured: Measured,
  { key, bar }: Line,
  { own, ratio }: { own: number; ratio: number },
): number {
  switch (bar?.against) {
    case undefined:
      return Number.NaN;
    case "mosquitto":
      return ratio;
    case "reference":
      return own / medianOf(measured, "reference", key);
    case "itself":
      return own;
  }
}

/** A figure of a server that lost something is none. */
function verdictOf({ bar, isLessBetter }: Line, standing: number, wrong: string): Verdict {
  if (bar === undefined) return "";
  if (wrong !== "") return "missed";
  if (!Number.isFinite(standing)) return "no comparison";
  const comesTo = (wanted: number): boolean =>
    isLessBetter ? standing <= wanted : standing >= wanted;
  if (bar.reach !== undefined && comesTo(bar.reach)) return "reached";
  return comesTo(bar.must) ? "held" : "missed";
}

/** Faults, and "~" if a run was disturbed by other programs. */
function remarkOf(measured: Measured, peer: string): string {
  const { scenario, results } = measured;
  const ofPeer = results.get(peer) ?? [];
  const isNoisy = ofPeer.some((result) => noiseOf(scenario, result) > NOISE_MAX);
  const wrong = faults(measured, peer);
  return `${isNoisy ? " ~" : ""}${wrong === "" ? "" : ` (${wrong})`}`;
}

/** The table as Markdown. */
export function table(all: readonly Measured[], peers: readonly string[]): string {
  const head = ["scenario", ...peers, "ratio to mosquitto", "must", "reach", "verdict"];
  const align = head.map((_, index) => (index === 0 || index === head.length - 1 ? "---" : "---:"));
  const rows = rowsOf(all, peers).map((row) => cellsOf(row, peers));
  return [head, align, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What the table needs to be understood. */
export const LEGEND =
  "Ratios and bars are multiples of mosquitto's figure; a share is of Anax's own figure under the reference load, in turn " +
  "with it. *Must* is the bar, *reach* the goal. ~: other programs used more than " +
  `${NOISE_MAX} % of a core during a run. No server limits what is in flight to a client (Anax: ` +
  "`inFlightDefault` and `inFlightMax` 65 535; mosquitto: `max_inflight_messages 0`).";

function cellsOf(row: Row, peers: readonly string[]): string[] {
  const { line, figures, remarks, ratio, verdict } = row;
  const cells = peers.map((peer) => {
    const share = peer === "anax" ? shareText(row) : "";
    return `${written(figures.get(peer) ?? Number.NaN, line.unit)}${share}${remarks.get(peer) ?? ""}`;
  });
  const ratioText = Number.isFinite(ratio) ? ratio.toFixed(2) : "";
  return [
    line.name,
    ...cells,
    ratioText,
    wantedText(line, "must"),
    wantedText(line, "reach"),
    verdict,
  ];
}

function shareText({ line, standing }: Row): string {
  const isShare = line.bar?.against === "reference" && Number.isFinite(standing);
  return isShare ? `, ${percent(standing)}` : "";
}

function wantedText({ bar, unit, isLessBetter }: Line, which: "must" | "reach"): string {
  const wanted = bar?.[which];
  if (bar === undefined || wanted === undefined) return "";
  const most = isLessBetter ? "at most " : "";
  return `${most}${WANTED[bar.against](wanted, unit)}`;
}

const WANTED: Readonly<Record<Bar["against"], (wanted: number, unit: Unit) => string>> = {
  mosquitto: (wanted) => `${wanted} x`,
  reference: (wanted) => percent(wanted),
  itself: (wanted, unit) => written(wanted, unit),
};

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** A figure for people. */
export function written(value: number, unit: Unit): string {
  return Number.isFinite(value) ? WRITTEN[unit](value) : "-";
}

const WRITTEN: Readonly<Record<Unit, (value: number) => string>> = {
  perSecond(value) {
    if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M/s`;
    return value >= 1e3 ? `${(value / 1e3).toFixed(0)} k/s` : `${value.toFixed(0)} /s`;
  },
  microseconds: (value) => `${value.toFixed(0)} us`,
  milliseconds: (value) => `${value.toFixed(1)} ms`,
  bytes: (value) => `${(value / 1_024).toFixed(1)} KB`,
  kilobytes: (value) => `${(value / 1_024).toFixed(1)} MB`,
  percent: (value) => `${value.toFixed(0)} %`,
  ratio: (value) => value.toFixed(2),
};
