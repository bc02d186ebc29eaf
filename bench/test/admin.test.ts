import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { idleCost } from "../admin.ts";
import { measurePages } from "../page.ts";
import type { PageFigure } from "../page.ts";
import { programPath } from "../support/program-path.ts";

const isBuilt = existsSync(
  fileURLToPath(new URL("../../packages/anax/dist/main.js", import.meta.url)),
);

describe("the cost of the admin API", () => {
  it.skipIf(!isBuilt || !existsSync("/proc/self/stat"))("is measured at rest", async () => {
    const cost = await idleCost(true, 0.1, 0);
    expect(cost.residentMb).toBeGreaterThan(10);
    expect(cost.processorPercent).toBeGreaterThanOrEqual(0);
  });

  it.skipIf(!isBuilt || programPath("gcc") === undefined || programPath("chromium") === undefined)(
    "is measured with its page open while clients are there",
    async () => {
      const figures: PageFigure[] = [];
      const few = { clients: 20, perSecond: 100, seconds: 0.1 };
      await measurePages(few, (figure) => figures.push(figure), ["Bans"]);
      expect(figures.map(({ page }) => page)).toEqual(["without the page", "Bans"]);
      for (const { readyMs } of figures.slice(1)) expect(readyMs).toBeGreaterThan(0);
    },
    60_000,
  );
});
