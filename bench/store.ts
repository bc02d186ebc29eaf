/**
 * The durable store by itself: batches are committed one after the other while old ones are deleted, as a busy server does
 * it: `npx tsx --conditions=source bench/store.ts --help`. The disk of the directory is what is measured.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyTransaction, holdings, patternedBytes } from "@anax/server/contracts";
import { lmdbStore } from "@anax/store-lmdb";
import type { LmdbDurability } from "@anax/store-lmdb";
import { PlainError } from "./support/plain-error.ts";
import { directoryPath, runProgram, wholeNumber } from "./support/program-arguments.ts";
import type { OptionValues } from "./support/program-arguments.ts";

/** What is measured. */
export interface StoreWorkload {
  readonly durability: LmdbDurability;
  readonly batchBytes: number;
  readonly commits: number;
  /** Batches that are kept; older ones are deleted in the transactions that add new ones. */
  readonly kept: number;
}

/** What came out; times in ms. */
export interface StoreMeasurement extends StoreWorkload {
  readonly p50: number;
  readonly p99: number;
  readonly maximum: number;
  readonly commitsPerSecond: number;
  readonly fileBytes: number;
}

/** Commits as the workload says to a new store in `path`. */
export async function measureStore(
  path: string,
  workload: StoreWorkload,
): Promise<StoreMeasurement> {
  const { durability, batchBytes, commits, kept } = workload;
  const store = lmdbStore({ path, durability });
  await holdings(store);
  const bytes = patternedBytes(batchBytes, 1);
  const times: number[] = [];
  const startedAt = performance.now();
  for (let position = 1; position <= commits; position += 1) {
    const deletedBatches = position > kept ? [position - kept] : [];
    const before = performance.now();
    await store.commit({ ...emptyTransaction(), batch: { position, bytes }, deletedBatches });
    times.push(performance.now() - before);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const { fileBytes } = store;
  await store.close();
  times.sort((left, right) => left - right);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? 0;
  const [p50, p99, maximum] = [at(0.5), at(0.99), at(1)];
  return { ...workload, p50, p99, maximum, commitsPerSecond: commits / seconds, fileBytes };
}

/** One line for people. */
export function storeLine(measurement: StoreMeasurement): string {
  const { durability, batchBytes, p50, p99, maximum, commitsPerSecond, fileBytes } = measurement;
  return [
    `${durability}, ${(batchBytes / 1_024).toFixed(1)} KB a commit:`,
    `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, longest ${maximum.toFixed(1)} ms,`,
    `${commitsPerSecond.toFixed(0)} commits/s, file ${(fileBytes / 1_048_576).toFixed(1)} MB`,
  ].join(" ");
}

/** Its command line. */
export const STORE_PROGRAM = {
  command: "npx tsx --conditions=source bench/store.ts",
  about:
    "The durable store by itself: how long commits of several sizes take on the disk of a directory.",
  options: {
    directory: directoryPath(
      "where the store is made, and deleted again; default: beside this program",
    ),
    commits: wholeNumber("commits of each size", { from: 1, to: 1_000_000, byDefault: 3_000 }),
  },
};

const BESIDE_THIS = fileURLToPath(new URL(".", import.meta.url));

async function main(values: OptionValues<(typeof STORE_PROGRAM)["options"]>): Promise<void> {
  const { directory = BESIDE_THIS, commits } = values;
  for (const durability of ["disk", "process"] as const) {
    for (const batchBytes of [200, 4_096, 65_536, 1_048_576]) {
      const folder = newFolder(directory);
      try {
        const workload = { durability, batchBytes, commits, kept: 20 };
        const measurement = await measureStore(join(folder, "data"), workload);
        process.stdout.write(`${storeLine(measurement)}\n`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  }
}

function newFolder(directory: string): string {
  try {
    return mkdtempSync(join(directory, "anax-bench-store-"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PlainError(`--directory "${directory}" cannot be written to: ${why}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runProgram(STORE_PROGRAM, main);
