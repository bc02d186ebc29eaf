import type { Store, StoreDurability } from "@anax/server";
import { DATA_DIRECTORY } from "./serve-flags.ts";
import type { StorageFlags } from "./serve-flags.ts";

/** Where a server keeps what must survive it. */
export interface Storage {
  readonly durability: StoreDurability;
  /** The directory with the data; undefined if nothing is kept. */
  readonly directory: string | undefined;
  readonly store: Store | undefined;
}

/** The store that the flags ask for, not yet open. The database is loaded only if it is used. */
export async function storageFor({ durability, dataDir }: StorageFlags): Promise<Storage> {
  if (durability === "memory") return { durability, directory: undefined, store: undefined };
  const { lmdbStore } = await import("@anax/store-lmdb");
  const store = lmdbStore({ path: dataDir ?? DATA_DIRECTORY, durability });
  return { durability, directory: store.path, store };
}
