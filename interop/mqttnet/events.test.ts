/** Is what the guide says of the events of both servers what they do? */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareScenario } from "./events/compare-scenario.ts";
import { fieldDifferences, ourFields } from "./events/fields.ts";
import type { EventFields } from "./events/fields.ts";
import { REASONS } from "./events/reasons.ts";
import { SCENARIOS } from "./events/scenarios.ts";
import { found, keyOf } from "./events/section.ts";
import { isWhole } from "./how-much.ts";
import { DotnetPart, isDotnetThere, sayIfLeftOut } from "./program.ts";

sayIfLeftOut();

/** Those that `npm test` runs. */
const SLICE: readonly string[] = ["receivers", "in flight"];
const { differences, fields } = found();

it("has a reason for each difference, and no difference without", () => {
  expect(Object.keys(REASONS).toSorted()).toEqual(differences.map(keyOf).toSorted());
});

it("has a reason for each field that there is not, or that handlers write on one side only", () => {
  const unexplained = fields.filter(
    ({ anax, mqttnet, reason }) => anax === undefined && reason === undefined && mqttnet,
  );
  expect(unexplained).toEqual([]);
});

describe.runIf(isDotnetThere)("the events of both servers", { timeout: 120_000 }, () => {
  let part: DotnetPart;

  beforeAll(async () => {
    part = await DotnetPart.start("server");
  }, 120_000);

  afterAll(() => part[Symbol.asyncDispose]());

  it("have the fields that the guide says", async () => {
    const theirs = await part.call<EventFields>("fields");
    expect(Object.keys(theirs)).toHaveLength(22);
    expect(fieldDifferences(theirs, ourFields())).toEqual(fields);
  });

  const scenarios = SCENARIOS.filter(({ name }) => isWhole || SLICE.includes(name));
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    "differ as the guide says: %s",
    async (name, scenario) => {
      const expected = differences.filter((one) => one.scenario === name);
      const seen = await compareScenario(part, scenario);
      expect(seen.differences).toEqual(expected);
    },
  );
});
