/**
 * The conformance suite on the command line.
 *
 *     npm run conformance                                      all tests, then the table
 *     npm run conformance -- --results results.json            the table, from a run of vitest
 *     npm run conformance -- --target mqtt://127.0.0.1:1883    the server scenarios, elsewhere
 *     npm run conformance -- --peer anax|mosquitto|aedes       the same, starts the broker itself
 *
 * `--only <text>` keeps the scenarios whose title holds the text, `--patience <ms>` says how long to
 * wait for an expected packet, `--strict` turns recommendations of the standard into demands.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { writeReport } from "./report/write-report.ts";
import { expand, start, type Outcome, type Target } from "./runner.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { aedesTarget } from "./targets/aedes.ts";
import { anaxTarget } from "./targets/anax.ts";
import { foreignTarget } from "./targets/foreign.ts";
import { mosquittoTarget } from "./targets/mosquitto.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    peer: { type: "string" },
    only: { type: "string", default: "" },
    patience: { type: "string", default: "4000" },
    strict: { type: "boolean", default: false },
    results: { type: "string" },
  },
});

function chooseTarget(): Target | undefined {
  if (values.target !== undefined) return foreignTarget(values.target);
  if (values.peer === "anax") return anaxTarget();
  if (values.peer === "mosquitto") return mosquittoTarget();
  if (values.peer === "aedes") return aedesTarget();
  if (values.peer !== undefined) throw new TypeError(`no peer is called ${values.peer}`);
  return undefined;
}

async function runAgainst(target: Target): Promise<number> {
  const runs = expand(SCENARIOS).filter((run) => run.title.includes(values.only));
  const startedAt = Date.now();
  const outcomes = start(runs, target, {
    patienceMs: Number(values.patience),
    strict: values.strict,
  });
  const counts = { passed: 0, remarked: 0, failed: 0, skipped: 0 };
  for (const outcome of outcomes.values()) print(await outcome, counts);
  await target.close();
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`${target.name}: ${JSON.stringify(counts)} in ${seconds} s`);
  return counts.failed === 0 ? 0 : 1;
}

function print(outcome: Outcome, counts: Record<Outcome["state"], number>): void {
  counts[outcome.state] += 1;
  if (outcome.state === "passed") return;
  console.log(`${outcome.state}: ${outcome.run.title}\n    ${outcome.detail}`);
}

/** Runs the suite and the tests of all packages, whose tags count as well. */
function runTests(resultsFile: string): void {
  const vitest = join(import.meta.dirname, "../node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${resultsFile}`];
  const folders = ["conformance", "packages"];
  spawnSync(process.execPath, [vitest, "run", ...folders, ...reporters], { stdio: "inherit" });
}

function reportOn(resultsFile: string): number {
  const faults = writeReport(resultsFile);
  for (const fault of faults) console.error(fault);
  console.log(`docs/reference/conformance.md written, ${faults.length} faults`);
  return faults.length === 0 ? 0 : 1;
}

function testAndReport(): number {
  const folder = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    const resultsFile = join(folder, "results.json");
    runTests(resultsFile);
    return reportOn(resultsFile);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const target = chooseTarget();
if (target) process.exitCode = await runAgainst(target);
else process.exitCode = values.results ? reportOn(values.results) : testAndReport();
