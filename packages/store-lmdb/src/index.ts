/** `@anax/store-lmdb`: a durable store for `@anax/server`, on LMDB. The public names, listed by hand. */
export { STORE_FORMAT, type StoreDescription } from "./format.ts";
export { type LmdbDurability, LmdbStore, lmdbStore, type LmdbStoreOptions } from "./lmdb-store.ts";
