/**
 * The same as `receiver.ts` with a Map in place of its table: what browsers load. One set of tests holds both to
 * the same.
 */
import { requirePacketIdentifier } from "./packet-identifiers.ts";
import type { Receiver as FullReceiver } from "./receiver.ts";

/** As in `receiver.ts`, method by method. */
export class Receiver implements Omit<FullReceiver, never> {
  readonly #open: Map<number, number> = new Map();

  get size(): number {
    return this.#open.size;
  }

  receive(identifier: number, content = 0): boolean {
    requirePacketIdentifier(identifier);
    if (this.has(identifier)) return false;
    this.#open.set(identifier, content);
    return true;
  }

  release(identifier: number): boolean {
    return this.#open.delete(identifier);
  }

  has(identifier: number): boolean {
    return this.#open.has(identifier);
  }

  contentOf(identifier: number): number {
    return this.#open.get(identifier) ?? 0;
  }

  replaceContent(identifier: number, content: number): void {
    if (this.has(identifier)) this.#open.set(identifier, content);
  }

  *identifiers(): Generator<number, void, undefined> {
    yield* this.#open.keys();
  }

  restore(identifier: number, content = 0): void {
    this.receive(identifier, content);
  }

  clear(): void {
    this.#open.clear();
  }

  /** Nothing here can contradict itself. */
  invariants(): void {}
}
