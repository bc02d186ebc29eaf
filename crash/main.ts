/**
 * Holds the server to its promise: what it has acknowledged survives `kill -9`.
 *
 *     npm run crash -- --rounds 1000 --seed 7
 *     npm run crash -- --durability memory          (has to report losses)
 *     npm run crash -- --gate off                   (has to report losses)
 *     npm run crash -- --server mosquitto           (another server, for comparison)
 *     npm run crash -- --report report.json
 *
 * Ends with 1 if anything was violated.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { StoreDurability } from "@anax/server";
import { Campaign } from "./campaign.ts";
import { reportText } from "./report.ts";
import { anaxCommand, mosquittoCommand } from "./server-command.ts";
import type { ServerCommand } from "./server-process.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    server: { type: "string", default: "anax" },
    durability: { type: "string", default: "disk" },
    gate: { type: "string", default: "on" },
    // Small, so that paging happens all the time.
    "resident-bytes": { type: "string", default: "262144" },
    report: { type: "string" },
    quiet: { type: "boolean", default: false },
  },
});

function durabilityOf(text: string): StoreDurability | "none" {
  if (text === "disk" || text === "process" || text === "memory" || text === "none") return text;
  throw new RangeError(`durability is ${text}, not disk, process, memory or none`);
}

async function commandIn(folder: string): Promise<ServerCommand> {
  if (values.server === "mosquitto") return mosquittoCommand(folder);
  return anaxCommand(folder, {
    directory: join(folder, "data"),
    durability: durabilityOf(values.durability),
    gate: values.gate === "off" ? "off" : "on",
    // Small, so that checkpoints happen all the time.
    checkpointBytes: 262_144,
    checkpointIntervalMs: 50,
    residentBytesMax: Number(values["resident-bytes"]),
  });
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "anax-crash-"));
  try {
    const command = await commandIn(folder);
    const rounds = Number(values.rounds);
    const seed = Number(values.seed);
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    const report = await new Campaign({
      seed,
      rounds,
      command,
      ...(values.quiet ? {} : { say }),
    }).run();
    say(reportText(report));
    if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(report, null, 2));
    if (report.violations.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
