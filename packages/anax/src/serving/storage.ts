import type { Store, StoreDurability } from "@anax/server";
import { UsageError } from "../errors.ts";
import { DATA_DIRECTORY } from "./serve-flags.ts";
import type { StorageFlags } from "./serve-flags.ts";

/** Where a server keeps what must survive it. */
export interface Storage {
  readonly durability: StoreDurability;
  /** The directory with the data; undefined if nothing is kept. */
  readonly directory: string | undefined;
  readonly store: Store | undefined;
}

/**
 * The store that the flags ask for, not yet open. The database is loaded only if it is used.
 * Rejects with `UsageError` for flags that do not fit together.
 */
export async function storageFor({ durability, dataDir }: StorageFlags): Promise<Storage> {
  if (durability === "memory") {
    if (dataDir === undefined) return { durability, directory: undefined, store: undefined };
    throw new UsageError("--data-dir has nothing to keep with --durability memory");
  }
  const { lmdbStore } = await import("@anax/store-lmdb");
  const store = lmdbStore({ path: dataDir ?? DATA_DIRECTORY, durability });
  return { durability, directory: store.path, store };
}
