import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Campaign } from "../campaign.ts";
import type { CampaignReport } from "../campaign.ts";
import { reportText } from "../report.ts";
import { anaxCommand } from "../server-command.ts";
import type { ProgramOptions } from "../server-program.ts";

/** A seed that is new each time would find more, and be no use to the next reader; `npm run crash` is for that. */
const SEED = 11;
const TIMEOUT_MS = 240_000;
/** Where losses are expected, a few end it: the first may be of another type. */
const UNTIL_SEEN = { patienceMs: 500, violationsMax: 3 };

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "anax-crash-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(
  name: string,
  rounds: number,
  {
    patienceMs,
    violationsMax,
    ...options
  }: Pick<ProgramOptions, "durability" | "gate"> & { patienceMs: number; violationsMax: number },
): Promise<CampaignReport> {
  const directory = join(folder, name);
  const command = await anaxCommand(directory, {
    directory: join(directory, "data"),
    checkpointBytes: 131_072,
    checkpointIntervalMs: 50,
    residentBytesMax: 262_144,
    ...options,
  });
  return new Campaign({ seed: SEED, rounds, command, violationsMax, patienceMs }).run();
}

describe("kill -9, again and again", () => {
  it(
    "violates nothing that was acknowledged",
    async () => {
      const report = await run("disk", 5, {
        durability: "disk",
        gate: "on",
        patienceMs: 10_000,
        violationsMax: 20,
      });
      expect(report.violations, reportText(report)).toEqual([]);
      expect(report.rounds).toBe(5);
      expect(report.messages.acknowledged).toBeGreaterThan(100);
    },
    TIMEOUT_MS,
  );

  it(
    "is seen to lose messages where the store is memory",
    async () => {
      const report = await run("memory", 3, { durability: "memory", gate: "on", ...UNTIL_SEEN });
      expect(report.violations.map(({ type }) => type)).toContain("lost");
    },
    TIMEOUT_MS,
  );

  it(
    "is seen to lose messages where acknowledgements do not wait for the store",
    async () => {
      const report = await run("hasty", 20, { durability: "disk", gate: "off", ...UNTIL_SEEN });
      expect(report.violations.map(({ type }) => type)).toContain("lost");
    },
    TIMEOUT_MS,
  );
});
