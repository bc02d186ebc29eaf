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
  #held: { bytes: Uint8Array; copy: Uint8Array } | undefined;
  /** Bytes that were written, arrived or not. */
  written = 0;

  /** True if a write was refused and has not arrived. */
  get isCongested(): boolean {
    return this.#held !== undefined;
  }

  write(bytes: Uint8Array): boolean {
    if (this.isEnded) throw new Error("a write behind the end");
    const isClosing = this.isDestroyed;
    this.written += bytes.length;
    if (isClosing) return true;
    if (this.#held !== undefined) {
      // Only the last words of a connection may follow a write that was refused.
      this.#held = { bytes: join(this.#held.bytes, bytes), copy: join(this.#held.copy, bytes) };
      return false;
    }
    const copy = bytes.slice();
    if (this.isFrozen) {
      this.#held = { bytes, copy };
      return false;
    }
    this.arrived.push(copy);
    return true;
  }

  /** Lets what was held back arrive. The array was the wire's own since, so it must be unchanged. */
  thaw(): void {
    this.isFrozen = false;
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    if (!held.bytes.every((byte, index) => byte === held.copy[index])) {
      throw new Error("bytes that belonged to the wire were overwritten");
    }
    this.arrived.push(held.copy);
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

function join(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
