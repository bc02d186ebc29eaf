import { NONE } from "./topic-nodes.ts";

/** What one user, or one address without a user, has in the store of retained messages. */
export interface RetainedShare {
  readonly number: number;
  readonly key: string;
  messages: number;
  bytes: number;
}

const ROWS_FIRST = 1_024;

/**
 * Whose retained messages are whose, as a number for each row, so that one publisher cannot take all the room. Owners are
 * not stored: what was retained before a restart is nobody's until it is published again.
 */
export class RetainedShares {
  readonly #byKey: Map<string, RetainedShare> = new Map();
  /** By number; 0 is nobody's. */
  readonly #shares: (RetainedShare | undefined)[] = [undefined];
  readonly #free: number[] = [];
  /** Number of the owner of each row's message. */
  #owners: Uint32Array = new Uint32Array(0);

  /** How many owners have anything. */
  get size(): number {
    return this.#byKey.size;
  }

  find(key: string): RetainedShare | undefined {
    return this.#byKey.get(key);
  }

  ownerOf(row: number): RetainedShare | undefined {
    return row === NONE ? undefined : this.#shares[this.#owners[row] ?? 0];
  }

  /** The message of a row is now one of so many bytes of this owner; undefined for nobody. */
  set(row: number, key: string | undefined, bytes: number): void {
    if (key === undefined) return;
    if (row >= this.#owners.length) this.#grow(row);
    const share = this.#byKey.get(key) ?? this.#add(key);
    share.messages += 1;
    share.bytes += bytes;
    this.#owners[row] = share.number;
  }

  /** The message of a row, of so many bytes, is no longer there. */
  remove(row: number, bytes: number): void {
    const share = this.ownerOf(row);
    if (share === undefined) return;
    this.#owners[row] = 0;
    share.messages -= 1;
    share.bytes -= bytes;
    if (share.messages > 0) return;
    this.#byKey.delete(share.key);
    this.#shares[share.number] = undefined;
    this.#free.push(share.number);
  }

  clear(): void {
    this.#byKey.clear();
    this.#shares.length = 1;
    this.#free.length = 0;
    this.#owners = new Uint32Array(0);
  }

  #add(key: string): RetainedShare {
    const number = this.#free.pop() ?? this.#shares.length;
    const share = { number, key, messages: 0, bytes: 0 };
    this.#shares[number] = share;
    this.#byKey.set(key, share);
    return share;
  }

  #grow(row: number): void {
    const grown = new Uint32Array(Math.max(ROWS_FIRST, this.#owners.length * 2, row + 1));
    grown.set(this.#owners);
    this.#owners = grown;
  }
}
