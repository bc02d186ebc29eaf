/** Puts statements, evidence and waivers together, and says what is wrong. */
import type { Evidence, Side } from "./evidence.ts";
import type { Obliged, Statement, Waiver } from "./statements.ts";

/** A statement with all that is known about it. */
export interface Row {
  readonly statement: Statement;
  readonly tests: Readonly<Record<Side, number>>;
  readonly waiver: Waiver | undefined;
  /** What is wrong with this statement; empty when it is in order. */
  readonly faults: readonly string[];
}

/** A row before it is judged. */
type Found = Omit<Row, "faults">;

/** The rows of the table, and what must be mended before it may be published. */
export interface Verdict {
  readonly rows: readonly Row[];
  readonly faults: readonly string[];
}

/** At most this part of all statements may be waived. */
export const WAIVED_PART_MAX = 0.03;

/** Judges. Each statement needs a test of everybody whom it obliges, or a waiver, and never both. */
export function judge(
  statements: readonly Statement[],
  evidence: readonly Evidence[],
  waivers: readonly Waiver[],
): Verdict {
  const rows = statements.map((statement) => {
    const found = findFor(statement, evidence, waivers);
    return { ...found, faults: faultsOf(found) };
  });
  const faults = [
    ...rows.flatMap(namedFaults),
    ...failures(evidence),
    ...unknownTags(statements, evidence),
    ...unknownWaivers(statements, waivers),
    ...tooManyWaivers(statements, waivers),
  ];
  return { rows, faults: [...new Set(faults)] };
}

function findFor(
  statement: Statement,
  evidence: readonly Evidence[],
  waivers: readonly Waiver[],
): Found {
  const tests = { server: 0, client: 0, protocol: 0 };
  for (const item of evidence) if (item.passed && isAbout(item, statement)) tests[item.side] += 1;
  return { statement, tests, waiver: waivers.find((waiver) => isAbout(waiver, statement)) };
}

function namedFaults({ statement, faults }: Row): readonly string[] {
  return faults.map((fault) => `${statement.id} (${statement.version}) ${fault}`);
}

function isAbout(item: Evidence | Waiver, { version, id }: Statement): boolean {
  return item.id === id && item.version === version;
}

function faultsOf(found: Found): readonly string[] {
  const { statement, tests, waiver } = found;
  if (waiver) return waiverFaults(found, waiver);
  const isTested = tests.server + tests.client + tests.protocol > 0;
  if (!statement.id.startsWith("MQTT-")) return isTested ? [] : ["has neither test nor waiver"];
  return untestedSides(found).map((side) => `has no test of the ${side}, and no waiver`);
}

function waiverFaults(found: Found, waiver: Waiver): readonly string[] {
  const { statement, tests } = found;
  const isTested = (side: Side): boolean => tests[side] > 0;
  const faults: string[] = [];
  if (waiver.side === "all") {
    if ((["server", "client", "protocol"] as const).some(isTested)) {
      faults.push("is waived and tested");
    }
  } else {
    if (isTested(waiver.side)) faults.push(`is waived and tested for the ${waiver.side}`);
    const rest = untestedSides(found).filter((side) => side !== waiver.side);
    faults.push(...rest.map((side) => `has no test of the ${side}, and no waiver`));
  }
  const isDemand = statement.text.includes("MUST") && !waiver.reason.startsWith("Conditional:");
  if (isDemand && waiver.kind === "not-used") faults.push("is a MUST, no freedom to leave unused");
  return faults;
}

function untestedSides({ statement, tests }: Found): readonly ("server" | "client")[] {
  return sidesOf(statement).filter((side) => tests[side] + tests.protocol === 0);
}

/** Whoever can be seen on the wire to obey: a sender or a receiver is the server and the client. */
function sidesOf({ who }: { readonly who: Obliged }): readonly ("server" | "client")[] {
  if (who === "server" || who === "client") return [who];
  return ["server", "client"];
}

function failures(evidence: readonly Evidence[]): readonly string[] {
  return evidence.filter(({ passed }) => !passed).map(({ title }) => `failed: ${title}`);
}

function unknownTags(
  statements: readonly Statement[],
  evidence: readonly Evidence[],
): readonly string[] {
  const known = new Set(statements.map(({ version, id }) => `${version} ${id}`));
  const unknown = evidence.filter(({ version, id }) => !known.has(`${version} ${id}`));
  return unknown.map(({ id, version, title }) => `${id} is no statement of ${version}: ${title}`);
}

function unknownWaivers(
  statements: readonly Statement[],
  waivers: readonly Waiver[],
): readonly string[] {
  const unknown = waivers.filter((waiver) => !statements.some((found) => isAbout(waiver, found)));
  return unknown.map(
    ({ id, version }) => `a waiver for ${id}, which is no statement of ${version}`,
  );
}

function tooManyWaivers(
  statements: readonly Statement[],
  waivers: readonly Waiver[],
): readonly string[] {
  if (waivers.length <= statements.length * WAIVED_PART_MAX) return [];
  return [`${waivers.length} of ${statements.length} statements are waived, more than 3 %`];
}
