import { networkOf } from "../core/network-of.ts";
/** For whom something is done. */
export interface Claimant {
  /** Network address; undefined where it has none, as in memory. */
  readonly address: string | undefined;
  readonly userName: string;
}

/** One that waits. */
interface Waiting<Item> {
  readonly address: string;
  /** Address and user name. */
  readonly user: string;
  readonly item: Item;
}

/**
 * A short queue in which addresses take turns, and at one address the user names: however many come from one of them, the next of
 * another is soon served. When it is full, who has most in it gives a place up.
 *
 * Every call looks at all that wait: it is meant for some dozens.
 */
export class FairQueue<Item> {
  readonly #maximum: number;
  #waiting: Waiting<Item>[] = [];
  /** When an address or a user was served last, as a number that grows; forgotten when nothing waits. */
  readonly #servedAt = new Map<string, number>();
  #served = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Puts one more into the queue. Gives the one that has no place any more, which may be the same. */
  add({ address: from = "", userName }: Claimant, item: Item): Item | undefined {
    const address = networkOf(from);
    this.#waiting.push({ address, user: JSON.stringify([address, userName]), item });
    return this.#waiting.length > this.#maximum ? this.#giveUpOne() : undefined;
  }

  /** Takes the next one out. */
  take(): Item | undefined {
    let next: Waiting<Item> | undefined;
    for (const one of this.#waiting)
      if (next === undefined || this.#isBefore(one, next)) next = one;
    if (next === undefined) return undefined;
    this.#served += 1;
    this.#servedAt.set(`address ${next.address}`, this.#served);
    this.#servedAt.set(next.user, this.#served);
    this.#remove(next);
    return next.item;
  }

  /** Takes all out that are not `wanted`, and gives them. */
  sweep(wanted: (item: Item) => boolean): Item[] {
    const unwanted = this.#waiting.filter(({ item }) => !wanted(item));
    for (const one of unwanted) this.#remove(one);
    return unwanted.map(({ item }) => item);
  }

  /** True if `one` is served before `other`, which came earlier. */
  #isBefore(one: Waiting<Item>, other: Waiting<Item>): boolean {
    const byAddress =
      this.#lastOf(`address ${one.address}`) - this.#lastOf(`address ${other.address}`);
    if (byAddress !== 0) return byAddress < 0;
    return this.#lastOf(one.user) < this.#lastOf(other.user);
  }

  #lastOf(key: string): number {
    return this.#servedAt.get(key) ?? 0;
  }

  /** The newest one of the user that has most, at the address that has most. */
  #giveUpOne(): Item | undefined {
    const address = mostFrequent(this.#waiting.map((one) => one.address));
    const there = this.#waiting.filter((one) => one.address === address);
    const user = mostFrequent(there.map((one) => one.user));
    const given = there.findLast((one) => one.user === user);
    if (given !== undefined) this.#remove(given);
    return given?.item;
  }

  #remove(gone: Waiting<Item>): void {
    this.#waiting.splice(this.#waiting.indexOf(gone), 1);
    if (this.#waiting.length > 0) return;
    this.#servedAt.clear();
    this.#served = 0;
  }
}

/** The key that is there most often; of several the one that came last, so that who came first keeps a place. */
function mostFrequent(keys: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return keys.findLast((key) => counts.get(key) === most);
}
