/**
 * A program that fills the disk of its argument with a store, makes room by deleting, fills it again, and says in
 * one line what came of it.
 */
import { StoreError } from "@anax/server";
import type { StoreTransaction } from "@anax/server";
import { holdings } from "@anax/server/contracts";
import { lmdbStore } from "@anax/store-lmdb";
import { batchOf, deletionOf } from "./transactions.ts";

const SIZES = [100, 3_000, 20_000, 65_536, 300_000];
const [disk = ""] = process.argv.slice(2);
const store = lmdbStore({ path: `${disk}/data` });
await holdings(store);
const live: number[] = [];
const failures: string[] = [];
let refusals = 0;
let committed = 0;

async function isCommitted(transaction: StoreTransaction): Promise<boolean> {
  try {
    await store.commit(transaction);
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === "ANAX_STORE_FULL") refusals += 1;
    else failures.push(String(error));
    return false;
  }
}

for (let position = 1; position <= 600 && failures.length === 0; position += 1) {
  if (await isCommitted(batchOf(position, SIZES[position % SIZES.length]))) {
    committed += 1;
    live.push(position);
    continue;
  }
  if (store.read(position) !== undefined) failures.push(`${position} was refused and is there`);
  const oldest = live.slice(0, 5);
  if (await isCommitted(deletionOf(...oldest))) live.splice(0, oldest.length);
}
await store.close();

const { batches } = await holdings(store);
await store.close();
const found = new Map(batches);
const missing = live.filter((position) => {
  const expected = batchOf(position, SIZES[position % SIZES.length]).batch?.bytes;
  const bytes = found.get(position);
  return !bytes || !expected || Buffer.compare(bytes, expected) !== 0;
});
if (found.size !== live.length) failures.push(`${found.size} batches instead of ${live.length}`);
process.stdout.write(`${JSON.stringify({ refusals, committed, failures, missing })}\n`);
