/** The connections that are open, of any carrier. */
export class OpenConnections {
  readonly #open: Set<{ cut(): void }> = new Set();
  #whenNone: (() => void) | undefined;

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  add(connection: { cut(): void }): void {
    this.#open.add(connection);
  }

  delete(connection: { cut(): void }): void {
    this.#open.delete(connection);
    if (this.isEmpty) this.#whenNone?.();
  }

  /** Resolves when none is open any more. */
  allClosed(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenNone = resolve;
    });
  }

  /** Ends all at once. */
  cutAll(): void {
    for (const connection of this.#open) connection.cut();
  }
}
