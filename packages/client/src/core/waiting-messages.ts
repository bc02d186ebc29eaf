/** Messages that wait to be sent for the first time, in the order of the caller. Bounded. */
import { MqttQueueFullError } from "./errors.ts";
import { Queue } from "./queue.ts";
import type { PublishRequest } from "./requests.ts";

/** Limits of what waits. */
export interface WaitingLimits {
  /** Messages that may wait to be sent. */
  readonly queueMessagesMax: number;
  /** Bytes of their payloads. */
  readonly queueBytesMax: number;
}

/** Messages that wait to be sent for the first time. */
export class WaitingMessages {
  readonly #limits: WaitingLimits;
  readonly #queue: Queue<PublishRequest> = new Queue();
  #bytes = 0;
  /** How many of the queue nobody waits for any more. They are skipped, and taken out when they are half of it. */
  #givenUp = 0;

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  /** How many wait. */
  get length(): number {
    return this.#queue.length - this.#givenUp;
  }

  /** Lets a message wait; the error when that would exceed a limit. */
  push(request: PublishRequest): MqttQueueFullError | undefined {
    const { queueMessagesMax, queueBytesMax } = this.#limits;
    const { length } = request.payload;
    if (this.length >= queueMessagesMax) {
      const message = `${this.length} messages wait to be sent, the limit (queueMessagesMax)`;
      return new MqttQueueFullError(message);
    }
    if (this.#bytes + length > queueBytesMax) {
      const free = `${queueBytesMax - this.#bytes} of ${queueBytesMax} (queueBytesMax) are free`;
      return new MqttQueueFullError(`a payload of ${length} bytes cannot wait to be sent: ${free}`);
    }
    this.#take(request);
    this.#queue.push(request);
    return undefined;
  }

  /** The one that has waited longest. It stays where it is until `shift`. */
  peek(): PublishRequest | undefined {
    let { first } = this.#queue;
    while (first?.isWaiting === false) {
      this.#queue.shift();
      this.#givenUp -= 1;
      ({ first } = this.#queue);
    }
    return first;
  }

  /** Takes out what `peek` gave. */
  shift(): void {
    const request = this.#queue.shift();
    if (request !== undefined) this.#release(request);
  }

  /** Nobody waits for this message any more, so it takes no place. Does nothing if it is not here. */
  giveUp(request: PublishRequest): void {
    if (!request.isWaiting) return;
    this.#release(request);
    this.#givenUp += 1;
    if (this.#givenUp * 2 <= this.#queue.length) return;
    this.#queue.prepend(this.#queue.takeAll().filter(({ isWaiting }) => isWaiting));
    this.#givenUp = 0;
  }

  /** Puts messages before all others; they were in flight and so were counted before. */
  prepend(requests: readonly PublishRequest[]): void {
    for (const request of requests) this.#take(request);
    this.#queue.prepend(requests);
  }

  /** Takes all out. */
  takeAll(): readonly PublishRequest[] {
    const requests = this.#queue.takeAll().filter(({ isWaiting }) => isWaiting);
    for (const request of requests) this.#release(request);
    this.#givenUp = 0;
    return requests;
  }

  #take(request: PublishRequest): void {
    request.isWaiting = true;
    this.#bytes += request.payload.length;
  }

  #release(request: PublishRequest): void {
    request.isWaiting = false;
    this.#bytes -= request.payload.length;
  }
}
