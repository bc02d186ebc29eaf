/**
 * Decisions from a seed: the same seed gives the same decisions. Whoever decides at his own pace forks a generator of his
 * own, so that what one does changes nothing for the others.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A generator that depends on this one's seed and on `name` only. */
  fork(name: string): Random {
    let hash = this.#state ^ 0x9e37_79b9;
    for (const character of name)
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x0100_0193);
    return new Random(hash);
  }

  /** From 0 to 1, without 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** @throws RangeError if there is nothing to choose from */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.between(0, items.length - 1)];
    if (item === undefined) throw new RangeError("nothing to choose from");
    return item;
  }
}
