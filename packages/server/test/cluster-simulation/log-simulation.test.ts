import { describe, expect, it } from "vitest";
import { seeded } from "../support/seeded.ts";
import { LOG_FAULTS, LogHistory } from "./log-history.ts";

const SEEDS = Number(process.env["LOG_HISTORIES"] ?? 150);
const SEEDS_FOR_FAULTS = 100;

describe("the log of a shard that several nodes claim", () => {
  it(`has all that was confirmed, once and in order, for whoever reads it (${SEEDS} histories)`, () => {
    const sum = { confirmed: 0, epochs: 0, voids: 0 };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const history = new LogHistory(seeded(seed));
      history.run();
      expect(history.faults, `seed ${seed}`).toEqual([]);
      sum.confirmed += history.confirmed.length;
      sum.epochs += history.epochs;
      sum.voids += history.voids;
    }
    expect(sum.confirmed).toBeGreaterThan(SEEDS * 8);
    expect(sum.epochs).toBeGreaterThan(SEEDS * 2);
    expect(sum.voids).toBeGreaterThan(0);
  });

  it.each(LOG_FAULTS)("is found out if one %s", (fault) => {
    let found = 0;
    for (let seed = 1; seed <= SEEDS_FOR_FAULTS && found === 0; seed += 1) {
      const history = new LogHistory(seeded(seed), fault);
      history.run();
      if (history.faults.length > 0) found = seed;
    }
    expect(found).toBeGreaterThan(0);
  });
});
