import { MqttConfigurationError } from "@anax/protocol";
import type { ApplicationMessage } from "../core/message/application-message.ts";
import type { Delivery } from "../core/owed/delivery.ts";
import { subscribeInternally } from "../core/management/internal-subscription.ts";
import type { InternalSubscription } from "../core/management/internal-subscription.ts";
import type { GivenRun, MessageReceiver } from "../core/owed/message-receiver.ts";
import { retainedMatching } from "../core/management/retained-changes.ts";
import { applicationMessageOf } from "../core/message/message.ts";
import type { Message } from "../core/message/message.ts";
import type { ServerCore } from "../core/server-core.ts";
import type { RulesFor } from "@anax/protocol";
import { checked } from "../checking/rules.ts";
import { makeInspectable } from "../core/inspecting.ts";
import { MqttBufferOverflowError } from "../errors.ts";
import { nextTurn } from "../platform.ts";

/** Steps over the retained messages before others get a turn. */
const STEPS_AT_ONCE = 4_096;

/** How the program itself subscribes. */
export interface InternalSubscriptionOptions {
  /** Messages that wait to be taken. Default 1000. */
  readonly bufferMessagesMax?: number;
  /** Bytes of these; an empty buffer takes one message of any size. Default 16 MiB. */
  readonly bufferBytesMax?: number;
  /** What happens to one message too many; `fail` ends the subscription with `MqttBufferOverflowError`. Default "dropOldest". */
  readonly overflow?: "dropOldest" | "dropNewest" | "fail";
  /** Whether retained messages come first, with `retain` true. Default true. */
  readonly retained?: boolean;
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

/** A message as the program gets it that has subscribed. */
export interface ReceivedApplicationMessage extends ApplicationMessage {
  /** Client Identifier of the publisher; empty if the server published it. */
  readonly senderClientId: string;
}

type Waiting = (result: IteratorResult<ReceivedApplicationMessage, undefined>) => void;

/** Messages that match a filter, for `for await`. Leaving the loop ends the subscription. */
export class MessageStream
  implements
    AsyncIterableIterator<ReceivedApplicationMessage, undefined>,
    AsyncDisposable,
    MessageReceiver
{
  /** Messages that did not fit. */
  dropped = 0;
  readonly #settings: Required<Omit<InternalSubscriptionOptions, "signal">>;
  readonly #signal: AbortSignal | undefined;
  readonly #subscription: InternalSubscription;
  readonly #buffer: Message[] = [];
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  #retained: Iterator<ApplicationMessage | undefined> | undefined;
  #error: Error | undefined;
  #isEnded = false;
  readonly #whenEnded: (stream: MessageStream) => void;

  /** Throws `ProtocolError` for a filter that is not valid, `MqttConfigurationError` for options that are not. */
  constructor(
    core: ServerCore,
    filter: string,
    options: InternalSubscriptionOptions,
    whenEnded: (stream: MessageStream) => void,
  ) {
    const { signal, ...given } = checked("subscribe", options, STREAM_RULES);
    requireText(filter);
    this.#settings = { ...DEFAULTS, ...given };
    this.#signal = signal;
    this.#whenEnded = whenEnded;
    this.#subscription = subscribeInternally(core, filter, this);
    const { topicFilter, isShared } = this.#subscription;
    const wantsRetained = this.#settings.retained && !isShared;
    if (wantsRetained) this.#retained = retainedMatching(core, topicFilter);
    if (signal?.aborted === true) this.end();
    signal?.addEventListener("abort", this.#abort);
  }

  /** True once it has ended; what has come may still be there. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  readonly #abort = (): void => this.end();

  /** Called by the core for each message. */
  take({ message, retain }: Delivery): boolean {
    return this.#take(message, retain);
  }

  /** Called by the core for many at once: each is an object here all the same. */
  takeRun({ run, from, to }: GivenRun): void {
    for (let index = from; index < to && !this.#isEnded; index += 1)
      this.#take(run.message(index), false);
  }

  #take(message: Message, retain: boolean): boolean {
    if (this.#isEnded) return false;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ done: false, value: received(message, retain) });
      return true;
    }
    if (this.#isFull(message)) return this.#overflow(message);
    this.#push(message);
    return true;
  }

  #isFull({ size }: Message): boolean {
    const { bufferMessagesMax, bufferBytesMax } = this.#settings;
    if (this.#buffer.length === 0) return false;
    return this.#buffer.length >= bufferMessagesMax || this.#bytes + size > bufferBytesMax;
  }

  #overflow(message: Message): boolean {
    const { overflow } = this.#settings;
    if (overflow === "dropOldest") {
      while (this.#isFull(message)) this.#drop(this.#buffer.shift());
      this.#push(message);
      return true;
    }
    this.dropped += 1;
    if (overflow === "fail") {
      this.#error = new MqttBufferOverflowError(`${this.#buffer.length} messages wait already`);
      this.end();
    }
    return false;
  }

  #push(message: Message): void {
    // Of its own: what the journal has of a message may be gone before this one is taken.
    this.#buffer.push(message.clone());
    this.#bytes += message.size;
  }

  #drop(message: Message | undefined): void {
    this.dropped += 1;
    this.#bytes -= message?.size ?? 0;
  }

  async next(): Promise<IteratorResult<ReceivedApplicationMessage, undefined>> {
    const stored = await this.#nextRetained();
    if (stored !== undefined)
      return { done: false, value: Object.assign(stored, { senderClientId: "" }) };
    const message = this.#buffer.shift();
    if (message !== undefined) {
      this.#bytes -= message.size;
      return { done: false, value: received(message, false) };
    }
    if (this.#error !== undefined) throw this.#takeError(this.#error);
    if (this.#isEnded) return { done: true, value: undefined };
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #takeError(error: Error): Error {
    this.#error = undefined;
    return error;
  }

  async #nextRetained(): Promise<ApplicationMessage | undefined> {
    for (let steps = 1; this.#retained !== undefined; steps += 1) {
      const next = this.#retained.next();
      if (next.done === true || this.#isEnded) this.#retained = undefined;
      else if (next.value !== undefined) return Object.assign(next.value, { retain: true });
      if (steps % STEPS_AT_ONCE === 0) await nextTurn();
    }
    return undefined;
  }

  /** Subscribes no more. What has come may still be taken. Idempotent. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#subscription.close();
    this.#signal?.removeEventListener("abort", this.#abort);
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
    this.#whenEnded(this);
  }

  /** Ends the subscription and forgets what has come; `break` in a loop calls it. */
  async return(): Promise<IteratorResult<ReceivedApplicationMessage, undefined>> {
    this.end();
    this.#buffer.length = 0;
    this.#bytes = 0;
    return { done: true, value: undefined };
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    const { isEnded, dropped } = this;
    return { isEnded, dropped };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

/** A filter that is text may still be wrong; that is judged where subscriptions are. */
function requireText(filter: unknown): void {
  if (typeof filter === "string") return;
  throw new MqttConfigurationError(
    `subscribe: the Topic Filter is of type ${typeof filter}, not text`,
  );
}

const COUNT_MAX = Number.MAX_SAFE_INTEGER;

const STREAM_RULES: RulesFor<InternalSubscriptionOptions> = {
  bufferMessagesMax: [0, COUNT_MAX],
  bufferBytesMax: [0, COUNT_MAX],
  overflow: new Set(["dropOldest", "dropNewest", "fail"]),
  retained: "boolean",
  signal: "AbortSignal",
};

const DEFAULTS = {
  bufferMessagesMax: 1_000, // as a client's queue
  bufferBytesMax: 16_777_216, // a thousand messages of 16 KB
  overflow: "dropOldest",
  retained: true,
} as const;

function received(message: Message, retain: boolean): ReceivedApplicationMessage {
  const { clientId: senderClientId } = message;
  return Object.assign(applicationMessageOf(message), { retain, senderClientId });
}

makeInspectable(MessageStream.prototype, "MessageStream");
