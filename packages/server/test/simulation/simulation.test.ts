import { describe, expect, it } from "vitest";
import { FAULT_KINDS } from "./fault.ts";
import { Simulation } from "./simulation.ts";

const SEEDS = Number(process.env["SIMULATION_SEEDS"] ?? 800);
const FIRST_SEED = Number(process.env["SIMULATION_SEED"] ?? 1);
const SEEDS_FOR_FAULTS = 100;

describe("a server and its clients", () => {
  it(`keep to the specification in ${SEEDS} random runs`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      expect(() => new Simulation(seed).run(), `SIMULATION_SEED=${seed}`).not.toThrow();
    }
  }, 3_600_000);

  it.each([
    // A message of QoS 1 was published twice to a group, one member of which has left between.
    7_000_193,
    // Of two messages that remove a retained one, neither can be told from the other.
    7_017_336,
  ])("keep to it in the run of seed %i, which the model once took for wrong", (seed) => {
    expect(() => new Simulation(seed).run()).not.toThrow();
  });

  it.each(FAULT_KINDS)("a server that %s is found out", (kind) => {
    let found = 0;
    for (let seed = 1; seed <= SEEDS_FOR_FAULTS; seed += 1) {
      try {
        new Simulation(seed, kind).run();
      } catch (error) {
        expect(error).toMatchObject({ name: "Violation" });
        found += 1;
      }
    }
    expect(found).toBeGreaterThan(SEEDS_FOR_FAULTS / 10);
  });
});
