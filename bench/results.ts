import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { fileURLToPath } from "node:url";

/** Of the repository, with a slash at the end. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Machine, versions and commit: figures without them say nothing. */
export type Circumstances = Readonly<Record<string, string>>;

/** @param method how it was measured, in one sentence */
export function circumstances(method: string): Circumstances {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}, Linux ${release()}`,
    node: process.version,
    mosquitto: outputOf("/usr/sbin/mosquitto", ["-h"]).split("\n")[0]?.split(" ").at(-1) || "none",
    aedes: packageVersion("aedes"),
    method,
  };
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

function packageVersion(name: string): string {
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

/** Writes DATE-COMMIT.json, a result a line so that changes can be read, and the same as a page. */
export function writeResults(report: Report, directory: string, suffix = ""): void {
  mkdirSync(directory, { recursive: true });
  const { facts, results } = report;
  const name = `${directory}/${facts["date"]}-${facts["commit"]}${suffix}`;
  const lines = results.map((result) => JSON.stringify(result)).join(",\n");
  const head = JSON.stringify(facts).slice(0, -1);
  writeFileSync(`${name}.json`, `${head},"results":[\n${lines}\n]}\n`);
  writeFileSync(`${name}.md`, pageOf(report));
}
