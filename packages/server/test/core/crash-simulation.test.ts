import { describe, expect, it } from "vitest";
import { faultsOf, History } from "../simulation/history.ts";

const SEEDS = Number(process.env["CRASH_SEEDS"] ?? 150);
const HANDLER_SEEDS = Number(process.env["HANDLER_SEEDS"] ?? 80);
const FIRST_SEED = Number(process.env["CRASH_SEED"] ?? 1);

describe("crashes at any moment", () => {
  it(`lose nothing acknowledged, repeat no QoS 2, keep the order (${SEEDS} histories)`, () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const history = new History(seed);
      history.run();
      expect(faultsOf(history), `seed ${seed}`).toEqual([]);
    }
  });

  it(`do so where handlers take their time, refuse and fail, servers stop and stores fail (${HANDLER_SEEDS} histories)`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HANDLER_SEEDS; seed += 1) {
      const history = new History(seed, { hasHandlers: true });
      history.run();
      expect(faultsOf(history), `seed ${seed}`).toEqual([]);
    }
  }, 3_600_000);

  it("are noticed to lose something where acknowledgements do not wait for their commits", () => {
    const wrong = Array.from({ length: SEEDS }, (_, index) => {
      const history = new History(index + 1, { ungated: true });
      history.run();
      return faultsOf(history).length;
    });
    expect(Math.max(...wrong)).toBeGreaterThan(0);
  });
});
