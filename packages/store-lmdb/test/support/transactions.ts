import type { StoreTransaction } from "@anax/server";
import { emptyTransaction, patternedBytes } from "@anax/server/contracts";

/** A transaction with one batch whose bytes follow from its position. */
export function batchOf(position: number, bytes = 100): StoreTransaction {
  return { ...emptyTransaction(), batch: { position, bytes: patternedBytes(bytes, position) } };
}

/** A transaction that only deletes. */
export function deletionOf(...deletedBatches: number[]): StoreTransaction {
  return { ...emptyTransaction(), deletedBatches };
}
