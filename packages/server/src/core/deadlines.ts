/** A moment at which something is to be done. Hold it to cancel it. */
export interface Deadline {
  readonly atMs: number;
  /** Undefined once it was done or cancelled. */
  run: (() => void) | undefined;
}

/**
 * Everything that waits for a time, in one binary heap ordered by time, so that one timer serves
 * them all. A cancelled deadline stays in the heap until its time comes or half of the heap is
 * cancelled ones: cancelling is then cheap, and memory stays bounded.
 */
export class Deadlines {
  #heap: Deadline[] = [];
  #cancelled = 0;

  /** Earliest time at which something is to be done; Infinity if nothing is. */
  get next(): number {
    this.#dropCancelled();
    return this.#heap[0]?.atMs ?? Infinity;
  }

  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Arranges for `run` to be called at `atMs`; a time that has passed means at the next chance. */
  add(atMs: number, run: () => void): Deadline {
    const deadline: Deadline = { atMs, run };
    this.#heap.push(deadline);
    this.#rise(this.#heap.length - 1);
    return deadline;
  }

  /** Forgets everything that waits. */
  clear(): void {
    for (const deadline of this.#heap) deadline.run = undefined;
    this.#heap = [];
    this.#cancelled = 0;
  }

  cancel(deadline: Deadline | undefined): void {
    if (deadline?.run === undefined) return;
    deadline.run = undefined;
    this.#cancelled += 1;
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /** Does all that is due at `nowMs`, in order of time. What it adds itself waits for the next call unless due. */
  runDue(nowMs: number): void {
    while (this.next <= nowMs) {
      const due = this.#removeFirst();
      const run = due?.run;
      if (due !== undefined) due.run = undefined;
      run?.();
    }
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0]?.run === undefined) {
      this.#removeFirst();
      this.#cancelled -= 1;
    }
  }

  #compact(): void {
    const live = this.#heap.filter((deadline) => deadline.run !== undefined);
    this.#heap = live.sort((left, right) => left.atMs - right.atMs);
    this.#cancelled = 0;
  }

  #removeFirst(): Deadline | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #at(index: number): number {
    return this.#heap[index]?.atMs ?? Infinity;
  }

  #swap(left: number, right: number): void {
    const one = this.#heap[left];
    const other = this.#heap[right];
    if (one === undefined || other === undefined) return;
    this.#heap[left] = other;
    this.#heap[right] = one;
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #sink(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const smaller = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(smaller) >= this.#at(index)) return;
      this.#swap(smaller, index);
      index = smaller;
    }
  }
}
