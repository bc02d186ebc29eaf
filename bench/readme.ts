/**
 * Puts the newest tables of bench/results into the pages that show them, between `<!-- bench -->` and `<!-- end -->`:
 *
 *     npx tsx bench/readme.ts
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runProgram } from "./support/program-arguments.ts";
import { ROOT } from "./support/results.ts";
import type { Circumstances, Report } from "./support/results.ts";

/** A page with a table of measurements. */
interface Page {
  readonly path: string;
  readonly marker: string;
  /** How the names of its results end. */
  readonly results: RegExp;
}

/** What is written. */
export const PAGES: readonly Page[] = [
  {
    path: "docs/internals/benchmarks.md",
    marker: "bench",
    results: /^\d{4}-[\dT-]+-[0-9a-f]+(-changed)?(-\d+)?\.json$/,
  },
  {
    path: "docs/guide/durability.md",
    marker: "bench-durable",
    results: /^\d{4}-[\dT-]+-[0-9a-f]+(-changed)?(-\d+)?-durable\.json$/,
  },
  {
    path: "docs/internals/performance.md",
    marker: "bench-client",
    results: /^\d{4}-[\dT-]+-[0-9a-f]+(-changed)?(-\d+)?-client\.json$/,
  },
];

/** The table, and beside it how it came about. */
export function section({ facts, table, legend }: Omit<Report, "results">): string {
  const { date, time = "", commit, machine, method, partial: _partial, ...versions } = facts;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${table}\n\n${legend}\n\nMeasured on ${`${date} ${time}`.trim()} at ${commit}: ${machine}; ${programs.join(", ")}; ${method}.`;
}

/** The page with `text` in place of what stands between the marks. Throws if it has none. */
export function splice(page: string, marker: string, text: string): string {
  const begin = page.indexOf(`<!-- ${marker} -->`);
  const end = page.indexOf("<!-- end -->", begin);
  if (begin < 0 || end < 0) throw new Error(`the page has no "<!-- ${marker} -->" with an end`);
  return `${page.slice(0, begin)}<!-- ${marker} -->\n\n${text}\n\n${page.slice(end)}`;
}

/** Puts a report into a page, which has marks for it. */
export function writeReadme(path: string, report: Report, marker = "bench"): void {
  writeFileSync(path, splice(readFileSync(path, "utf8"), marker, section(report)));
}

/**
 * The newest complete results of a page in a folder, as they were written. Newest by what is in the files: those of a fresh
 * clone are all of the same age. Results without a time are older than others of their day.
 */
export function newestResults(
  directory: string,
  { results }: Pick<Page, "results">,
): Omit<Report, "results"> | undefined {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const complete = names
    .filter((name) => results.test(name))
    .map((name) => ({ name, ...fileOf(`${directory}/${name}`) }))
    .filter(({ facts, count }) => facts["partial"] === undefined && count > 0);
  const newest = complete.sort(
    (left, right) => compare(ageOf(right), ageOf(left)) || compare(right.name, left.name),
  )[0];
  if (newest === undefined) return undefined;
  const { name, facts } = newest;
  const text = readFileSync(`${directory}/${name.replace(/json$/, "md")}`, "utf8");
  const [, table = "", legend = ""] = text.trim().split("\n\n");
  return { facts, table, legend };
}

function fileOf(path: string): { readonly facts: Circumstances; readonly count: number } {
  const file = JSON.parse(readFileSync(path, "utf8")) as { results: readonly unknown[] };
  const { results, ...facts } = file;
  return { facts: facts as unknown as Circumstances, count: results.length };
}

function ageOf({ facts }: { readonly facts: Circumstances }): string {
  return `${facts["date"]} ${facts["time"] ?? ""}`;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function main(): void {
  for (const page of PAGES) {
    const report = newestResults(`${ROOT}bench/results`, page);
    if (report === undefined) {
      process.stderr.write(`${page.path}: there are no results yet\n`);
      continue;
    }
    const path = `${ROOT}${page.path}`;
    writeFileSync(path, splice(readFileSync(path, "utf8"), page.marker, section(report)));
    process.stderr.write(`${page.path}: written\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const about = "Puts the newest complete tables of bench/results into the pages that show them.";
  await runProgram({ command: "npx tsx bench/readme.ts", about, options: {} }, main);
}
