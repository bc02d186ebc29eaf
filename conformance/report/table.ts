/** Writes the table of all statements as a page of the documentation. */
import type { Version } from "../wire/notation.ts";
import type { Row } from "./verdict.ts";

interface Part {
  readonly heading: string;
  readonly version: Version;
  readonly prefix: "MQTT-" | "U-";
}

const PARTS: readonly Part[] = [
  { heading: "MQTT 5.0, numbered statements", version: "5.0", prefix: "MQTT-" },
  { heading: "MQTT 5.0, demands without a number", version: "5.0", prefix: "U-" },
  { heading: "MQTT 3.1.1, numbered statements", version: "3.1.1", prefix: "MQTT-" },
];

const INTRODUCTION = `# Conformance

Every normative statement of MQTT 5.0 and 3.1.1, and the tests that prove that Anax obeys it.
\`npm run conformance\` runs the tests and writes this page; it fails while a statement is open, which is to say has
neither a test nor a waiver. The statements are in our words; identifiers that begin with U- are ours, for what
the standard demands without a number. "Who" is who must obey. "Tests" counts the tests whose titles
name the statement and that passed: of the server, of the client, of the protocol package that both
share. How the same suite judges other brokers is told in [conformance-peers.md](conformance-peers.md).
`;

/** The page. The same rows give the same text. */
export function renderTable(rows: readonly Row[]): string {
  const parts = PARTS.map((part) => renderPart(part, rows));
  return `${INTRODUCTION}\n${renderSummary(rows)}\n${parts.join("\n")}`;
}

function rowsOf({ version, prefix }: Part, rows: readonly Row[]): readonly Row[] {
  return rows.filter(
    ({ statement }) => statement.version === version && statement.id.startsWith(prefix),
  );
}

function renderSummary(rows: readonly Row[]): string {
  const lines = PARTS.map((part) => {
    const own = rowsOf(part, rows);
    const open = own.filter(({ faults }) => faults.length > 0).length;
    const waived = own.filter(({ waiver, faults }) => waiver && faults.length === 0).length;
    const tested = own.length - waived - open;
    return `| ${part.heading} | ${own.length} | ${tested} | ${waived} | ${open} |`;
  });
  const head = ["| | statements | tested | waived | open |", "|---|---|---|---|---|"];
  return [...head, ...lines, ""].join("\n");
}

function renderPart(part: Part, rows: readonly Row[]): string {
  const lines = rowsOf(part, rows).map(renderRow);
  const head = ["| id | statement | who | tests | status |", "|---|---|---|---|---|"];
  return [`## ${part.heading}`, "", ...head, ...lines, ""].join("\n");
}

function renderRow(row: Row): string {
  const { statement, tests } = row;
  const counts = (["server", "client", "protocol"] as const)
    .filter((side) => tests[side] > 0)
    .map((side) => `${side} ${tests[side]}`);
  const cells = [statement.id, escape(statement.text), statement.who, counts.join(", ")];
  return `| ${[...cells, escape(statusOf(row))].join(" | ")} |`;
}

function statusOf({ waiver, faults }: Row): string {
  if (faults.length > 0) return `**open**: ${faults.join("; ")}`;
  if (!waiver) return "tested";
  const whose = waiver.side === "all" ? "" : ` for the ${waiver.side}`;
  return `waived${whose}: ${waiver.reason}`;
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
