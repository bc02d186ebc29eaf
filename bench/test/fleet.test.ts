import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fleetLine, measureFleet } from "../fleet.ts";

const isBuilt = existsSync(
  fileURLToPath(new URL("../../packages/server/dist/index.js", import.meta.url)),
);

describe("the memory of a fleet", () => {
  // Of so few devices the figures say nothing; that they come says that all have connected and were sent their commands.
  it.skipIf(!isBuilt || !existsSync("/proc/self/status"))(
    "is measured",
    async () => {
      const { connected, afterTraffic, away } = await measureFleet("anax", {
        devices: 20,
        perSecond: 1_000,
        settlingMs: 100,
      });
      expect([connected, afterTraffic, away].every(Number.isFinite)).toBe(true);
    },
    60_000,
  );

  it("is said in one line", () => {
    const result = { connected: 4_000, afterTraffic: 5_001, away: 1_500 };
    expect(fleetLine("anax", 20, result)).toBe(
      "anax, 20 devices, kB each: connected 4.00, after traffic 5.00, away with 10 waiting 1.50",
    );
  });
});
