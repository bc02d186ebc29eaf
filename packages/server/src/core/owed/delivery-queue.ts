import type { Owed } from "./delivery.ts";

/** Of all that are empty, which most sessions are; never written to. */
const NO_RING: (Owed | undefined)[] = [];

/**
 * Deliveries that wait, first in first out, in a ring that grows by doubling and is let go when empty.
 * It counts bytes and messages; what to do when there are too many is its owner's business.
 */
export class DeliveryQueue {
  #ring: (Owed | undefined)[] = NO_RING;
  #head = 0;
  #first = 0;
  #length = 0;
  #bytes = 0;
  #payloadBytes = 0;

  get length(): number {
    return this.#length;
  }

  /** The place of its head among all that were ever put in: how many have left. */
  get first(): number {
    return this.#first;
  }

  /** The place that the next one gets. */
  get end(): number {
    return this.#first + this.#length;
  }

  /** Bytes of the messages that wait. A message that waits in several queues counts in each. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of their payloads alone. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /** `bytes` is the size of the message that is owed. */
  push(owed: Owed, bytes: number, payloadBytes: number): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = owed;
    this.#length += 1;
    this.#bytes += bytes;
    this.#payloadBytes += payloadBytes;
  }

  peek(): Owed | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  /** Removes the head, whose message has so many bytes. */
  shift(bytes: number, payloadBytes: number): void {
    if (this.#length === 0) return;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length -= 1;
    this.#first += 1;
    this.#bytes -= bytes;
    this.#payloadBytes -= payloadBytes;
    if (this.#length === 0) this.clear();
  }

  /** Keeps something else in the place of each delivery, of the same message. */
  replaceAll(change: (owed: Owed) => Owed): void {
    this.#ring = this.#ring.map((owed) => (owed === undefined ? undefined : change(owed)));
  }

  clear(): void {
    this.#ring = NO_RING;
    this.#head = 0;
    this.#first += this.#length;
    this.#length = 0;
    this.#bytes = 0;
    this.#payloadBytes = 0;
  }

  [Symbol.iterator](): Generator<Owed, void, undefined> {
    return this.between(this.#first, this.end);
  }

  /** Those in the places from `first` to before `end`. */
  *between(first: number, end: number): Generator<Owed, void, undefined> {
    const count = Math.min(end, this.end) - this.#first;
    for (let index = first - this.#first; index < count; index += 1) {
      const owed = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
      if (owed !== undefined) yield owed;
    }
  }

  #grow(): void {
    const larger = new Array<Owed | undefined>(Math.max(8, this.#ring.length * 2)).fill(undefined);
    for (let index = 0; index < this.#length; index += 1) {
      larger[index] = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
    }
    this.#ring = larger;
    this.#head = 0;
  }
}
