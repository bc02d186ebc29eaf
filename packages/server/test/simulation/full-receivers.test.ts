import { describe, expect, it } from "vitest";
import { FULL_FAULTS, FullReceivers } from "./full-receivers.ts";

const SEEDS = 100;
const SEEDS_FOR_FAULTS = 40;

describe("clients that are full all the time", () => {
  it(`get all that is acknowledged, or it is said to be dropped, in ${SEEDS} random runs`, () => {
    for (let seed = 1; seed <= SEEDS; seed += 1)
      expect(() => new FullReceivers(seed).run(), `seed ${seed}`).not.toThrow();
  });

  it.each([
    // The time of messages was over when they came to one that had just become full: it paid for what others had kept them.
    237,
    295, 5_621,
  ])(
    "get it in the run of seed %i, in which one that acknowledges at once lost messages",
    (seed) => {
      expect(() => new FullReceivers(seed).run()).not.toThrow();
    },
  );

  it.each(FULL_FAULTS)("a server that %s is found out", (fault) => {
    let found = 0;
    for (let seed = 1; seed <= SEEDS_FOR_FAULTS; seed += 1) {
      try {
        new FullReceivers(seed, fault).run();
      } catch (error) {
        expect(error).toMatchObject({ name: "Violation" });
        found += 1;
      }
    }
    expect(found).toBeGreaterThan(SEEDS_FOR_FAULTS / 10);
  });
});
