import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { idleCost } from "../admin.ts";

const isBuilt = existsSync(
  fileURLToPath(new URL("../../packages/anax/dist/main.js", import.meta.url)),
);

describe("the cost of the admin API", () => {
  it.skipIf(!isBuilt || !existsSync("/proc/self/stat"))("is measured at rest", async () => {
    const cost = await idleCost(true, 0.1, 0);
    expect(cost.residentMb).toBeGreaterThan(10);
    expect(cost.processorPercent).toBeGreaterThanOrEqual(0);
  });
});
