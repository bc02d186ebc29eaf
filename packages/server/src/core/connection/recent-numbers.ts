/** The numbers that were added last, up to a limit. */
export class RecentNumbers {
  readonly #maximum: number;
  readonly #numbers: Set<number> = new Set();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Adds a number; the oldest one gives way where there are too many. */
  add(number: number): void {
    this.#numbers.delete(number);
    this.#numbers.add(number);
    if (this.#numbers.size <= this.#maximum) return;
    for (const oldest of this.#numbers) {
      this.#numbers.delete(oldest);
      return;
    }
  }

  /** Takes a number out; false if it was not there. */
  delete(number: number): boolean {
    return this.#numbers.delete(number);
  }
}
