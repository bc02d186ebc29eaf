/**
 * Bounds how much is on its way: publishing waits when too many messages, or too many bytes, are not
 * acknowledged. So a fast source is read no faster than the server takes it.
 */

/** Enough to fill a fast link. */
const MESSAGES_MAX = 1_000;
const BYTES_MAX = 16_777_216;

/** Messages that were handed to the client and are not done yet. */
export class PublishWindow {
  #messages = 0;
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;
  #waiting: (() => void) | undefined;

  /** Takes in a message; resolves when there is room for another. Rejects with the first failure of any. */
  async add(published: Promise<unknown>, bytes: number): Promise<void> {
    this.#messages += 1;
    this.#bytes += bytes;
    published.then(
      () => this.#done(bytes),
      (error: unknown) => {
        this.#failure ??= { error };
        this.#done(bytes);
      },
    );
    await this.#until(() => this.#messages < MESSAGES_MAX && this.#bytes < BYTES_MAX);
  }

  /** Resolves when all are done. Rejects with the first failure of any. */
  async drain(): Promise<void> {
    await this.#until(() => this.#messages === 0);
  }

  #done(bytes: number): void {
    this.#messages -= 1;
    this.#bytes -= bytes;
    const wake = this.#waiting;
    this.#waiting = undefined;
    wake?.();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (this.#failure === undefined && !condition()) {
      await new Promise<void>((resolve) => (this.#waiting = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
