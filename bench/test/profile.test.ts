import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { PEERS } from "../table/peers.ts";
import { partOf, profile, profileLines, summarise } from "../profile.ts";
import { SCENARIOS } from "../table/scenarios.ts";

it("adds up where samples were taken, without idle time and what came before", () => {
  const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 });
  const { parts, functions } = summarise(
    {
      nodes: [
        { id: 1, callFrame: frame("(idle)", "") },
        { id: 2, callFrame: frame("scan", "file:///x/packages/server/dist/core/runs/scanning.js") },
        { id: 3, callFrame: frame("writeBuffer", "") },
      ],
      samples: [2, 1, 2, 3],
      timeDeltas: [500, 100, 300, 100],
      startTime: 1_000,
    },
    1_550,
  );
  expect([...parts]).toEqual([
    ["server core/runs", 0.75],
    ["native calls", 0.25],
  ]);
  expect(functions.get("scan scanning.js:10")).toBe(0.75);
});

it.each([
  ["(garbage collector)", "", "garbage collector"],
  ["(program)", "", "outside JavaScript"],
  ["emit", "node:events", "Node's JavaScript"],
  ["next", "file:///x/packages/protocol/dist/framer.js", "protocol"],
  ["flush", "file:///x/packages/server/dist/driver/driver.js", "server driver"],
  ["connect", "file:///x/node_modules/ws/index.js", "other"],
])("knows what %s of %s is part of", (name, url, part) => {
  expect(partOf(name, url)).toBe(part);
});

it.skipIf(!existsSync("/usr/bin/gcc") || PEERS[0]?.missing !== undefined)(
  "profiles a server under load",
  { timeout: 60_000 },
  async () => {
    const scenario = SCENARIOS.find(({ name }) => name === "q0-1x1")!;
    const profiled = await profile(scenario, { seconds: 1, serverCpu: "", loadCpu: "" });
    expect(profiled.parts.get("server core/runs")).toBeGreaterThan(0);
    expect(profiled.used.system).toBeGreaterThan(0);
    expect(profiled.used.writes).toBeGreaterThan(0);
    expect(profileLines("q0-1x1", profiled, 3)).toHaveLength(profiled.parts.size + 6);
  },
);
