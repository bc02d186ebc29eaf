import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { fileURLToPath } from "node:url";
import { programPath } from "./program-path.ts";

/** Of the repository, with a slash at the end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Machine, versions and commit: figures without them say nothing. `partial` says why a run is not a complete one. */
export type Circumstances = Readonly<Record<string, string>>;

/** Runs and seconds that a complete measurement has at least. */
const COMPLETE = { runs: 3, seconds: 3 } as const;

/** Why the figures of so few runs, or such short ones, are no complete measurement; undefined if they are. */
export function tooLittle(given: { runs: number; seconds: number }): string | undefined {
  const { runs, seconds } = COMPLETE;
  if (given.runs < runs) return `${given.runs} runs are less than ${runs}`;
  return given.seconds < seconds ? `${given.seconds} s are less than ${seconds} s` : undefined;
}

/**
 * @param method how it was measured, in one sentence
 * @param programs what took part beside Anax, with versions
 */
export function circumstances(method: string, programs: Circumstances): Circumstances {
  const now = new Date().toISOString();
  return {
    date: now.slice(0, 10),
    time: `${now.slice(11, 16)} UTC`,
    commit: commit(),
    machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}, Linux ${release()}`,
    node: process.version,
    ...programs,
    method,
  };
}

/** As it says itself, behind all else in the first line of its help. */
export function mosquittoVersion(): string {
  const help = outputOf(programPath("mosquitto") ?? "mosquitto", ["-h"]);
  return help.split("\n")[0]?.split(" ").at(-1) || "none";
}

/** With "-changed" if the files are not those of the commit. */
function commit(): string {
  const name = outputOf("git", ["-C", ROOT, "rev-parse", "--short", "HEAD"]).trim();
  const changes = outputOf("git", ["-C", ROOT, "status", "--porcelain", "--untracked-files=no"]);
  return `${name || "unknown"}${changes.trim() === "" ? "" : "-changed"}`;
}

/** What a program prints; mosquitto ends with 3 after its help. */
function outputOf(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { stdio: ["ignore", "pipe", "ignore"] }).toString();
  } catch (error) {
    const { stdout } = error as { stdout?: Buffer };
    return stdout?.toString() ?? "";
  }
}

/** Of what is installed; "none" if it is not. */
export function packageVersion(name: string): string {
  try {
    const manifest = readFileSync(`${ROOT}node_modules/${name}/package.json`, "utf8");
    return (JSON.parse(manifest) as { version: string }).version;
  } catch {
    return "none";
  }
}

/** What a measurement leaves behind. */
export interface Report {
  readonly facts: Circumstances;
  /** Markdown. */
  readonly table: string;
  readonly legend: string;
  /** One object for each line of the file. */
  readonly results: readonly object[];
}

/** Circumstances and table as one page. */
export function pageOf({ facts, table, legend }: Report): string {
  const list = Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`);
  return `${list.join("\n")}\n\n${table}\n\n${legend}\n`;
}

/**
 * Writes DATE-TIME-COMMIT.json, a result a line so that changes can be read, and the same as a page. Nothing is
 * overwritten: a number is added to a name that is taken.
 * @returns the path of the page
 */
export function writeResults(report: Report, directory: string, suffix = ""): string {
  mkdirSync(directory, { recursive: true });
  const { facts, results } = report;
  const time = (facts["time"] ?? "").replaceAll(/\D/g, "");
  const base = `${directory}/${facts["date"]}T${time}-${facts["commit"]}`;
  let name = `${base}${suffix}`;
  for (let count = 2; existsSync(`${name}.json`); count += 1) name = `${base}-${count}${suffix}`;
  const lines = results.map((result) => JSON.stringify(result)).join(",\n");
  const head = JSON.stringify(facts).slice(0, -1);
  writeFileSync(`${name}.json`, `${head},"results":[\n${lines}\n]}\n`);
  writeFileSync(`${name}.md`, pageOf(report));
  return `${name}.md`;
}

/** Keeps a report that is complete, or is to be kept all the same, and says what became of it. */
export function keepResults(report: Report, isKept: boolean, suffix = ""): void {
  const partial = report.facts["partial"];
  const told =
    partial === undefined || isKept
      ? `written to ${writeResults(report, `${ROOT}bench/results`, suffix)}`
      : `not written to bench/results, for ${partial}; --save writes it all the same`;
  process.stderr.write(`${told}\n`);
}
