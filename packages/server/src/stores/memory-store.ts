import { StoreError } from "../ports/store.ts";
import type { Store, StoreDurability, StoreTransaction, StoreVisitor } from "../ports/store.ts";

/** What memory stores keep, apart from the store, so that the next one on it finds what the last one has left. */
export class MemoryMedium {
  readonly sessions: Map<number, Uint8Array> = new Map();
  readonly retained: Map<string, Uint8Array> = new Map();
  readonly batches: Map<number, Uint8Array> = new Map();
  /** The store that has it open. */
  user: Store | undefined;

  /** What is kept at this moment, free to be opened: what a crash at this moment would leave. */
  copy(): MemoryMedium {
    const copy = new MemoryMedium();
    for (const [key, row] of this.sessions) copy.sessions.set(key, row);
    for (const [topic, row] of this.retained) copy.retained.set(topic, row);
    for (const [position, bytes] of this.batches) copy.batches.set(position, bytes);
    return copy;
  }
}

/** What is in an array that a store has lent and taken back. */
const POISON = 0xdd;

/**
 * A store that ends with the process: for tests, and the plainest example for those who write another. What it
 * lends by `open` and `read` it overwrites as soon as it may.
 */
export class MemoryStore implements Store {
  readonly durability: StoreDurability = "memory";
  readonly #medium: MemoryMedium;
  #lastRead: Uint8Array = new Uint8Array(0);

  /** @param medium what is kept; a medium of its own if left out. */
  constructor(medium: MemoryMedium = new MemoryMedium()) {
    this.#medium = medium;
  }

  get bytes(): number {
    const { sessions, retained, batches } = this.#medium;
    return sizeOf(sessions) + sizeOf(retained) + sizeOf(batches);
  }

  async open(visitor: StoreVisitor): Promise<void> {
    const medium = this.#medium;
    if (medium.user !== undefined) {
      throw new StoreError("ANAX_STORE_IN_USE", "the memory store is in use by another server");
    }
    medium.user = this;
    try {
      visit(medium, visitor);
    } catch (error) {
      medium.user = undefined;
      throw error;
    }
  }

  async commit(transaction: StoreTransaction): Promise<void> {
    if (this.#medium.user !== this) throw notOpen();
    const { batch, deletedBatches, sessions, retained } = transaction;
    for (const position of deletedBatches) this.#medium.batches.delete(position);
    if (batch !== undefined) this.#medium.batches.set(batch.position, batch.bytes.slice());
    change(this.#medium.sessions, sessions);
    change(this.#medium.retained, retained);
  }

  read(position: number): Uint8Array | undefined {
    this.#lastRead.fill(POISON);
    const bytes = this.#medium.user === this ? this.#medium.batches.get(position) : undefined;
    if (bytes === undefined) return undefined;
    this.#lastRead = bytes.slice();
    return this.#lastRead;
  }

  async close(): Promise<void> {
    if (this.#medium.user === this) this.#medium.user = undefined;
  }
}

function visit({ sessions, retained, batches }: MemoryMedium, visitor: StoreVisitor): void {
  for (const [key, row] of sessions) lend(row, (copy) => visitor.session(key, copy));
  for (const [topic, row] of retained) lend(row, (copy) => visitor.retained(topic, copy));
  const inOrder = [...batches].toSorted(([left], [right]) => left - right);
  for (const [position, bytes] of inOrder) lend(bytes, (copy) => visitor.batch(position, copy));
}

/** Shows bytes for the time of a call. Who keeps them finds out. */
function lend(bytes: Uint8Array, use: (copy: Uint8Array) => void): void {
  const copy = bytes.slice();
  use(copy);
  copy.fill(POISON);
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

function sizeOf(rows: ReadonlyMap<unknown, Uint8Array>): number {
  let size = 0;
  for (const row of rows.values()) size += row.length;
  return size;
}

function notOpen(): StoreError {
  return new StoreError("ANAX_STORE_FAILED", "the store is not open");
}
