/** Do the tutorials' programs say the same on MQTTnet and on Anax, in every pairing, but for what the guide lists? */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isWhole } from "./how-much.ts";
import { isDotnetThere, sayIfLeftOut } from "./program.ts";
import { PAIRINGS, Tutorials } from "./tutorials/pairings.ts";
import { REASONS } from "./tutorials/reasons.ts";
import { keyOfDifference, nameOf, recorded, tutorialDifferences } from "./tutorials/recorded.ts";
import { TUTORIALS } from "./tutorials/tutorials.ts";
import type { Tutorial } from "./tutorials/tutorials.ts";

sayIfLeftOut();

/** Those that `npm test` runs. */
const SLICE: readonly Tutorial[] = ["user and password", "persistent session"];
const recording = recorded();

it("have a reason for each line that differs, and no reason without", () => {
  const differences = tutorialDifferences(recording).map((one) => keyOfDifference(one));
  expect(Object.keys(REASONS).toSorted()).toEqual(differences.toSorted());
});

describe.runIf(isDotnetThere)("the tutorials' programs", { timeout: 60_000 }, () => {
  let tutorials: Tutorials;

  beforeAll(async () => {
    tutorials = await Tutorials.start();
  }, 120_000);

  afterAll(() => tutorials[Symbol.asyncDispose]());

  const chosen = TUTORIALS.filter((name) => isWhole || SLICE.includes(name));
  const cases = chosen.flatMap((tutorial) =>
    PAIRINGS.map((pairing) => [tutorial, nameOf(pairing), pairing] as const),
  );
  it.each(cases)("say what the guide says: %s, %s", async (tutorial, name, pairing) => {
    const expected = recording[tutorial][name];
    const count = expected?.server.length ?? 0;
    expect(await tutorials.run(tutorial, pairing, (lines) => lines.length >= count)).toEqual(
      expected,
    );
  });
});
