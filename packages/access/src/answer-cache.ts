/** What was answered, for a time; the oldest is given up first. */
export class AnswerCache<Answer> {
  readonly #entriesMax: number;
  readonly #entries = new Map<string, { readonly answer: Answer; readonly endsAtMs: number }>();

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, nowMs: number): Answer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.endsAtMs > nowMs) return entry.answer;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, answer: Answer, endsAtMs: number): void {
    // To the end of the order.
    this.#entries.delete(key);
    this.#entries.set(key, { answer, endsAtMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#entriesMax) break;
      this.#entries.delete(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}
