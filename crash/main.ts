/**
 * Holds the server to its promise: what it has acknowledged survives `kill -9`.
 *
 *     npm run crash -- --rounds 1000 --seed 7
 *     npm run crash -- --durability memory          (has to report losses)
 *     npm run crash -- --gate off                   (has to report losses)
 *     npm run crash -- --handlers slow              (with handlers that take their time)
 *     npm run crash -- --server mosquitto           (another server, for comparison)
 *     npm run crash -- --report report.json
 *
 * Ends with 1 if anything was violated.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  choice,
  filePath,
  runProgram,
  toggle,
  wholeNumber,
} from "../bench/support/program-arguments.ts";
import type { OptionValues } from "../bench/support/program-arguments.ts";
import { Campaign } from "./campaign.ts";
import { reportText } from "./report.ts";
import { anaxCommand, mosquittoCommand } from "./server-command.ts";
import type { ServerCommand } from "./server-process.ts";

/** Its command line. */
export const CRASH_PROGRAM = {
  command: "npm run crash --",
  about:
    "Kills a server again and again, and holds it to what it has acknowledged. Ends with 1 if anything was violated.",
  options: {
    rounds: wholeNumber("how often the server is ended", {
      from: 1,
      to: 1_000_000,
      byDefault: 100,
    }),
    seed: wholeNumber("decisions follow from it", {
      from: 0,
      to: 4_294_967_295,
      byDefault: Date.now() % 1_000_000,
    }),
    server: choice("whose server", ["anax", "mosquitto"], "anax"),
    durability: choice("level of the store", ["disk", "process", "memory", "none"], "disk"),
    gate: choice("off: acknowledgements do not wait for the store", ["on", "off"], "on"),
    handlers: choice(
      "slow: with handlers that answer with promises; publish: with that of interceptingPublish alone",
      ["slow", "publish", "none"],
      "none",
    ),
    // Small, so that paging happens all the time.
    "resident-bytes": wholeNumber("bytes of waiting messages that stay in memory", {
      from: 0,
      to: 1_000_000_000,
      byDefault: 262_144,
    }),
    // On a busy machine a server that is only slow would seem to have lost something.
    "patience-ms": wholeNumber("milliseconds in which all that is owed has to come", {
      from: 100,
      to: 600_000,
      byDefault: 10_000,
    }),
    report: filePath("writes the report as JSON to this file"),
    quiet: toggle("tells the end alone, not each round"),
  },
};

type Values = OptionValues<(typeof CRASH_PROGRAM)["options"]>;

async function commandIn(folder: string, values: Values): Promise<ServerCommand> {
  if (values.server === "mosquitto") return mosquittoCommand(folder);
  return anaxCommand(folder, {
    directory: join(folder, "data"),
    durability: values.durability,
    gate: values.gate,
    // Small, so that checkpoints happen all the time.
    checkpointBytes: 262_144,
    checkpointIntervalMs: 50,
    residentBytesMax: values["resident-bytes"],
    handlers: values.handlers,
  });
}

async function main(values: Values): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "anax-crash-"));
  try {
    const command = await commandIn(folder, values);
    const { rounds, seed } = values;
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    const report = await new Campaign({
      seed,
      rounds,
      command,
      patienceMs: values["patience-ms"],
      ...(values.quiet ? {} : { say }),
    }).run();
    say(reportText(report));
    if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(report, null, 2));
    if (report.violations.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runProgram(CRASH_PROGRAM, main);
