/**
 * The server scenarios against Anax. They are started together, some at a time, since most of them
 * wait; each test then waits for its own outcome.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { expand, start, type Outcome, type ScenarioRun } from "./runner.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { anaxTarget } from "./targets/anax.ts";

const runs = expand(SCENARIOS);
const target = anaxTarget();
let outcomes: ReadonlyMap<ScenarioRun, Promise<Outcome>>;

beforeAll(() => {
  outcomes = start(runs, target, { strict: true });
});

afterAll(() => target.close());

test("every scenario has a title of its own", () => {
  expect(new Set(runs.map((run) => run.title)).size).toBe(runs.length);
});

describe.each(["5.0", "3.1.1"] as const)("server, MQTT %s", (version) => {
  for (const run of runs.filter((candidate) => candidate.version === version)) {
    test(run.title, { timeout: 60_000 }, async () => {
      const outcome = await outcomes.get(run);
      expect(outcome?.detail).toBe("");
      expect(outcome?.state).toBe("passed");
    });
  }
});
