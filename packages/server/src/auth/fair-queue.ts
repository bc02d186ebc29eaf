import { networkOf } from "../core/network-of.ts";

/** For whom something is done. */
export interface Claimant {
  /** Network address; undefined where it has none, as in memory. */
  readonly address: string | undefined;
  readonly userName: string;
}

/** What waits for one address, by user name; the one whose turn is next is the first of the map. */
interface Place<Item> {
  readonly users: Map<string, Item[]>;
  count: number;
}

/**
 * A queue in which addresses take turns, and at one address the user names: however many come from one of them, the next of
 * another waits for one round at most. When it is full, who has most in it gives a place up.
 */
export class FairQueue<Item> {
  readonly #maximum: number;
  /** Only of those that wait, so nobody who was served leaves anything behind. The one whose turn is next is the first. */
  readonly #places = new Map<string, Place<Item>>();
  #length = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get length(): number {
    return this.#length;
  }

  /** Puts one more into the queue. Gives the one that has no place any more, which may be the same. */
  add({ address: from = "", userName }: Claimant, item: Item): Item | undefined {
    const address = networkOf(from);
    const place: Place<Item> = this.#places.get(address) ?? { users: new Map(), count: 0 };
    const items = place.users.get(userName) ?? [];
    items.push(item);
    place.users.set(userName, items);
    place.count += 1;
    this.#places.set(address, place);
    this.#length += 1;
    return this.#length > this.#maximum ? this.#giveUpOne() : undefined;
  }

  /** Takes the next one out. */
  take(): Item | undefined {
    const [next] = this.#places;
    if (next === undefined) return undefined;
    const [address, place] = next;
    const [first] = place.users;
    if (first === undefined) return undefined;
    const [userName, items] = first;
    const item = items.shift();
    // Both go to the end of their round, or out of it.
    this.#places.delete(address);
    place.users.delete(userName);
    if (items.length > 0) place.users.set(userName, items);
    place.count -= 1;
    if (place.count > 0) this.#places.set(address, place);
    this.#length -= 1;
    return item;
  }

  /** Takes all out that are not `wanted`, and gives them. */
  sweep(wanted: (item: Item) => boolean): Item[] {
    const unwanted: Item[] = [];
    for (const [address, place] of this.#places) {
      for (const [userName, items] of place.users) {
        const kept = items.filter((item) => wanted(item) || (unwanted.push(item), false));
        this.#keep(address, userName, kept, items.length - kept.length);
      }
    }
    return unwanted;
  }

  /** The newest one of the user that has most, at the address that has most; of several the one whose turn comes last. */
  #giveUpOne(): Item | undefined {
    const [address, place] = largest(this.#places, ({ count }) => count) ?? [];
    const [userName, items] = largest(place?.users ?? [], ({ length }) => length) ?? [];
    if (address === undefined || userName === undefined || items === undefined) return undefined;
    const given = items.pop();
    this.#keep(address, userName, items, 1);
    return given;
  }

  #keep(address: string, userName: string, kept: Item[], gone: number): void {
    const place = this.#places.get(address);
    if (place === undefined || gone === 0) return;
    if (kept.length > 0) place.users.set(userName, kept);
    else place.users.delete(userName);
    place.count -= gone;
    if (place.count === 0) this.#places.delete(address);
    this.#length -= gone;
  }
}

function largest<Value>(
  entries: Iterable<readonly [string, Value]>,
  sizeOf: (value: Value) => number,
): readonly [string, Value] | undefined {
  let found: readonly [string, Value] | undefined;
  for (const entry of entries)
    if (found === undefined || sizeOf(entry[1]) >= sizeOf(found[1])) found = entry;
  return found;
}
