/** The table fails where it must: on holes, on doubt, on too many waivers. */
import { expect, test } from "vitest";

import { readEvidence } from "./evidence.ts";
import type { Statement, Waiver } from "./statements.ts";
import { renderTable } from "./table.ts";
import { judge } from "./verdict.ts";

const STATEMENT: Statement = {
  version: "5.0",
  id: "MQTT-9.9.9-1",
  section: "9.9.9",
  who: "server",
  text: "The Server MUST",
};

const WAIVER: Waiver = {
  version: "5.0",
  id: "MQTT-9.9.9-1",
  side: "all",
  kind: "not-observable",
  reason: "nobody can see it",
};

/** Ninety-nine more, so that one waiver is no more than the allowed part. */
const OTHERS = Array.from({ length: 99 }, (_, index) => ({
  ...STATEMENT,
  id: `U-1-${index}`,
  text: "anything",
}));
const OTHERS_TITLES = OTHERS.map(({ id }) => `[${id}]`).join(" ");

function results(
  tests: Readonly<Record<string, string>>,
  file = "/conformance/server.test.ts",
): unknown {
  const assertionResults = Object.entries(tests).map(([fullName, status]) => ({
    fullName,
    status,
  }));
  return { testResults: [{ name: file, assertionResults }] };
}

function faults(tests: Readonly<Record<string, string>>, waivers: readonly Waiver[] = []): string {
  const evidence = readEvidence(results({ ...tests, [`server ${OTHERS_TITLES}`]: "passed" }));
  return judge([STATEMENT, ...OTHERS], evidence, waivers).faults.join("\n");
}

test("a statement with a test that passed is in order", () => {
  expect(faults({ "server [MQTT-9.9.9-1] does it (5.0)": "passed" })).toBe("");
});

test("a statement with neither test nor waiver is a fault", () => {
  expect(faults({})).toContain("MQTT-9.9.9-1 (5.0) has no test of the server");
});

test.each(["failed", "skipped", "todo", "pending"])(
  "a test that is %s proves nothing",
  (status) => {
    expect(faults({ "server [MQTT-9.9.9-1] does it (5.0)": status })).toContain("has no test");
  },
);

test("a test that names a statement and fails is a fault, whatever else proves the statement", () => {
  const tests = {
    "server [MQTT-9.9.9-1] does it (5.0)": "passed",
    "server [MQTT-9.9.9-1] does it twice (5.0)": "failed",
  };
  expect(faults(tests)).toBe("failed: server [MQTT-9.9.9-1] does it twice (5.0)");
});

test("a test of 3.1.1 proves nothing of 5.0", () => {
  const found = faults({ "server [MQTT-9.9.9-1] does it (3.1.1)": "passed" });
  expect(found).toContain("MQTT-9.9.9-1 (5.0) has no test");
  expect(found).toContain("MQTT-9.9.9-1 is no statement of 3.1.1");
});

test("a test of the client proves nothing of the server", () => {
  expect(faults({ "client [MQTT-9.9.9-1] does it (5.0)": "passed" })).toContain("of the server");
});

test("a statement that is waived and tested is a fault", () => {
  const tested = { "server [MQTT-9.9.9-1] does it (5.0)": "passed" };
  expect(faults({}, [WAIVER])).toBe("");
  expect(faults(tested, [WAIVER])).toContain("is waived and tested");
});

test("a MUST cannot be waived as a freedom that is not used", () => {
  expect(faults({}, [{ ...WAIVER, kind: "not-used" }])).toContain("is a MUST");
});

test("a waiver of one side leaves the other to be tested", () => {
  const both = { ...STATEMENT, who: "both" } as const;
  const waiver = { ...WAIVER, side: "client" } as const;
  const evidence = readEvidence(results({ "server [MQTT-9.9.9-1] (5.0)": "passed" }));
  expect(judge([both, ...OTHERS], [], [waiver]).faults).toContain(
    "MQTT-9.9.9-1 (5.0) has no test of the server, and no waiver",
  );
  expect(judge([both], evidence, [waiver]).faults).toEqual([
    "1 of 1 statements are waived, more than 3 %",
  ]);
});

test("more than 3 % of waivers are a fault", () => {
  const waivers = OTHERS.slice(0, 4).map(({ id }) => ({ ...WAIVER, id }));
  expect(judge([STATEMENT, ...OTHERS], [], waivers).faults.join()).toContain("more than 3 %");
});

test("a tag and a waiver that name no statement are faults", () => {
  expect(faults({ "server [MQTT-1.1.1-1] (5.0)": "passed" })).toContain("is no statement of 5.0");
  expect(faults({}, [{ ...WAIVER, id: "U-0-0" }])).toContain("a waiver for U-0-0");
});

test("tests of the packages count for the side that their package is", () => {
  const title = { "[MQTT-9.9.9-1] in 3.1.1 and 5.0": "passed" };
  const sides = ["protocol", "client", "server"].map((name) => {
    const [found] = readEvidence(results(title, `/packages/${name}/test/a.test.ts`));
    return `${found?.side} ${found?.version}`;
  });
  expect(sides).toEqual(["protocol 3.1.1", "client 3.1.1", "server 3.1.1"]);
});

test("the page shows each statement with its tests or its waiver", () => {
  const evidence = readEvidence(results({ "server [MQTT-9.9.9-1] (5.0)": "passed" }));
  const page = renderTable(judge([STATEMENT], evidence, []).rows);
  expect(page).toContain("| MQTT-9.9.9-1 | The Server MUST | server | server 1 | tested |");
  const waived = renderTable(judge([STATEMENT], [], [WAIVER]).rows);
  expect(waived).toContain("waived: nobody can see it");
  const open = renderTable(judge([STATEMENT], [], []).rows);
  expect(open).toContain("**open**: has no test of the server, and no waiver");
});
