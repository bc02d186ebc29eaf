/**
 * A program that takes a store through what is hardest for LMDB's list of free pages, again and again: it fills up, and
 * is given back at once, in pieces, or after it was compacted or opened anew. It writes a line after each round; where LMDB
 * ends the process, the last line says which round was the last good one. By hand it may run as long as you like:
 *
 *     node --import tsx --conditions=source packages/store-lmdb/test/support/child-pages.ts directory 1 100000
 */
import { emptyTransaction } from "@anax/server/contracts";
import { lmdbStore } from "@anax/store-lmdb";

const BATCHES_MAX = 600;
const BATCH_BYTES_MAX = 200_000;

const [path = "", first = "", last = ""] = process.argv.slice(2);
const store = lmdbStore({ path, durability: "process" });
const ignore = (): void => {};
const visitor = { session: ignore, retained: ignore, batch: ignore };
let state = Number(first) * 2_654_435_761;
let head = 1;
let tail = 1;

/** A number below `limit`; the same ones for the same first round. */
function below(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 0x1_0000_0000) * limit);
}

async function commit(deleted: number, bytes: number): Promise<void> {
  const end = Math.min(head, tail + deleted);
  const deletedBatches: number[] = [];
  for (; tail < end; tail += 1) deletedBatches.push(tail);
  const batch = bytes === 0 ? undefined : { position: head, bytes: new Uint8Array(bytes) };
  if (batch !== undefined) head += 1;
  await store.commit({ ...emptyTransaction(), batch, deletedBatches });
}

async function round(): Promise<void> {
  const batchBytes = below(3) === 0 ? BATCH_BYTES_MAX : 6_000;
  const count = batchBytes === BATCH_BYTES_MAX ? below(60) : below(BATCHES_MAX);
  for (let left = count; left > 0; left -= 1) await commit(0, 1 + below(batchBytes));
  const way = below(3);
  if (way === 0) await store.compact();
  if (way === 1) {
    await store.close();
    await store.open(visitor);
  }
  const step = below(2) === 0 ? BATCHES_MAX : 1 + below(300);
  while (tail < head - 1) await commit(step, 1 + below(BATCH_BYTES_MAX));
}

process.stdin.on("end", () => process.exit(1)).resume();
await store.open(visitor);
for (let number = Number(first); number <= Number(last); number += 1) {
  await round();
  process.stdout.write(`round ${number}\n`);
}
await store.close();
process.exit(0);
