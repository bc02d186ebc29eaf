/**
 * A program that commits batches to the store in the directory of its argument, one after the other and as fast as it can, and
 * writes the position of each when it is committed. It ends when somebody ends it.
 */
import { lmdbStore } from "@anax/store-lmdb";
import { batchOf, deletionOf } from "./transactions.ts";

const [path = "", durability = ""] = process.argv.slice(2);
const store = lmdbStore({ path, durability: durability === "process" ? "process" : "disk" });
const kept: number[] = [];
const ignore = (): void => {};
await store.open({ session: ignore, retained: ignore, batch: (position) => kept.push(position) });
let last = kept.at(-1) ?? 0;
// What the one before was about to delete when it was ended.
await store.commit(deletionOf(...kept.filter((position) => position <= last - 10)));
process.stdin.on("end", () => process.exit(1)).resume();
for (;;) {
  last += 1;
  const { batch } = batchOf(last, (last % 7) * 9_000);
  const deletion = deletionOf(Math.max(0, last - 10));
  // Most batches come by themselves, and go another way.
  if (last % 5 === 0) await store.commit({ ...deletion, batch });
  else {
    await store.commit({ ...deletionOf(), batch });
    await store.commit(deletion);
  }
  process.stdout.write(`${last}\n`);
}
