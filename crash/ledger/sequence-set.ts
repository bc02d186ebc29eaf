/** A set of whole numbers that come nearly in order, kept as ranges: as good as no memory, however many there are. */
export class SequenceSet {
  /** From, to, from, to, …, ascending and not touching. */
  readonly #bounds: number[] = [];

  has(value: number): boolean {
    const index = this.#rangeAtOrAfter(value);
    return (this.#bounds[index] ?? Infinity) <= value;
  }

  add(value: number): void {
    if (this.has(value)) return;
    const index = this.#rangeAtOrAfter(value);
    const touchesBefore = this.#bounds[index - 1] === value - 1;
    const touchesAfter = this.#bounds[index] === value + 1;
    if (touchesBefore && touchesAfter) this.#bounds.splice(index - 1, 2);
    else if (touchesBefore) this.#bounds[index - 1] = value;
    else if (touchesAfter) this.#bounds[index] = value;
    else this.#bounds.splice(index, 0, value, value);
  }

  /** All numbers from `first` to this one are in the set; `first - 1` if not even that is. */
  contiguousFrom(first: number): number {
    const index = this.#rangeAtOrAfter(first);
    return (this.#bounds[index] ?? Infinity) <= first
      ? (this.#bounds[index + 1] ?? first)
      : first - 1;
  }

  /** Index of the first range that ends at `value` or later. New numbers come at the end, so it is sought from there. */
  #rangeAtOrAfter(value: number): number {
    let index = this.#bounds.length;
    while (index >= 2 && (this.#bounds[index - 1] ?? 0) >= value) index -= 2;
    return index;
  }
}
