import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { onCore } from "../support/on-core.ts";

const node = [process.execPath, "-e", "console.log(process.execArgv.join())"] as const;

const short = { hasShortTurns: true };

function optionsOf([program, ...args]: readonly [string, ...string[]]): string {
  return execFileSync(program, args, { encoding: "utf8" });
}

it("tells Node that it has one core where turns are to be short, and others nothing", () => {
  expect(optionsOf(onCore("0", node, short))).toMatch(/^--v8-pool-size=1,/);
  expect(optionsOf(onCore("0", node))).not.toContain("v8-pool-size");
  expect(onCore("1", ["mosquitto", "-c", "x"], short)).toEqual([
    "taskset",
    "-c",
    "1",
    "mosquitto",
    "-c",
    "x",
  ]);
});

it("leaves a command alone that has no core of its own", () => {
  expect(onCore("", node)).toEqual(node);
});
