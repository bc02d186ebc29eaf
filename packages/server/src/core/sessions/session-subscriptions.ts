import { levelCount } from "../routing/level-count.ts";
import type { Subscription } from "../routing/subscription.ts";

/**
 * The subscriptions of one session, by filter as the client wrote it. A device has one, and a map for one takes as much memory as
 * all that this is about: the map is made for the second.
 */
export class SessionSubscriptions {
  #only: Subscription | undefined;
  #many: Map<string, Subscription> | undefined;
  #levels = 0;

  /** Levels of all filters: each that nobody else has costs a node of the tree. */
  get levels(): number {
    return this.#levels;
  }

  get size(): number {
    if (this.#many !== undefined) return this.#many.size;
    return this.#only === undefined ? 0 : 1;
  }

  get(filter: string): Subscription | undefined {
    if (this.#many !== undefined) return this.#many.get(filter);
    return this.#only?.filter === filter ? this.#only : undefined;
  }

  has(filter: string): boolean {
    return this.get(filter) !== undefined;
  }

  /** In the order in which their filters were subscribed to first. */
  values(): Iterable<Subscription> {
    if (this.#many !== undefined) return this.#many.values();
    return this.#only === undefined ? [] : [this.#only];
  }

  /** Adds it, or puts it in place of the one with the same filter. */
  set(subscription: Subscription): void {
    const { filter } = subscription;
    if (!this.has(filter)) this.#levels += levelCount(filter);
    if (this.#many !== undefined) this.#many.set(filter, subscription);
    else if (this.#only === undefined || this.#only.filter === filter) this.#only = subscription;
    else {
      this.#many = new Map([
        [this.#only.filter, this.#only],
        [filter, subscription],
      ]);
      this.#only = undefined;
    }
  }

  delete(filter: string): void {
    if (this.has(filter)) this.#levels -= levelCount(filter);
    if (this.#many !== undefined) this.#many.delete(filter);
    else if (this.#only?.filter === filter) this.#only = undefined;
  }
}
