/**
 * A queue: a plain array with a moving head. Both ends cost O(1); what lies before the head is let go
 * of when it is half of the array.
 */

/** First in, first out. */
export class Queue<T> {
  #items: T[] = [];
  #head = 0;

  /** How many wait. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The one that has waited longest. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** Puts one behind all others. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first one out. */
  shift(): T | undefined {
    const { first } = this;
    if (this.length === 0) return undefined;
    this.#head += 1;
    if (this.#head * 2 > this.#items.length) this.#keep(this.#items.slice(this.#head));
    return first;
  }

  /** Puts some before all others. */
  prepend(items: readonly T[]): void {
    this.#keep([...items, ...this.#items.slice(this.#head)]);
  }

  /** Takes all out. */
  takeAll(): readonly T[] {
    const items = this.#items.slice(this.#head);
    this.#keep([]);
    return items;
  }

  #keep(items: T[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
