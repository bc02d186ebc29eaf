import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { onCore } from "../support/on-core.ts";

const node = [process.execPath, "-e", "console.log(process.execArgv.join())"] as const;

it("tells Node that it has one core, and others nothing", () => {
  const [program, ...args] = onCore("0", node);
  expect(execFileSync(program, args, { encoding: "utf8" })).toMatch(/^--v8-pool-size=1,/);
  expect(onCore("1", ["mosquitto", "-c", "x"])).toEqual([
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
