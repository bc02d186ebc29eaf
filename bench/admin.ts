/**
 * What the admin API and the metrics cost a server that has nothing to do: memory and processor time of `anax serve` with them, read by
 * a scraper every 15 seconds, beside those without. The bar: at most 15 MB and 0.2 % of a core.
 *
 *     npm run bench:admin -- --rounds 3 --seconds 30
 */
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { median } from "./support/median.ts";
import { processorSeconds } from "./support/processor-seconds.ts";
import { runProgram, wholeNumber } from "./support/program-arguments.ts";
import { startServing } from "./support/serving-process.ts";

/** What a program takes that has just begun is no rest. */
const SETTLING_MS = 3_000;
const SCRAPE_MS = 15_000;
const MEMORY_MAX_MB = 15;
const PROCESSOR_MAX_PERCENT = 0.2;

/** What a server takes while nothing happens. */
export interface IdleCost {
  readonly residentMb: number;
  /** Of one core. */
  readonly processorPercent: number;
}

/** Starts a server, lets it come to rest, and measures it for so long. */
export async function idleCost(
  withAdmin: boolean,
  seconds: number,
  settlingMs = SETTLING_MS,
): Promise<IdleCost> {
  await using server = await startServing(withAdmin ? [] : undefined);
  const { pid, adminUrl } = server;
  const scrape = async (): Promise<void> => {
    if (adminUrl !== undefined) await (await fetch(`${adminUrl}/metrics`)).text();
  };
  await scrape();
  await pause(settlingMs);
  const before = processorSeconds(pid);
  const end = Date.now() + seconds * 1_000;
  for (let left = end - Date.now(); left > 0; left = end - Date.now()) {
    await pause(Math.min(left, SCRAPE_MS));
    if (left >= SCRAPE_MS) await scrape();
  }
  const processorPercent = ((processorSeconds(pid) - before) / seconds) * 100;
  return { residentMb: server.residentMb(), processorPercent };
}

/** Each figure as the median of all rounds. */
function middle(costs: readonly IdleCost[]): IdleCost {
  return {
    residentMb: median(costs.map((cost) => cost.residentMb)),
    processorPercent: median(costs.map((cost) => cost.processorPercent)),
  };
}

/** One after the other, so that what the machine does else is in both. */
async function measure(rounds: number, seconds: number): Promise<boolean> {
  const without: IdleCost[] = [];
  const withAdmin: IdleCost[] = [];
  for (let round = 0; round < rounds; round += 1) {
    without.push(await idleCost(false, seconds));
    withAdmin.push(await idleCost(true, seconds));
  }
  const [bare, full] = [middle(without), middle(withAdmin)];
  const memory = full.residentMb - bare.residentMb;
  const processor = full.processorPercent - bare.processorPercent;
  const line = (name: string, { residentMb: mb, processorPercent: percent }: IdleCost): string =>
    `${name}  ${mb.toFixed(1)} MB  ${percent.toFixed(2)} % of a core`;
  const difference = { residentMb: memory, processorPercent: processor };
  const lines = [
    line("without admin API", bare),
    line("with admin API   ", full),
    line("difference       ", difference),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return memory <= MEMORY_MAX_MB && processor <= PROCESSOR_MAX_PERCENT;
}

/** Its command line. */
export const ADMIN_PROGRAM = {
  command: "npm run bench:admin --",
  about: "What the admin API and the metrics cost a server that has nothing to do.",
  options: {
    rounds: wholeNumber("rounds, of which medians are told", { from: 1, to: 100, byDefault: 3 }),
    seconds: wholeNumber("seconds of each measurement", { from: 1, to: 3_600, byDefault: 30 }),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(ADMIN_PROGRAM, async ({ rounds, seconds }) => {
    if (!(await measure(rounds, seconds))) process.exitCode = 1;
  });
}
