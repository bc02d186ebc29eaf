import { Store } from "./store.ts";

/** Items that come within this time are drawn at once. */
const DRAWN_AFTER_MS = 50;

/** The last items of many that may come quickly. */
export class RecentList<Item> {
  /** Newest first. */
  readonly store: Store<readonly Item[]> = new Store<readonly Item[]>([]);
  readonly #max: number;
  #fresh: Item[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  add(item: Item): void {
    this.#fresh.push(item);
    if (this.#fresh.length > this.#max) this.#fresh.shift();
    if (this.#fresh.length > 1) return;
    setTimeout(() => {
      this.store.set([...this.#fresh.reverse(), ...this.store.value].slice(0, this.#max));
      this.#fresh = [];
    }, DRAWN_AFTER_MS);
  }

  clear(): void {
    this.store.set([]);
  }
}
