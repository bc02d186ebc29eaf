import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { measureStorm, stormLine, STORMS } from "../storms.ts";
import { programPath } from "../support/program-path.ts";

const isBuilt = existsSync(
  fileURLToPath(new URL("../../packages/server/dist/index.js", import.meta.url)),
);
const canMeasure = isBuilt && programPath("gcc") !== undefined && existsSync("/proc/self/status");

describe("the bench of storms", () => {
  // Of so few clients the times say nothing; that all is answered says that the storm took place.
  it.skipIf(!canMeasure).each(["subscribe"])(
    "puts a server through %s",
    async (name) => {
      const { came, expected, worst_ms } = await measureStorm("anax", name, 20);
      expect(came).toBe(expected);
      expect(expected).toBe(STORMS[name]?.clients(20));
      expect(worst_ms).toBeGreaterThan(0);
    },
    60_000,
  );

  it("says a result in one line", () => {
    const result = {
      clients: 10,
      p50_ms: 1,
      p99_ms: 2.5,
      worst_ms: 3,
      connect_ms: 4,
      came: 9,
      expected: 10,
      seconds: 1,
      peakMB: 80,
    };
    expect(stormLine("anax", "wills", result)).toBe(
      "anax, wills, 10 clients: pair p50 1, p99 2.5, worst 3 ms; newcomers 4 ms; 9 of 10 came; 80 MB",
    );
  });
});
