import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readArguments } from "../../bench/support/program-arguments.ts";
import { CRASH_PROGRAM } from "../main.ts";

it.each([
  [["--rounds", "x"], '--rounds "x" is not a whole number from 1 to 1000000'],
  [["--rounds", "0"], '--rounds "0" is not a whole number from 1 to 1000000'],
  [["--gate", "maybe"], '--gate "maybe" is not one of on, off'],
  [["--server", "foo"], '--server "foo" is not one of anax, mosquitto'],
  [["--durability", "paper"], '--durability "paper" is not one of disk, process, memory, none'],
])("says nothing of a server where nothing was tried: %j", (args, message) => {
  expect(() => readArguments(CRASH_PROGRAM, args)).toThrow(message);
});

it("ends with 2 and one line", () => {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const command = ["--conditions=source", "--import", "tsx", main, "--rounds", "0"];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: "",
    stderr: '--rounds "0" is not a whole number from 1 to 1000000\n',
  });
});
