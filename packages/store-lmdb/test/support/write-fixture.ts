/**
 * Writes a fixture with the format of today. It was run once for each format, and has to be run again only when there is
 * a new one, into a new folder:
 *
 *     tsx --conditions=source packages/store-lmdb/test/support/write-fixture.ts packages/store-lmdb/test/fixtures/format-N
 */
import { emptyTransaction, holdings, patternedBytes } from "@anax/server/contracts";
import { lmdbStore } from "@anax/store-lmdb";
import { FIXTURE } from "./fixture.ts";

const [path = ""] = process.argv.slice(2);
const store = lmdbStore({ path });
await holdings(store);
// Something that was there and is not any more, so that the file has free pages too.
await store.commit({ ...FIXTURE, batch: { position: 7, bytes: patternedBytes(5_000, 7) } });
const { batch, ...rows } = FIXTURE;
await store.commit({ ...rows, batch: undefined, deletedBatches: [7] });
// By itself, as most batches are committed; the second to be deleted.
await store.commit({
  ...emptyTransaction(),
  batch: { position: 8, bytes: patternedBytes(300, 8) },
});
await store.commit({ ...emptyTransaction(), batch });
await store.commit({ ...emptyTransaction(), deletedBatches: [8] });
await store.close();
