import type { Delivery } from "./delivery.ts";

/**
 * Deliveries that wait, first in first out, in a ring that grows by doubling and is let go when empty.
 * It counts bytes and messages; what to do when there are too many is its owner's business.
 */
export class DeliveryQueue {
  #ring: (Delivery | undefined)[] = [];
  #head = 0;
  #length = 0;
  #bytes = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes of the messages that wait. A message that waits in several queues counts in each. */
  get bytes(): number {
    return this.#bytes;
  }

  push(delivery: Delivery): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = delivery;
    this.#length += 1;
    this.#bytes += delivery.message.size;
  }

  peek(): Delivery | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  shift(): Delivery | undefined {
    const delivery = this.peek();
    if (delivery === undefined) return undefined;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length -= 1;
    this.#bytes -= delivery.message.size;
    if (this.#length === 0) this.clear();
    return delivery;
  }

  clear(): void {
    this.#ring = [];
    this.#head = 0;
    this.#length = 0;
    this.#bytes = 0;
  }

  *[Symbol.iterator](): Generator<Delivery, void, undefined> {
    for (let index = 0; index < this.#length; index += 1) {
      const delivery = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
      if (delivery !== undefined) yield delivery;
    }
  }

  #grow(): void {
    const larger = new Array<Delivery | undefined>(Math.max(8, this.#ring.length * 2)).fill(
      undefined,
    );
    for (let index = 0; index < this.#length; index += 1) {
      larger[index] = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
    }
    this.#ring = larger;
    this.#head = 0;
  }
}
