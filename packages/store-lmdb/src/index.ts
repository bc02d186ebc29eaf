/** `@anax/store-lmdb`: a durable store for `@anax/server`, on LMDB. The public names, listed by hand. */
export { LmdbStore, lmdbStore } from "./lmdb-store.ts";
export { type LmdbReader, type LmdbStatistics, openReadOnly } from "./lmdb-reader.ts";
export { STORE_FORMAT, type StoreDescription } from "./store-description.ts";
export { type LmdbDurability, type LmdbStoreOptions } from "./store-options.ts";
