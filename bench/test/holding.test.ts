import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { holdInMemory } from "../holding/in-memory.ts";
import { holdingLine, holdOverTcp, isHeld } from "../holding.ts";

const workload = { connections: 60, active: 10, seconds: 1 };
const hasCompiler = ["/usr/bin/gcc", "/usr/bin/cc"].some((path) => existsSync(path));
const isBuilt = existsSync(
  fileURLToPath(new URL("../../packages/server/dist/index.js", import.meta.url)),
);

describe("holding connections", () => {
  it.skipIf(!hasCompiler || !isBuilt)("over TCP drops none and loses nothing", async () => {
    const result = await holdOverTcp(workload);
    expect(result).toMatchObject({ held: 60, made: 60, lost: 0 });
    expect(result.sent).toBeGreaterThan(0);
  });

  it("in memory drops none and loses nothing", async () => {
    const result = await holdInMemory(workload);
    expect(result).toMatchObject({ held: 60, made: 60, sent: 10, lost: 0 });
    expect(isHeld(workload, result)).toBe(true);
  });

  it("refuses more connections than the system allows open files", async () => {
    await expect(holdOverTcp({ ...workload, connections: 10 ** 10 })).rejects.toThrow("ulimit -Hn");
  });

  it("counts what was dropped", () => {
    const result = { held: 59, made: 61, sent: 10, lost: 0, p99Ms: 1, bytesPerConnection: 7_168 };
    expect(isHeld(workload, result)).toBe(false);
    expect(holdingLine(workload, result)).toBe(
      "60 connections, 10 of them sending one message a second: 59 held, " +
        "2 dropped, 0 of 10 messages lost, p99 1.0 ms, 7.0 KB a connection",
    );
  });
});
