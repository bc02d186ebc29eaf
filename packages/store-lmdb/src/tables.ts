import type { StoreTransaction, StoreVisitor } from "@anax/server";
import { rowsOf, visitRows } from "./environment.ts";
import type { Environment, Table } from "./environment.ts";
import { isHashed, numberKey, numberOfKey, topicKey, topicOfKey } from "./keys.ts";
import type { TopicHash } from "./keys.ts";
import { changedSharedRow, decodeSharedRow } from "./shared-row.ts";

/** Is shown a batch; the array is its own during the call only. */
export type BatchVisit = (position: number, batch: Uint8Array) => void;

/**
 * Shows a visitor all that the tables hold, as of one moment, and what the log holds.
 * @param visitLog shows the batches of the log in the order of their positions
 */
export function visitTables(
  { sessions, retained, journal }: Environment,
  visitor: StoreVisitor,
  visitLog: (visit: BatchVisit) => void,
): void {
  visitRows(sessions, (key, row) => visitor.session(numberOfKey(key), row));
  visitRows(retained, (key, row) => {
    if (!isHashed(key)) visitor.retained(topicOfKey(key), row);
    else for (const [topic, own] of decodeSharedRow(row)) visitor.retained(topic, own);
  });
  const rows = rowsOf(journal);
  let pending: { readonly position: number; readonly row: Uint8Array } | undefined;
  const visitBelow = (position: number): void => {
    if (pending !== undefined) {
      if (pending.position >= position) return;
      visitor.batch(pending.position, pending.row);
      pending = undefined;
    }
    for (let next = rows.next(); next.done !== true; next = rows.next()) {
      const own = numberOfKey(next.value.key);
      if (own >= position) {
        // A copy: what is read of LMDB meanwhile would overwrite it.
        pending = { position: own, row: Uint8Array.from(next.value.value) };
        return;
      }
      visitor.batch(own, next.value.value);
    }
  };
  visitLog((position, batch) => {
    visitBelow(position);
    visitor.batch(position, batch);
  });
  visitBelow(Infinity);
}

/** One row to write, or to delete if it is undefined. */
export interface RowChange {
  readonly table: Table;
  readonly key: Uint8Array;
  readonly row: Uint8Array | undefined;
}

/**
 * What a transaction means to the tables. Everything that can go wrong with it goes wrong here: once LMDB is writing,
 * an error would leave half of it.
 * @throws RangeError for a number that is no key
 */
export function rowChanges(
  { sessions, retained, journal }: Environment,
  transaction: StoreTransaction,
  hash: TopicHash,
): readonly RowChange[] {
  const changes: RowChange[] = [];
  const change = (table: Table, key: Uint8Array, row: Uint8Array | undefined): void => {
    changes.push({ table, key, row });
  };
  const { batch } = transaction;
  for (const position of transaction.deletedBatches)
    change(journal, numberKey(position), undefined);
  if (batch !== undefined) change(journal, numberKey(batch.position), batch.bytes);
  for (const [key, row] of transaction.sessions) change(sessions, numberKey(key), row);
  const hashed: Map<string, HashedChanges> = new Map();
  for (const [topic, row] of transaction.retained) {
    const key = topicKey(Buffer.from(topic, "utf8"), hash);
    if (isHashed(key)) changesOf(hashed, key).rows.set(topic, row);
    else change(retained, key, row);
  }
  for (const { key, rows } of hashed.values()) {
    change(retained, key, changedSharedRow(retained.get(key), rows));
  }
  return changes;
}

/** Asks the tables for changes; to be called inside `Environment.write`. */
export function applyChanges(changes: readonly RowChange[]): void {
  for (const { table, key, row } of changes) {
    if (row === undefined) void table.remove(key);
    else void table.put(key, row);
  }
}

/** What a transaction changes in the row of one hashed key. */
interface HashedChanges {
  readonly key: Uint8Array;
  readonly rows: Map<string, Uint8Array | undefined>;
}

function changesOf(hashed: Map<string, HashedChanges>, key: Uint8Array): HashedChanges {
  const name = Buffer.from(key).toString("hex");
  let changes = hashed.get(name);
  if (changes === undefined) hashed.set(name, (changes = { key, rows: new Map() }));
  return changes;
}

/** What LMDB takes for a page where nothing else is asked for. */
const PAGE_BYTES = 4_096;
const PAGE_HEADER_BYTES = 16;

/**
 * About the room that a transaction takes, in bytes: its contents, a batch in whole pages of its own. The pages that rows
 * share with others are not in it. What it deletes is only free after it.
 */
export function roomFor(transaction: StoreTransaction): number {
  const { batch, sessions, retained } = transaction;
  let room = batch === undefined ? 0 : pagesFor(batch.bytes.length);
  for (const row of sessions.values()) room += row?.length ?? 0;
  for (const [topic, row] of retained)
    room += row === undefined ? 0 : Buffer.byteLength(topic) + row.length;
  return room;
}

function pagesFor(bytes: number): number {
  return Math.ceil((bytes + PAGE_HEADER_BYTES) / PAGE_BYTES) * PAGE_BYTES;
}

/** Whether a transaction changes nothing. */
export function isEmpty({ batch, deletedBatches, sessions, retained }: StoreTransaction): boolean {
  return batch === undefined && deletedBatches.length + sessions.size + retained.size === 0;
}

/** Whether a transaction does nothing but add a batch, which is most of them. */
export function isOnlyBatch({
  batch,
  deletedBatches,
  sessions,
  retained,
}: StoreTransaction): boolean {
  return batch !== undefined && deletedBatches.length + sessions.size + retained.size === 0;
}
