import { describe, expect, it } from "vitest";
import { faultsOf, History } from "../simulation/history.ts";

const SEEDS = Number(process.env["CRASH_SEEDS"] ?? 100);
const HANDLER_SEEDS = Number(process.env["HANDLER_SEEDS"] ?? 80);
const LOG_SEEDS = Number(process.env["LOG_SEEDS"] ?? 40);
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

  it(`leave a log that comes to the same state, however full checkpoints have shortened it (${LOG_SEEDS} histories)`, () => {
    let purged = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + LOG_SEEDS; seed += 1) {
      const history = new History(seed, { isLog: true, hasHandlers: seed % 2 === 0 });
      history.run();
      expect(faultsOf(history), `seed ${seed}`).toEqual([]);
      purged += history.purged;
    }
    expect(purged).toBeGreaterThan(LOG_SEEDS);
  }, 3_600_000);

  it("are noticed to lose something where a log throws away one transaction too many", () => {
    const wrong = Array.from({ length: LOG_SEEDS }, (_, index) => {
      try {
        const history = new History(index + 1, { isLog: true, purgesTooFarBy: 1 });
        history.run();
        return faultsOf(history).length;
      } catch {
        return 1;
      }
    });
    expect(wrong.filter((faults) => faults > 0).length).toBeGreaterThan(LOG_SEEDS / 10);
  });

  it("are noticed to lose something where acknowledgements do not wait for their commits", () => {
    const wrong = Array.from({ length: SEEDS }, (_, index) => {
      const history = new History(index + 1, { ungated: true });
      history.run();
      return faultsOf(history).length;
    });
    expect(Math.max(...wrong)).toBeGreaterThan(0);
  });
});
