/** A slice of the matrix, in which each value of a dimension meets each of every other. The whole is `npm run matrix`. */
import { describe, expect, it } from "vitest";
import { allCells, nameOf, pairsOf, sliceOfCells } from "./cell.ts";
import { MATRIX_FAULTS } from "./fault.ts";
import { runCell } from "./run-cell.ts";

const SLICE = sliceOfCells();

/** Events of which a fault shows, so that it is found soon. */
const TELLING = SLICE.filter(
  ({ event, qos }) => event === "interceptingPublish" || event === "clientConnected" || qos === 2,
);

it("the slice has all pairs of values", () => {
  expect(pairsOf(SLICE)).toEqual(pairsOf(allCells()));
});

describe("whatever handlers do, and whatever happens meanwhile", () => {
  it(`nothing acknowledged is lost, and all goes on (${SLICE.length} cells)`, async () => {
    const wrong: Record<string, readonly string[]> = {};
    for (const cell of SLICE) {
      const faults = await runCell(cell);
      if (faults.length > 0) wrong[nameOf(cell)] = faults;
    }
    expect(wrong).toEqual({});
  }, 120_000);

  it.each(MATRIX_FAULTS)(
    "a server that %s is found out",
    async (fault) => {
      for (const cell of TELLING) if ((await runCell(cell, fault)).length > 0) return;
      expect.fail("no cell has found it");
    },
    120_000,
  );
});
