import { StoreError } from "../ports/store.ts";
import type {
  Store,
  StoreDurability,
  StoreErrorCode,
  StoreTransaction,
  StoreVisitor,
} from "../ports/store.ts";

/** How commits fail. */
export interface CommitFault {
  readonly code: StoreErrorCode;
  /** True: the changes are made all the same, as when the disk has them and the answer was lost. */
  readonly areChangesMade?: boolean;
}

/**
 * Stands before another store and goes wrong on demand: commits wait or fail, opening is refused. For tests of what a
 * server does then. What a crash leaves is `MemoryMedium.copy`; a damaged medium is one whose maps were changed.
 */
export class FaultyStore implements Store {
  readonly #store: Store;
  #fault: CommitFault | undefined;
  #openingFault: StoreErrorCode | undefined;
  #isHolding = false;
  #held: (() => void)[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  get durability(): StoreDurability {
    return this.#store.durability;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  get logBytes(): number {
    return this.#store.logBytes ?? 0;
  }

  /** Commits that wait to be let go. */
  get heldCommits(): number {
    return this.#held.length;
  }

  /** From now on commits wait: a disk that has become slow, or stands still. */
  hold(): void {
    this.#isHolding = true;
  }

  /** Lets the commits that wait go on, and later ones not wait. */
  release(): void {
    this.#isHolding = false;
    for (const go of this.#held.splice(0)) go();
  }

  /** Lets the one commit that waits go on; later ones wait again. */
  releaseOne(): void {
    this.#held.shift()?.();
  }

  /** From now on commits fail, those that wait included. */
  failCommits(fault: CommitFault): void {
    this.#fault = fault;
  }

  /** From now on opening fails. */
  failOpening(code: StoreErrorCode): void {
    this.#openingFault = code;
  }

  /** Nothing fails any more. */
  heal(): void {
    this.#fault = undefined;
    this.#openingFault = undefined;
  }

  async open(visitor: StoreVisitor): Promise<void> {
    if (this.#openingFault !== undefined) throw injected(this.#openingFault);
    await this.#store.open(visitor);
  }

  async commit(transaction: StoreTransaction): Promise<void> {
    if (this.#isHolding) await new Promise<void>((resolve) => this.#held.push(resolve));
    const fault = this.#fault;
    if (fault === undefined) return this.#store.commit(transaction);
    if (fault.areChangesMade === true) await this.#store.commit(transaction);
    throw injected(fault.code);
  }

  read(position: number): Uint8Array | undefined {
    return this.#store.read(position);
  }

  /** Commits that wait are let go: a server that closes its store waits for them. */
  async close(): Promise<void> {
    this.release();
    await this.#store.close();
  }
}

function injected(code: StoreErrorCode): StoreError {
  return new StoreError(code, `injected fault ${code}`);
}
