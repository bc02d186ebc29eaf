import { StoreError } from "../../src/ports/store.ts";
import type {
  Store,
  StoreDurability,
  StoreTransaction,
  StoreVisitor,
} from "../../src/ports/store.ts";

/** What transactions come to, as a store shows it. */
export interface Tables {
  readonly sessions: Map<number, Uint8Array>;
  readonly retained: Map<string, Uint8Array>;
  readonly batches: Map<number, Uint8Array>;
}

/**
 * An append-only log of transactions, and nothing beside it: what a store holds is made of them again. When a full
 * checkpoint has ended, all that is older than its beginning is thrown away.
 */
export class TransactionLog {
  #transactions: StoreTransaction[] = [];
  /** Where the last full checkpoint has begun; -1 if none has, since the log was opened. */
  #begunAt = -1;
  /** Transactions that were thrown away. */
  purged = 0;
  /** The store that has it open. */
  user: Store | undefined;
  /** A fault that tests are to find: so many more are thrown away. */
  purgesTooFarBy = 0;

  get bytes(): number {
    return this.#transactions.reduce((bytes, transaction) => bytes + sizeOf(transaction), 0);
  }

  append(transaction: StoreTransaction): void {
    const { fullCheckpoint } = transaction;
    if (fullCheckpoint === "begins") this.#begunAt = this.#transactions.length;
    this.#transactions.push(copyOf(transaction));
    if (fullCheckpoint !== "ends" || this.#begunAt < 0) return;
    const count = this.#begunAt + this.purgesTooFarBy;
    this.#transactions.splice(0, count);
    this.purged += count;
    this.#begunAt = -1;
  }

  /** Makes anew what all transactions that are left come to. A checkpoint that was under way is forgotten. */
  replay(): Tables {
    this.#begunAt = -1;
    const tables: Tables = { sessions: new Map(), retained: new Map(), batches: new Map() };
    for (const transaction of this.#transactions) applyTo(tables, transaction);
    return tables;
  }
}

/** Makes the changes of a transaction. */
export function applyTo(tables: Tables, transaction: StoreTransaction): void {
  const { batch, deletedBatches, sessions, retained } = transaction;
  for (const position of deletedBatches) tables.batches.delete(position);
  if (batch !== undefined) tables.batches.set(batch.position, batch.bytes.slice());
  change(tables.sessions, sessions);
  change(tables.retained, retained);
}

/** A store that is a log, as one that is copied to other machines is. */
export class LogStore implements Store {
  readonly durability: StoreDurability = "memory";
  readonly #log: TransactionLog;
  readonly #timesBytes: number;
  #tables: Tables = { sessions: new Map(), retained: new Map(), batches: new Map() };

  /** `timesBytes`: the log says that it has so many times the bytes which it has. */
  constructor(log: TransactionLog, timesBytes = 1) {
    this.#timesBytes = timesBytes;
    this.#log = log;
  }

  get bytes(): number {
    const { sessions, retained, batches } = this.#tables;
    return sizeOf({ batch: undefined, deletedBatches: [], sessions, retained }) + sum(batches);
  }

  get logBytes(): number {
    return this.#log.bytes * this.#timesBytes;
  }

  async open(visitor: StoreVisitor): Promise<void> {
    if (this.#log.user !== undefined) throw new StoreError("ANAX_STORE_IN_USE", "it is in use");
    const tables = this.#log.replay();
    for (const [key, row] of tables.sessions) visitor.session(key, row);
    for (const [topic, row] of tables.retained) visitor.retained(topic, row);
    for (const position of inOrder(tables)) {
      const bytes = tables.batches.get(position);
      if (bytes !== undefined) visitor.batch(position, bytes);
    }
    this.#log.user = this;
    this.#tables = tables;
  }

  async commit(transaction: StoreTransaction): Promise<void> {
    if (this.#log.user !== this) throw new StoreError("ANAX_STORE_FAILED", "it is not open");
    this.#log.append(transaction);
    applyTo(this.#tables, transaction);
  }

  read(position: number): Uint8Array | undefined {
    return this.#log.user === this ? this.#tables.batches.get(position) : undefined;
  }

  async close(): Promise<void> {
    if (this.#log.user === this) this.#log.user = undefined;
  }
}

/** Positions of the batches, oldest first. */
export function inOrder({ batches }: Tables): number[] {
  return Array.from(batches.keys()).toSorted((one, other) => one - other);
}

function change<Key>(
  rows: Map<Key, Uint8Array>,
  changes: ReadonlyMap<Key, Uint8Array | undefined>,
): void {
  for (const [key, row] of changes) {
    if (row === undefined) rows.delete(key);
    else rows.set(key, row.slice());
  }
}

function copyOf(transaction: StoreTransaction): StoreTransaction {
  const { batch, deletedBatches, sessions, retained } = transaction;
  return {
    batch: batch && { position: batch.position, bytes: batch.bytes.slice() },
    deletedBatches: [...deletedBatches],
    sessions: new Map(Array.from(sessions, ([key, row]) => [key, row?.slice()])),
    retained: new Map(Array.from(retained, ([topic, row]) => [topic, row?.slice()])),
  };
}

function sizeOf({ batch, sessions, retained }: StoreTransaction): number {
  return (batch?.bytes.length ?? 0) + sum(sessions) + sum(retained);
}

function sum(rows: ReadonlyMap<unknown, Uint8Array | undefined>): number {
  let bytes = 0;
  for (const row of rows.values()) bytes += row?.length ?? 0;
  return bytes;
}
