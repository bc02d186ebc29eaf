/**
 * Puts the newest tables of bench/results into the pages that show them, between `<!-- bench -->` and `<!-- end -->`:
 *
 *     npx tsx bench/readme.ts
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ROOT } from "./results.ts";
import type { Circumstances, Report } from "./results.ts";

/** A page with a table of measurements. */
interface Page {
  readonly path: string;
  readonly marker: string;
  /** How the names of its results end. */
  readonly results: RegExp;
}

const PAGES: readonly Page[] = [
  { path: "README.md", marker: "bench", results: /^\d{4}-\d\d-\d\d-[0-9a-f]+(-changed)?\.json$/ },
  {
    path: "docs/guide/durability.md",
    marker: "bench-durable",
    results: /^\d{4}-\d\d-\d\d-[0-9a-f]+(-changed)?-durable\.json$/,
  },
];

/** The table, and beside it how it came about. */
export function section({ facts, table, legend }: Omit<Report, "results">): string {
  const { date, commit, machine, method, ...versions } = facts;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${table}\n\n${legend}\n\nMeasured on ${date} at ${commit}: ${machine}; ${programs.join(", ")}; ${method}.`;
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

/** The newest results of a page in a folder, as they were written. */
export function newestResults(
  directory: string,
  { results }: Pick<Page, "results">,
): Omit<Report, "results"> | undefined {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const newest = names
    .filter((name) => results.test(name))
    .map((name) => ({ name, changedMs: statSync(`${directory}/${name}`).mtimeMs }))
    .sort((left, right) => right.changedMs - left.changedMs)[0]?.name;
  if (newest === undefined) return undefined;
  const file = JSON.parse(readFileSync(`${directory}/${newest}`, "utf8")) as { results: unknown };
  const { results: _left, ...facts } = file;
  const text = readFileSync(`${directory}/${newest.replace(/json$/, "md")}`, "utf8");
  const [, table = "", legend = ""] = text.trim().split("\n\n");
  return { facts: facts as Circumstances, table, legend };
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

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
