const CAPACITY_MIN = 1_024;

/**
 * From message numbers, which are above 0, to slots: a hash table of plain numbers with open addressing. Recovery needs it for each
 * message that the journal has, and a `Map` of two million entries takes four times as long and as much memory.
 */
export class NumberIndex {
  #numbers: Float64Array = new Float64Array(CAPACITY_MIN);
  #slots: Uint32Array = new Uint32Array(CAPACITY_MIN);
  #count = 0;

  /** How many numbers it has. */
  get size(): number {
    return this.#count;
  }

  /** The slot of a number; undefined if it has none. */
  get(number: number): number | undefined {
    const at = this.#find(number);
    return this.#numbers[at] === number ? this.#slots[at] : undefined;
  }

  /** Sets or replaces the slot of a number. */
  set(number: number, slot: number): void {
    // At most half full, so that what is looked for is found within a few steps.
    if (this.#count * 2 >= this.#numbers.length) this.#grow();
    const at = this.#find(number);
    if (this.#numbers[at] !== number) this.#count += 1;
    this.#numbers[at] = number;
    this.#slots[at] = slot;
  }

  /** Where the number is, or where it would be put. */
  #find(number: number): number {
    const mask = this.#numbers.length - 1;
    // Numbers mostly are consecutive: as their own hash they lie side by side, without collisions.
    let at = (number % 0x1_0000_0000) & mask;
    while (this.#numbers[at] !== 0 && this.#numbers[at] !== number) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const [numbers, slots] = [this.#numbers, this.#slots];
    this.#numbers = new Float64Array(numbers.length * 2);
    this.#slots = new Uint32Array(numbers.length * 2);
    this.#count = 0;
    for (let index = 0; index < numbers.length; index += 1) {
      const number = numbers[index] ?? 0;
      if (number !== 0) this.set(number, slots[index] ?? 0);
    }
  }
}
