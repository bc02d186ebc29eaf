import { asError } from "../errors.ts";
import { StoreError } from "../ports/store.ts";
import type { Store, StoreDurability, StoreTransaction, StoreVisitor } from "../ports/store.ts";
import { isThenable } from "../user-code.ts";

/** A store of the program's own that keeps the form of `Store`, whatever it does: what it does wrong is a rejection. */
export class FencedStore implements Store {
  readonly #store: Store;
  #bytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  get durability(): StoreDurability {
    return this.#store.durability;
  }

  /** What it said last, where it says nothing now: it is asked for what people read. */
  get bytes(): number {
    try {
      const bytes: unknown = this.#store.bytes;
      if (typeof bytes === "number" && Number.isFinite(bytes)) this.#bytes = bytes;
      else if (isThenable(bytes)) Promise.resolve(bytes).catch(() => undefined);
    } catch {
      // As if it had not changed.
    }
    return this.#bytes;
  }

  /** 0 where it says nothing, or nothing that makes sense. */
  get logBytes(): number {
    const { logBytes } = this.#store;
    return typeof logBytes === "number" && logBytes > 0 ? logBytes : 0;
  }

  async open(visitor: StoreVisitor): Promise<void> {
    await this.#store.open(visitor);
  }

  commit(transaction: StoreTransaction): Promise<void> {
    try {
      const committing: unknown = this.#store.commit(transaction);
      if (isThenable(committing)) return Promise.resolve(committing as PromiseLike<void>);
      const text = `commit gave no promise, but what is of type ${typeof committing}`;
      return Promise.reject(new StoreError("ANAX_STORE_FAILED", text));
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  read(position: number): Uint8Array | undefined {
    const bytes: unknown = this.#store.read(position);
    if (bytes === undefined || bytes instanceof Uint8Array) return bytes;
    if (isThenable(bytes)) Promise.resolve(bytes).catch(() => undefined);
    const text = `batch ${position} is of type ${typeof bytes}`;
    throw new StoreError("ANAX_STORE_UNREADABLE", text);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
