import type { OwnerLimit, RetainedOwner } from "../rates/kept-limits.ts";
import { NONE } from "./topic-nodes.ts";

/** What is counted for one of them. */
interface Part {
  readonly key: string;
  messages: number;
  bytes: number;
}

/** What one owner has. */
interface Share {
  readonly number: number;
  readonly name: string;
  readonly parts: ReadonlySet<Part>;
  messages: number;
}

/** A message that is replaced. */
interface Replaced {
  readonly row: number;
  readonly bytes: number;
}

const ROWS_FIRST = 1_024;

/**
 * Whose retained messages are whose, as a number for each row, so that one publisher cannot take all the room. Owners are
 * not stored: what was retained before a restart is nobody's until it is published again.
 */
export class RetainedShares {
  readonly #byName: Map<string, Share> = new Map();
  readonly #parts: Map<string, Part> = new Map();
  /** By number; 0 is nobody's. */
  readonly #shares: (Share | undefined)[] = [undefined];
  readonly #free: number[] = [];
  /** Number of the owner of each row's message. */
  #owners: Uint32Array = new Uint32Array(0);

  /** How many owners have anything. */
  get size(): number {
    return this.#byName.size;
  }

  /** The limit of an owner that a message of so many bytes would exceed, in place of another; undefined if there is room. */
  excess({ limits }: RetainedOwner, replaced: Replaced, bytes: number): OwnerLimit | undefined {
    const before = this.#shareAt(replaced.row)?.parts;
    return limits.find(({ key, messagesMax, bytesMax, isFirstFree }) => {
      const part = this.#parts.get(key);
      if (part === undefined) return !isFirstFree && (messagesMax < 1 || bytes > bytesMax);
      const isOwn = before?.has(part) === true;
      return (
        part.messages + (isOwn ? 0 : 1) > messagesMax ||
        part.bytes + bytes - (isOwn ? replaced.bytes : 0) > bytesMax
      );
    });
  }

  /** The message of a row is now one of so many bytes of this owner; undefined for nobody. */
  set(row: number, owner: RetainedOwner | undefined, bytes: number): void {
    if (owner === undefined) return;
    if (row >= this.#owners.length) this.#grow(row);
    const share = this.#byName.get(owner.name) ?? this.#add(owner);
    share.messages += 1;
    for (const part of share.parts) {
      part.messages += 1;
      part.bytes += bytes;
    }
    this.#owners[row] = share.number;
  }

  /** The message of a row, of so many bytes, is no longer there. */
  remove(row: number, bytes: number): void {
    const share = this.#shareAt(row);
    if (share === undefined) return;
    this.#owners[row] = 0;
    share.messages -= 1;
    for (const part of share.parts) {
      part.messages -= 1;
      part.bytes -= bytes;
      if (part.messages === 0) this.#parts.delete(part.key);
    }
    if (share.messages > 0) return;
    this.#byName.delete(share.name);
    this.#shares[share.number] = undefined;
    this.#free.push(share.number);
  }

  clear(): void {
    this.#byName.clear();
    this.#parts.clear();
    this.#shares.length = 1;
    this.#free.length = 0;
    this.#owners = new Uint32Array(0);
  }

  #shareAt(row: number): Share | undefined {
    return row === NONE ? undefined : this.#shares[this.#owners[row] ?? 0];
  }

  #add({ name, limits }: RetainedOwner): Share {
    const number = this.#free.pop() ?? this.#shares.length;
    const share = {
      number,
      name,
      parts: new Set(limits.map(({ key }) => this.#part(key))),
      messages: 0,
    };
    this.#shares[number] = share;
    this.#byName.set(name, share);
    return share;
  }

  #part(key: string): Part {
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const part = { key, messages: 0, bytes: 0 };
    this.#parts.set(key, part);
    return part;
  }

  #grow(row: number): void {
    const grown = new Uint32Array(Math.max(ROWS_FIRST, this.#owners.length * 2, row + 1));
    grown.set(this.#owners);
    this.#owners = grown;
  }
}
