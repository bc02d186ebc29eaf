import { describe, expect, it } from "vitest";
import { FAULT_KINDS } from "./fault.ts";
import { Simulation } from "./simulation.ts";

const SEEDS = Number(process.env["SIMULATION_SEEDS"] ?? 3_000);
const FIRST_SEED = Number(process.env["SIMULATION_SEED"] ?? 1);
const SEEDS_FOR_FAULTS = 100;

describe("a server and its clients", () => {
  it(`keep to the specification in ${SEEDS} random runs`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      expect(() => new Simulation(seed).run(), `SIMULATION_SEED=${seed}`).not.toThrow();
    }
  }, 3_600_000);

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
