/** Messages between the client, which gets them, and a `for await` loop, which takes them. Bounded. */
import { MqttQueueFullError } from "./core/errors.ts";
import type { Message } from "./core/message.ts";
import { Queue } from "./core/queue.ts";
import type { OverflowPolicy } from "./options.ts";

interface Waiter {
  readonly resolve: (result: IteratorResult<Message, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Whether a message found a place. */
export type PushResult = "kept" | "dropped" | "overflowed";

/** Messages that wait for a `for await` loop. */
export class MessageBuffer {
  readonly #limit: number;
  readonly #policy: OverflowPolicy;
  readonly #messages: Queue<Message> = new Queue();
  #waiters: Waiter[] = [];
  #end: { readonly error: unknown } | undefined;

  constructor(limit: number, policy: OverflowPolicy) {
    this.#limit = limit;
    this.#policy = policy;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#messages.length;
  }

  /** Gives the message to a loop that waits, or keeps it. */
  push(message: Message): PushResult {
    if (this.#end !== undefined) return "dropped";
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: message });
      return "kept";
    }
    if (this.length < this.#limit) {
      this.#messages.push(message);
      return "kept";
    }
    return this.#overflow(message);
  }

  /** The next message; done at the end. Rejects when the end came by an error. */
  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    const end = this.#end;
    if (end !== undefined) return this.#ended(end.error);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** No more messages come. Those that wait are still given, then the error if there is one. */
  finish(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    // Whoever waits, waits because there is no message.
    for (const { resolve, reject } of this.#waiters.splice(0)) this.next().then(resolve, reject);
  }

  /** An error is told once; whoever asks again finds an ordinary end. */
  #ended(error: unknown): Promise<IteratorResult<Message, undefined>> {
    this.#end = { error: undefined };
    return error === undefined
      ? Promise.resolve({ done: true, value: undefined })
      : Promise.reject(error);
  }

  #overflow(message: Message): PushResult {
    if (this.#policy === "dropNewest" || this.#limit === 0) return "dropped";
    if (this.#policy === "dropOldest") {
      this.#messages.shift();
      this.#messages.push(message);
      return "dropped";
    }
    this.finish(new MqttQueueFullError(`${this.#limit} messages wait to be taken, the limit`));
    return "overflowed";
  }
}
