import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LoadResult } from "../support/load-generator.ts";
import { measure, SHARE_PARTS } from "../table/measuring.ts";
import type { Measured } from "../table/measuring.ts";
import { PEERS } from "../table/peers.ts";
import { newestResults, PAGES, section, splice } from "../readme.ts";
import { faults, medianOf, rowsOf, table } from "../table/report.ts";
import { writeResults } from "../support/results.ts";
import { partialReason, reportOf } from "../run.ts";
import type { Bar, Scenario } from "../table/scenario.ts";
import { SCENARIOS } from "../table/scenarios.ts";

const anax = PEERS.filter(({ name }) => name === "anax");
const hasCompiler = ["/usr/bin/gcc", "/usr/bin/cc"].some((path) => existsSync(path));

/** A tiny load in place of a scenario's own: the same modes and switches. */
const TINY: Readonly<Record<string, readonly string[]>> = {
  "v5-q0-10p-properties": ["-m", "pair", "-5", "-U", "-n", "2", "-w", "10"],
  retained1m: ["-m", "pair", "-w", "100", "-R", "500"],
  frozen100: ["-m", "fanout", "-s", "5", "-F", "1", "-w", "10", "-b", "1024"],
  "intercepted-q0-1x1": ["-m", "pair", "-w", "100"],
  "fleet2000-q1": ["-m", "pair", "-q", "1", "-n", "20", "-w", "10", "-r", "2000", "-M", "5"],
  "idle5k-memory": ["-m", "conn", "-c", "50", "-H", "1"],
};

function tiny(names: readonly string[]): Scenario[] {
  return SCENARIOS.filter(({ name }) => names.includes(name)).map((scenario) => ({
    ...scenario,
    load: TINY[scenario.name] ?? scenario.load,
  }));
}

const settings = {
  peers: anax,
  runs: 1,
  seconds: 0.2,
  warmUpSeconds: 0,
  minutes: 0.07,
  tries: 1,
  serverCpu: "",
  loadCpu: "",
} as const;

describe.skipIf(!hasCompiler || anax[0]?.missing !== undefined)("the benchmark", () => {
  it("loads real servers and loses nothing", { timeout: 90_000 }, async () => {
    const all = await measure({ ...settings, scenarios: tiny(Object.keys(TINY)) }, () => undefined);
    expect(all).toHaveLength(Object.keys(TINY).length);
    for (const measured of all) {
      expect(faults(measured, "anax")).toBe("");
      // Shares are of more runs than the other lines, in turn.
      const runs = measured.scenario.reference === undefined ? 1 : SHARE_PARTS;
      expect(measured.results.get("anax")).toHaveLength(runs);
      expect(measured.results.get("reference") ?? []).toHaveLength(runs === 1 ? 0 : runs);
      for (const { key } of measured.scenario.lines) {
        expect(medianOf(measured, "anax", key), `${measured.scenario.name} ${key}`).not.toBeNaN();
      }
    }
  });

  it("sees whether p99 and memory stay what they are", { timeout: 60_000 }, async () => {
    const [measured] = await measure(
      { ...settings, scenarios: tiny(["steady10m"]) },
      () => undefined,
    );
    expect(measured && medianOf(measured, "anax", "p99drift")).toBeGreaterThan(0);
    expect(measured && medianOf(measured, "anax", "rssdriftkb")).not.toBeNaN();
  });
});

function scenarioWith(bar: Bar, isLessBetter = false): Scenario {
  const line = { name: "s", key: "delivered", unit: "perSecond", isLessBetter, bar } as const;
  return { name: "s", description: "", load: [], lines: [line] };
}

function measuredOf(scenario: Scenario, figures: Readonly<Record<string, LoadResult>>): Measured {
  return {
    scenario,
    results: new Map(Object.entries(figures).map(([name, result]) => [name, [result]])),
  };
}

function verdictOf(scenario: Scenario, figures: Readonly<Record<string, LoadResult>>): string {
  return rowsOf([measuredOf(scenario, figures)], ["anax", "mosquitto"])[0]?.verdict ?? "";
}

describe("the table", () => {
  it.each([
    [500, "reached"],
    [300, "held"],
    [100, "missed"],
  ])("tells a goal that is reached from a bar that is held or missed: %d", (delivered, verdict) => {
    const scenario = scenarioWith({ against: "mosquitto", must: 2, reach: 4 });
    const figures = { anax: { delivered }, mosquitto: { delivered: 100 } };
    expect(verdictOf(scenario, figures)).toBe(verdict);
  });

  it("takes less for better where the figure is a latency or memory", () => {
    const scenario = scenarioWith({ against: "itself", must: 10, reach: 5 }, true);
    expect(verdictOf(scenario, { anax: { delivered: 4 } })).toBe("reached");
    expect(verdictOf(scenario, { anax: { delivered: 8 } })).toBe("held");
    expect(verdictOf(scenario, { anax: { delivered: 11 } })).toBe("missed");
  });

  it("holds a share against the reference load", () => {
    const scenario = scenarioWith({ against: "reference", must: 0.9 });
    const figures = { anax: { delivered: 95 }, reference: { delivered: 100 } };
    expect(verdictOf(scenario, figures)).toBe("held");
    expect(table([measuredOf(scenario, figures)], ["anax"])).toContain("95 /s, 95 %");
  });

  it("counts no figure of a server that lost something, and says so", () => {
    const scenario = scenarioWith({ against: "itself", must: 1 });
    const figures = { anax: { delivered: 5, lost: 3 } };
    expect(verdictOf(scenario, figures)).toBe("missed");
    expect(table([measuredOf(scenario, figures)], ["anax"])).toContain("5 /s (lost)");
  });

  it("marks figures that other programs have disturbed", () => {
    const scenario = scenarioWith({ against: "itself", must: 1 });
    const noisy = table([measuredOf(scenario, { anax: { delivered: 5, noise: 40 } })], ["anax"]);
    expect(noisy).toContain("5 /s ~");
  });

  it("refuses a scenario that does not exist, and names those that do", () => {
    const run = fileURLToPath(new URL("../run.ts", import.meta.url));
    const command = ["--import", "tsx", run, "no-such"];
    expect(() => execFileSync(process.execPath, command, { stdio: "pipe" })).toThrow(
      /there is no scenario "no-such"/,
    );
  });
});

describe("results", () => {
  const scenario = scenarioWith({ against: "itself", must: 1 });
  const report = reportOf({ ...settings, scenarios: [scenario] }, [
    measuredOf(scenario, { anax: { delivered: 5 } }),
  ]);
  const { partial: _partial, ...facts } = report.facts;
  const complete = { ...report, facts: { ...facts, date: "2026-11-24", time: "16:05 UTC" } };

  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "anax-bench-test-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("are written, found again, and put into a page between its marks", () => {
    const path = writeResults(complete, directory);
    expect(path).toBe(`${directory}/2026-11-24T1605-${facts["commit"]}.md`);
    expect(readFileSync(path.replace(/md$/, "json"), "utf8").split("\n")).toHaveLength(4);
    const newest = newestResults(directory, { results: /\.json$/ });
    const { results: _results, ...written } = complete;
    expect(newest).toEqual(written);
    const page = splice("a\n<!-- bench -->\nold\n<!-- end -->\nb\n", "bench", section(complete));
    expect(page).toContain("| s | 5 /s | ");
    expect(page).toContain("Measured on 2026-11-24 16:05 UTC at ");
    expect(page).toMatch(/^a\n<!-- bench -->\n\n[\s\S]*\n\n<!-- end -->\nb\n$/);
    expect(page).not.toContain("old");
  });

  it("overwrite nothing", () => {
    const [first, second] = [writeResults(complete, directory), writeResults(complete, directory)];
    expect(second).toBe(first.replace(/\.md$/, "-2.md"));
    expect(readdirSync(directory)).toHaveLength(4);
  });

  it("are the newest by what is in them, without those that are partial or empty", () => {
    const at = (date: string, time: string, more = {}): typeof report => ({
      ...complete,
      table: `${date} ${time}`,
      facts: { ...complete.facts, date, time, ...more },
    });
    writeResults(at("2026-11-25", "09:00 UTC"), directory);
    writeResults(at("2026-11-25", "08:00 UTC"), directory);
    writeResults(at("2026-11-26", "08:00 UTC", { partial: "aedes is left out" }), directory);
    writeResults({ ...at("2026-11-27", "08:00 UTC"), results: [] }, directory);
    // As they were named and written before there was a time in them.
    const old = `${directory}/2026-11-24-abc1234`;
    writeFileSync(`${old}.json`, '{"date":"2026-11-24","results":[\n{}\n]}\n');
    writeFileSync(`${old}.md`, "- date: 2026-11-24\n\nold\n\nlegend\n");
    const [page] = PAGES;
    expect(newestResults(directory, page!)?.table).toBe("2026-11-25 09:00 UTC");
    for (const name of readdirSync(directory)) {
      if (!name.includes("abc1234")) rmSync(join(directory, name));
    }
    expect(newestResults(directory, page!)?.table).toBe("old");
  });

  it("are complete if nothing is left out", () => {
    const scenarios = SCENARIOS.filter(({ isOnRequest }) => isOnRequest !== true);
    const peers = PEERS.filter(({ missing }) => missing === undefined);
    const whole = { ...settings, scenarios, peers, runs: 3, seconds: 3 };
    expect(partialReason(whole)).toBeUndefined();
    expect(partialReason({ ...whole, runs: 2 })).toBe("2 runs are less than 3");
    expect(partialReason({ ...whole, seconds: 1 })).toBe("1 s are less than 3 s");
    expect(partialReason({ ...whole, scenarios: scenarios.slice(1) })).toContain("are left out");
    expect(partialReason({ ...whole, peers: peers.slice(1) })).toContain("is left out");
  });

  it("are not put into a page without marks", () => {
    expect(() => splice("a\n", "bench", "")).toThrow(/no "<!-- bench -->"/);
  });
});
