/**
 * The same as `receiver.ts` with a Set in place of its table: what browsers load. One set of tests holds both to
 * the same.
 */
import { requirePacketIdentifier } from "./packet-identifiers.ts";
import type { Receiver as FullReceiver } from "./receiver.ts";

/** As in `receiver.ts`, method by method. */
export class Receiver implements Omit<FullReceiver, never> {
  readonly #open: Set<number> = new Set();

  get size(): number {
    return this.#open.size;
  }

  receive(identifier: number): boolean {
    requirePacketIdentifier(identifier);
    const isNew = !this.has(identifier);
    this.#open.add(identifier);
    return isNew;
  }

  release(identifier: number): boolean {
    return this.#open.delete(identifier);
  }

  has(identifier: number): boolean {
    return this.#open.has(identifier);
  }

  *identifiers(): Generator<number, void, undefined> {
    yield* this.#open;
  }

  restore(identifier: number): void {
    this.receive(identifier);
  }

  clear(): void {
    this.#open.clear();
  }

  /** Nothing here can contradict itself. */
  invariants(): void {}
}
