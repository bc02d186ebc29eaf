import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ACCESS_PROGRAM } from "../access.ts";
import { CLIENT_PROGRAM } from "../client.ts";
import { DURABLE_PROGRAM } from "../durable.ts";
import { EVENTS_PROGRAM } from "../events.ts";
import { FLEET_PROGRAM } from "../fleet.ts";
import { HOLDING_PROGRAM } from "../holding.ts";
import { MICRO_PROGRAM } from "../micro/run.ts";
import { PROFILE_PROGRAM } from "../profile.ts";
import {
  anyNumber,
  helpText,
  readArguments,
  toggle,
  wholeNumber,
} from "../support/program-arguments.ts";
import type { Program } from "../support/program-arguments.ts";
import { BENCH_PROGRAM } from "../run.ts";
import { STORE_PROGRAM } from "../store.ts";

const PROGRAM = {
  command: "measure",
  about: "Measures.",
  options: {
    runs: wholeNumber("runs", { from: 1, to: 9, byDefault: 3 }),
    seconds: anyNumber("time", { from: 0.5, to: 60, byDefault: 5 }),
    save: toggle("keeps it"),
  },
  words: { what: "scenario", names: ["one", "two"] },
} as const;

describe("a command line", () => {
  it("is read by its table, defaults where nothing is given", () => {
    expect(readArguments(PROGRAM, ["two", "--seconds", "0.5", "--save"])).toEqual({
      values: { runs: 3, seconds: 0.5, save: true },
      words: ["two"],
    });
  });

  it.each([
    [["--runs", "x"], '--runs "x" is not a whole number from 1 to 9'],
    [["--runs", "0"], '--runs "0" is not a whole number from 1 to 9'],
    [["--runs", "1.5"], '--runs "1.5" is not a whole number from 1 to 9'],
    [["--seconds", "-1"], '--seconds "-1" is not a number from 0.5 to 60'],
    [["--seconds="], '--seconds "" is not a number from 0.5 to 60'],
    [["--runs"], "--runs needs a whole number from 1 to 9"],
    [["--save=no"], '--save takes no value, and has "no"'],
    [["--rusn", "3"], "unknown option --rusn; see --help"],
    [["three"], 'there is no scenario "three"; there are one, two'],
  ])("is refused in one line that names value and limit: %j", (args, message) => {
    expect(() => readArguments(PROGRAM, args)).toThrow(message);
  });

  it("explains itself from the same table", () => {
    expect(readArguments(PROGRAM, ["--help"])).toBe("help");
    const help = helpText(PROGRAM);
    expect(help).toContain("measure [scenarios] [options]");
    expect(help).toContain("runs: a whole number from 1 to 9 (default 3)");
    expect(help).toContain("scenarios: one, two");
  });
});

type Refused = readonly [Program<never>, readonly string[], string];

function refused<Values, Word extends string>(
  program: Program<Values, Word>,
  args: readonly string[],
  message: string,
): Refused {
  return [program as unknown as Program<never>, args, message];
}

describe("the measuring programs", () => {
  it.each([
    refused(BENCH_PROGRAM, ["--runs", "x"], '--runs "x"'),
    refused(BENCH_PROGRAM, ["--tries", "0"], '--tries "0"'),
    refused(BENCH_PROGRAM, ["--peers", "anax,foo"], '--peers "anax,foo"'),
    refused(BENCH_PROGRAM, ["--server-cpu", "9999"], `which has ${cpus().length}`),
    refused(DURABLE_PROGRAM, ["--runs", "x"], '--runs "x"'),
    refused(DURABLE_PROGRAM, ["--only", "some"], '--only "some" is not one of'),
    refused(CLIENT_PROGRAM, ["--protocol", "6"], '--protocol "6" is not one of 4, 5'),
    refused(PROFILE_PROGRAM, ["nonsense"], 'there is no scenario "nonsense"'),
    refused(PROFILE_PROGRAM, [], "it needs a scenario at least"),
    refused(ACCESS_PROGRAM, ["--runs", "0"], '--runs "0"'),
    refused(EVENTS_PROGRAM, ["--messages", "1"], '--messages "1"'),
    refused(MICRO_PROGRAM, ["nonsense"], 'there is no group "nonsense"'),
    refused(FLEET_PROGRAM, ["--devices", "0"], '--devices "0"'),
    refused(HOLDING_PROGRAM, ["--transport", "udp"], '--transport "udp"'),
    refused(STORE_PROGRAM, ["--commits", "0"], '--commits "0"'),
    refused(STORE_PROGRAM, ["/tmp"], '"/tmp" belongs to no option'),
  ])("refuse what they cannot do: %#", (program, args, message) => {
    expect(() => readArguments(program, args)).toThrow(message);
  });

  it("end with 2 and one line", () => {
    const run = fileURLToPath(new URL("../run.ts", import.meta.url));
    const command = ["--import", "tsx", run, "--seconds", "-1"];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: "",
      stderr: '--seconds "-1" is not a whole number from 1 to 3600\n',
    });
  });
});
