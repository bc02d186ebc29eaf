import { joined } from "../../src/core/wire.ts";
import type { Wire } from "../../src/core/wire.ts";

/**
 * A wire into the hands of a test: it collects what is written, and the test says when it is
 * congested. It holds the core to the contract of `Wire`: an array that it gave away stays as it
 * is, and nothing is written behind the end.
 */
export class ScriptedWire implements Wire {
  /** What the peer has got and not looked at. */
  arrived: Uint8Array[] = [];
  isPaused = false;
  isEnded = false;
  isDestroyed = false;
  /** While true the peer reads nothing: one write is taken, and nothing of it arrives. */
  isFrozen = false;
  /** Bytes of a message that is not whole yet, of a wire that gathers. */
  gathered = 0;
  #held: { bytes: Uint8Array; copy: Uint8Array }[] = [];
  /** Bytes that were written, arrived or not. */
  written = 0;

  /** True if a write was refused and has not arrived. */
  get isCongested(): boolean {
    return this.#held.length > 0;
  }

  write(bytes: Uint8Array): boolean {
    return this.writePieces([bytes]);
  }

  writePieces(pieces: readonly Uint8Array[]): boolean {
    if (this.isEnded) throw new Error("a write behind the end");
    for (const bytes of pieces) this.written += bytes.length;
    if (this.isDestroyed) return true;
    // Only the last words of a connection may follow a write that was refused.
    const isTaken = !this.isFrozen && !this.isCongested;
    if (isTaken) this.arrived.push(joined(pieces));
    else for (const bytes of pieces) this.#held.push({ bytes, copy: bytes.slice() });
    return isTaken;
  }

  /** Lets what was held back arrive. The array was the wire's own since, so it must be unchanged. */
  thaw(): void {
    this.isFrozen = false;
    const held = this.#held;
    this.#held = [];
    for (const { bytes, copy } of held)
      if (!bytes.every((byte, index) => byte === copy[index]))
        throw new Error("bytes that belonged to the wire were overwritten");
    if (held.length > 0) this.arrived.push(joined(held.map(({ copy }) => copy)));
  }

  gatheredBytes(): number {
    return this.gathered;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}
