/** `@anax/store-lmdb`: a durable store for `@anax/server`, on LMDB. The public names, listed by hand. */
export { type LmdbDurability, LmdbStore, lmdbStore, type LmdbStoreOptions } from "./lmdb-store.ts";
export { type LmdbReader, type LmdbStatistics, openReadOnly } from "./lmdb-reader.ts";
export { STORE_FORMAT, type StoreDescription } from "./store-description.ts";
