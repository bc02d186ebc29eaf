import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PEERS } from "../peers.ts";
import { faults, medianOf, table } from "../report.ts";
import { measure } from "../run.ts";
import { SCENARIOS } from "../scenarios.ts";

const anax = PEERS.filter(({ name }) => name === "anax");
const hasCompiler = ["/usr/bin/gcc", "/usr/bin/cc"].some((path) => existsSync(path));

describe("the benchmark", () => {
  it.skipIf(!hasCompiler || anax[0]?.missing !== undefined)(
    "loads a real server for a second and loses nothing",
    { timeout: 30_000 },
    async () => {
      const scenarios = SCENARIOS.filter(
        ({ name }) => name === "q0-1x1" || name === "intercepted-q0-1x1",
      );
      const settings = { scenarios, peers: anax, runs: 1, seconds: 1, serverCpu: "", loadCpu: "" };
      const all = await measure(settings, () => undefined);
      for (const measured of all) {
        expect(faults(measured, "anax")).toBe("");
        expect(medianOf(measured, "anax")).toBeGreaterThan(0);
      }
    },
  );

  it("tells a goal that is reached from a bar that is held or missed", () => {
    const scenario = {
      name: "s",
      description: "",
      load: [],
      measure: "throughput",
      must: 2,
      reach: 4,
    } as const;
    const verdictOf = (anaxFigure: number): string => {
      const results = new Map([
        ["anax", [{ delivered: anaxFigure }]],
        ["mosquitto", [{ delivered: 100 }]],
      ]);
      return table([{ scenario, results }], ["anax", "mosquitto"]);
    };
    expect(verdictOf(500)).toContain("reached");
    expect(verdictOf(300)).toContain("held");
    expect(verdictOf(100)).toContain("missed");
  });

  it("names a fault beside the figure", () => {
    const scenario = {
      name: "s",
      description: "",
      load: [],
      measure: "throughput",
      must: 1,
    } as const;
    const results = new Map([["anax", [{ delivered: 5, lost: 3 }]]]);
    expect(table([{ scenario, results }], ["anax"])).toContain("lost");
  });

  it("refuses a scenario that does not exist, and names those that do", () => {
    const run = fileURLToPath(new URL("../run.ts", import.meta.url));
    const command = ["--import", "tsx", run, "no-such"];
    expect(() => execFileSync(process.execPath, command, { stdio: "pipe" })).toThrow(
      /there is no scenario "no-such"/,
    );
  });
});
