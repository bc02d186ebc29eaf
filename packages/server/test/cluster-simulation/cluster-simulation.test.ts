import { describe, expect, it } from "vitest";
import { CLUSTER_FAULTS, ClusterHistory } from "./cluster-history.ts";

const SEEDS = Number(process.env["CLUSTER_SEEDS"] ?? 60);
const FIRST_SEED = Number(process.env["CLUSTER_SEED"] ?? 1);
const SEEDS_FOR_FAULTS = 100;

describe("several servers of a cluster", () => {
  it(`lose nothing acknowledged, repeat no QoS 2, keep the order and nothing for nobody (${SEEDS} histories)`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const history = new ClusterHistory(seed);
      history.run();
      expect(history.faults, `CLUSTER_SEED=${seed}`).toEqual([]);
    }
  }, 3_600_000);

  it.each(CLUSTER_FAULTS)("are found out if one %s", (fault) => {
    let found = 0;
    for (let seed = 1; seed <= SEEDS_FOR_FAULTS && found === 0; seed += 1) {
      const history = new ClusterHistory(seed, fault);
      history.run();
      if (history.faults.length > 0) found = seed;
    }
    expect(found).toBeGreaterThan(0);
  });
});
