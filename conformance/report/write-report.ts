/** From the JSON result of a test run to docs/reference/conformance.md. */
import { readFileSync, writeFileSync } from "node:fs";

import { readEvidence } from "./evidence.ts";
import { readStatements, readWaivers } from "./statements.ts";
import { renderTable } from "./table.ts";
import { judge } from "./verdict.ts";

const STATEMENTS = new URL("../statements/", import.meta.url);
const PAGE = new URL("../../docs/reference/conformance.md", import.meta.url);

/** Writes the page, faults included, and gives back what is wrong. */
export function writeReport(resultsFile: string): readonly string[] {
  const results: unknown = JSON.parse(readFileSync(resultsFile, "utf8"));
  const statements = readStatements(STATEMENTS);
  const { rows, faults } = judge(statements, readEvidence(results), readWaivers(STATEMENTS));
  writeFileSync(PAGE, renderTable(rows));
  return faults;
}
