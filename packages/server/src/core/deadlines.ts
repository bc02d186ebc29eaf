/** A moment at which something is to be done. Hold it to cancel it. */
export interface Deadline {
  readonly atMs: number;
}

/** A deadline, whatever it is about. */
interface Pending<Context> extends Deadline {
  readonly isPending: boolean;
  cancel(): void;
  do(context: Context): void;
}

/** What is to be done, and to what: a device has one always, which is why it is no closure. */
class Due<Context, Subject> implements Pending<Context> {
  readonly atMs: number;
  /** Undefined once it was done or cancelled. */
  #run: ((context: Context, subject: Subject) => void) | undefined;
  readonly #subject: Subject;

  constructor(atMs: number, run: (context: Context, subject: Subject) => void, subject: Subject) {
    this.atMs = atMs;
    this.#run = run;
    this.#subject = subject;
  }

  get isPending(): boolean {
    return this.#run !== undefined;
  }

  cancel(): void {
    this.#run = undefined;
  }

  do(context: Context): void {
    const run = this.#run;
    this.#run = undefined;
    run?.(context, this.#subject);
  }
}

/**
 * Everything that waits for a time, in one binary heap ordered by time, so that one timer serves
 * them all. A cancelled deadline stays in the heap until its time comes or half of the heap is
 * cancelled ones: cancelling is then cheap, and memory stays bounded.
 */
export class Deadlines<Context = undefined> {
  #heap: Pending<Context>[] = [];
  #cancelled = 0;
  readonly #context: Context;

  /** `context`: what all that is done here is given. */
  constructor(context: Context) {
    this.#context = context;
  }

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
    return this.addFor(undefined, atMs, run);
  }

  /** As `add`, for a function that many share: it is given the context and the subject. */
  addFor<Subject>(
    subject: Subject,
    atMs: number,
    run: (context: Context, subject: Subject) => void,
  ): Deadline {
    const due = new Due(atMs, run, subject);
    this.#heap.push(due);
    this.#rise(this.#heap.length - 1);
    return due;
  }

  /** Forgets everything that waits. */
  clear(): void {
    for (const due of this.#heap) due.cancel();
    this.#heap = [];
    this.#cancelled = 0;
  }

  cancel(deadline: Deadline | undefined): void {
    if (!(deadline instanceof Due) || !deadline.isPending) return;
    deadline.cancel();
    this.#cancelled += 1;
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /**
   * Does what is due at `nowMs`, in order of time, until `isEnough` says so. What it adds itself waits for the next call unless
   * due.
   */
  runDue(nowMs: number, isEnough: () => boolean = () => false): void {
    while (this.next <= nowMs) {
      this.#removeFirst()?.do(this.#context);
      if (isEnough()) return;
    }
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0]?.isPending === false) {
      this.#removeFirst();
      this.#cancelled -= 1;
    }
  }

  #compact(): void {
    const live = this.#heap.filter((due) => due.isPending);
    this.#heap = live.sort((left, right) => left.atMs - right.atMs);
    this.#cancelled = 0;
  }

  #removeFirst(): Pending<Context> | undefined {
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
