import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { durableTable, measureDurable } from "../durable.ts";
import type { DurableFigure } from "../durable/figure.ts";

const hasCompiler = existsSync("/usr/bin/gcc");
const isBuilt = existsSync(new URL("../../packages/store-lmdb/dist/index.js", import.meta.url));

it.skipIf(!hasCompiler || !isBuilt)(
  "measures what durability costs",
  { timeout: 120_000 },
  async () => {
    const figures: DurableFigure[] = [];
    const workload = {
      seconds: 0.2,
      warmUpSeconds: 0,
      runs: 1,
      tries: 1,
      serverCpu: "",
      loadCpu: "",
      rates: [2_000],
      checkpoints: 1,
      checkpointEveryMs: 100,
      messages: 200,
      sessions: 10,
      restartSessions: 20,
      restartRetained: 50,
      shrinkSeconds: 0,
    };
    await measureDurable(workload, (figure) => figures.push(figure));
    const measured = new Map(figures.map((figure) => [figure.name.split(":").at(-1), figure]));
    expect(figures).toHaveLength(13);
    // aedes may not have delivered anything so early on a busy machine.
    const ours = figures.filter(({ name }) => !name.includes("aedes"));
    expect(ours.filter(({ verdict }) => verdict === "no comparison")).toEqual([]);
    // Nothing lost, doubled or disordered, or it would stand behind the figures.
    expect(figures[0]?.measured).toMatch(/^\d+ % \([\d.]+ k?\/s of [\d.]+ k?\/s\)$/);
    // Small queues say nothing of a bar of a million messages, and a run of part of a second nothing of any bar.
    expect(new Set(ours.map(({ verdict }) => verdict))).toEqual(new Set(["reduced"]));
    expect(measured.get(" store afterwards")?.measured).toMatch(
      /^[\d.]+ % \([\d.]+ (bytes|KB|MB) of [\d.]+ (bytes|KB|MB)\)$/,
    );
    expect(measured.get(" drained in order")?.measured).toBe("200, 0 disordered");
    expect(figures.find(({ name }) => /^[1-9]\d* checkpoints/.test(name))).toBeDefined();
    expect(durableTable(figures).split("\n")).toHaveLength(15);
  },
);
