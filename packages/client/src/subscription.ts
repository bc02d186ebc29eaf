/** A subscription as the application has it: await it, iterate over it, end it. */
import type { QoS, SubackPacket, UserProperties } from "@anax/protocol";
import { MqttDisconnectedError, MqttReasonError, serverError } from "./core/errors.ts";
import { makeInspectable } from "./core/inspecting.ts";
import type { Message } from "./core/message.ts";
import type { SubscribeFields } from "./core/requests.ts";
import type { TopicTarget } from "./core/topic-router.ts";
import { deferred } from "./deferred.ts";
import type { Deferred } from "./deferred.ts";
import { MessageBuffer } from "./message-buffer.ts";
import type { SubscribeOptions, UnsubscribeResult } from "./options.ts";
import { callInLaterTurn } from "./platform.ts";

/** Takes the messages of a subscription; a promise that it gives is not waited for. */
export type MessageHandler = (message: Message) => unknown;

/** What the server granted. */
export interface SubscriptionResult {
  /** One per Topic Filter, in their order: the QoS granted. */
  readonly reasonCodes: readonly number[];
  /** The QoS that all filters were granted, at least. */
  readonly grantedQos: QoS;
  readonly reasonString?: string;
  readonly userProperties?: UserProperties;
}

/** What a subscription needs of the client. */
export interface SubscriptionOwner {
  /** Ends the subscription at the server, unless another one has the same filter. */
  leave(subscription: ClientSubscription): Promise<UnsubscribeResult>;
  /** Hands a message to the application's handler, from which nothing is thrown. */
  handOver(handler: MessageHandler, message: Message): void;
  /** Reports a failure that nobody waits for. */
  report(error: unknown): void;
  /** Whether a subscription that was granted before is asked for again when it is refused by this code. */
  mayAskAgain(reasonCode: number): boolean;
}

/** How a subscription began. */
export interface SubscriptionStart {
  readonly owner: SubscriptionOwner;
  readonly request: SubscribeFields;
  readonly handler: MessageHandler | undefined;
  readonly options: SubscribeOptions;
}

/** What the server said to some filters of a subscription. */
interface Answer {
  readonly filters: readonly string[];
  readonly reasonCodes: readonly number[];
  readonly properties: NonNullable<SubackPacket["properties"]>;
}

/** Of so many topics it is remembered that their retained messages have come. */
const RETAINED_TOPICS_MAX = 10_000;

/** Messages that wait for a loop by default: enough for a burst, little enough to be forgotten. */
const BUFFER_MESSAGES_DEFAULT = 1_000;

/**
 * One or more Topic Filters that were subscribed to together.
 *
 * - `await` it for what the server granted; it rejects with `MqttReasonError` if any filter was refused.
 * - `for await` over it for its messages; leaving the loop unsubscribes.
 * - `unsubscribe()`, or `await using`, ends it.
 *
 * It outlives connections: after a reconnect the client makes it anew if the server has forgotten it.
 */
export interface Subscription
  extends PromiseLike<SubscriptionResult>, AsyncIterable<Message, undefined>, AsyncDisposable {
  /** The Topic Filters that it still has. */
  readonly topicFilters: readonly string[];
  /** Its Subscription Identifier, if it was given one. */
  readonly subscriptionIdentifier: number | undefined;
  /** Messages that were dropped because the loop was too slow. */
  readonly droppedMessages: number;
  /** Whether it is over. */
  readonly isEnded: boolean;
  /** Why it is over: what the server refused it by, or the reason of its signal. Undefined when it was left in order. */
  readonly endReason: unknown;
  /** Topic Filters that the server refused when they were asked for again, and that will be asked for once more. */
  readonly refusedFilters: readonly string[];
  /**
   * Ends it. Resolves when the server has answered, or at once while there is no connection: then the server
   * is told on the next one.
   * @throws MqttReasonError when the server refuses
   */
  unsubscribe(): Promise<UnsubscribeResult>;
  /** For `JSON.stringify`. */
  toJSON(): object;
}

/** A subscription as the client has it; what the application sees is told at `Subscription`. */
export class ClientSubscription implements Subscription, TopicTarget {
  readonly #owner: SubscriptionOwner;
  readonly #handler: MessageHandler | undefined;
  readonly #options: SubscribeOptions;
  readonly #granted: Deferred<SubscriptionResult> = deferred();
  #request: SubscribeFields;
  #buffer: MessageBuffer | undefined;
  #isAwaited = false;
  #isGranted = false;
  /** The last answer for each filter: the QoS granted, or a Reason Code of 0x80 or above. */
  readonly #codes: Map<string, number> = new Map();
  #answerProperties: Answer["properties"] = {};
  /** Topics whose retained message has come. */
  readonly #retainedTopics: Set<string> = new Set();
  #isShared = false;
  readonly #isRetainAsPublished: boolean;
  #endReason: unknown;
  #isEnded = false;
  #dropped = 0;

  /** Made by `MqttClient.subscribe`. */
  constructor({ owner, request, handler, options }: SubscriptionStart) {
    this.#owner = owner;
    this.#request = request;
    this.#handler = handler;
    this.#isRetainAsPublished = request.subscriptions.some((one) => one.retainAsPublished);
    this.#options = options;
    options.signal?.addEventListener("abort", this.abort);
    // Kept from the start, so that what comes with SUBACK is not lost before the loop begins.
    if (handler === undefined) this.#buffer = this.#newBuffer();
  }

  /** The Topic Filters that it still has. */
  get topicFilters(): readonly string[] {
    return this.#request.subscriptions.map(({ topicFilter }) => topicFilter);
  }

  /** Its Subscription Identifier, if it was given one. */
  get subscriptionIdentifier(): number | undefined {
    return this.#options.subscriptionIdentifier;
  }

  /** Messages that were dropped because the loop was too slow. */
  get droppedMessages(): number {
    return this.#dropped;
  }

  /** Whether it is over. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Why it is over: what the server refused it by, or the reason of its signal. Undefined when it was left in order. */
  get endReason(): unknown {
    return this.#endReason;
  }

  /** Topic Filters that the server refused when they were asked for again, and that will be asked for once more. */
  get refusedFilters(): readonly string[] {
    return this.topicFilters.filter((filter) => (this.#codes.get(filter) ?? 0) >= 0x80);
  }

  /** Waits for the server's answer. */
  // oxlint-disable-next-line unicorn/no-thenable -- awaiting a subscription is what it is for
  readonly then: Promise<SubscriptionResult>["then"] = (onFulfilled, onRejected) => {
    this.#isAwaited = true;
    return this.#granted.promise.then(onFulfilled, onRejected);
  };

  /** Its messages, from the first on. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    this.#isAwaited = true;
    const buffer = (this.#buffer ??= this.#newBuffer());
    return {
      next: () => buffer.next(),
      return: async () => {
        if (!this.#isEnded) await this.unsubscribe();
        return { done: true, value: undefined };
      },
    };
  }

  /**
   * Ends it. Resolves when the server has answered, or at once while there is no connection: then the server
   * is told on the next one.
   * @throws MqttReasonError when the server refuses
   */
  unsubscribe(): Promise<UnsubscribeResult> {
    this.end();
    return this.#owner.leave(this);
  }

  /** The same, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isEnded) await this.unsubscribe();
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    const { topicFilters, isGranted, isEnded, droppedMessages } = this;
    return { topicFilters, isGranted, isEnded, droppedMessages };
  }

  /** Its signal was aborted. */
  readonly abort = (): void => {
    this.end(this.#options.signal?.reason);
    this.#leaveQuietly();
  };

  /** The server did not answer in time; it is told, in case that it has granted it. */
  giveUp(error: unknown): void {
    this.refused(error);
    this.#leaveQuietly();
  }

  /** Settled when the server has answered for the first time, or it has ended before. */
  get granted(): Promise<unknown> {
    return this.#granted.promise;
  }

  /** What to ask of the server, now or on another connection. */
  get request(): SubscribeFields {
    return this.#request;
  }

  /** Whether the server has granted it on some connection. */
  get isGranted(): boolean {
    return this.#isGranted;
  }

  /** Another subscription has the server send retained messages once more that this one has had. */
  share(): void {
    this.#isShared = true;
  }

  /** It is made anew, and with it come the retained messages. */
  forgetRetained(): void {
    this.#retainedTopics.clear();
  }

  /** A message came; false when it is not wanted. */
  deliver(message: Message): boolean {
    if (message.retain && !this.#isNewRetained(message.topic)) return false;
    if (this.#handler !== undefined) this.#owner.handOver(this.#handler, message);
    const result = this.#buffer?.push(message);
    if (result === "dropped") this.#dropped += 1;
    else if (result === "overflowed") this.#leaveQuietly();
    return true;
  }

  /**
   * SUBACK came for these filters. Those that are refused are given up, the others go on. No more is granted
   * than was asked for here, whatever others have asked of the same filter.
   */
  answered(asked: readonly string[], { reasonCodes, properties }: SubackPacket): void {
    if (this.#isEnded) return;
    const before = new Map(this.#codes);
    this.#answerProperties = { ...this.#answerProperties, ...properties };
    asked.forEach((topicFilter, index) => {
      const code = reasonCodes[index] ?? 0x80;
      const { qos = 0 } =
        this.#request.subscriptions.find((one) => one.topicFilter === topicFilter) ?? {};
      this.#codes.set(topicFilter, code < 0x80 ? Math.min(code, qos) : code);
    });
    const filters = this.#isGranted ? asked : this.topicFilters;
    // Filters that need Subscription Identifiers of their own are asked for in several packets.
    if (filters.some((filter) => !this.#codes.has(filter))) return;
    const answer = {
      filters,
      reasonCodes: filters.map((filter) => this.#codes.get(filter) ?? 0x80),
      properties: this.#answerProperties,
    };
    this.#answerProperties = {};
    if (this.#isGranted) this.#answeredAgain(answer, before);
    else this.#answeredFirst(answer);
  }

  #answeredFirst(answer: Answer): void {
    const { reasonCodes, properties } = answer;
    const refused = reasonCodes.find((code) => code >= 0x80);
    if (refused === undefined) {
      this.#isGranted = true;
      const grantedQos = lowestQos(reasonCodes);
      this.#granted.resolve({ reasonCodes, grantedQos, ...properties });
      return;
    }
    this.#isGranted = this.keepFilters((filter) => (this.#codes.get(filter) ?? 0) < 0x80);
    this.refused(refusal(answer, refused));
  }

  /** Nobody awaits the answer on a later connection, so what is worse than before is told by an event. */
  #answeredAgain(answer: Answer, before: ReadonlyMap<string, number>): void {
    const worse = answer.reasonCodes.find((code, index) => {
      const earlier = before.get(answer.filters[index] ?? "") ?? 0;
      return code >= 0x80 ? code !== earlier : code < earlier && earlier < 0x80;
    });
    if (worse === undefined) return;
    const error = refusal(answer, worse);
    const isLeft = this.keepFilters((filter) => {
      const code = this.#codes.get(filter) ?? 0;
      return code < 0x80 || this.#owner.mayAskAgain(code);
    });
    this.#owner.report(error);
    if (!isLeft) this.end(error);
  }

  /** It could not be asked for. */
  failed(error: unknown): void {
    if (!this.#isGranted) this.refused(error);
    // That the client gives up is told by other means.
    else if (!this.#isEnded && !(error instanceof MqttDisconnectedError)) {
      this.#owner.report(error);
      this.end(error);
    }
  }

  /** It could not be made, or not in full. */
  refused(error: unknown): void {
    this.#granted.reject(error);
    this.#reportUnlessAwaited(error);
    if (!this.#isGranted) this.end(error);
  }

  /** A call that fails at once is awaited some steps after it has returned. */
  #reportUnlessAwaited(error: unknown): void {
    if (this.#isAwaited) return;
    callInLaterTurn(() => {
      if (!this.#isAwaited) this.#owner.report(error);
    });
  }

  /** Gives up the filters that are not kept; false when none is left. */
  keepFilters(isKept: (topicFilter: string) => boolean): boolean {
    const subscriptions = this.#request.subscriptions.filter((one) => isKept(one.topicFilter));
    this.#request = { ...this.#request, subscriptions };
    return subscriptions.length > 0;
  }

  /** It is over: by an error, or because the application said so. */
  end(error?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#endReason = error;
    this.#options.signal?.removeEventListener("abort", this.abort);
    if (!this.#isGranted)
      this.#granted.reject(error ?? new MqttDisconnectedError("the subscription was ended"));
    this.#buffer?.finish(error);
  }

  /** With Retain As Published nothing tells whether a message is an old one. */
  #isNewRetained(topic: string): boolean {
    if (this.#isRetainAsPublished) return true;
    if (this.#retainedTopics.has(topic)) return !this.#isShared;
    if (this.#retainedTopics.size < RETAINED_TOPICS_MAX) this.#retainedTopics.add(topic);
    return true;
  }

  #newBuffer(): MessageBuffer {
    const { bufferMessagesMax = BUFFER_MESSAGES_DEFAULT, overflow = "dropOldest" } = this.#options;
    const buffer = new MessageBuffer(bufferMessagesMax, overflow);
    if (this.#isEnded) buffer.finish();
    return buffer;
  }

  #leaveQuietly(): void {
    this.unsubscribe().catch((error: unknown) => this.#owner.report(error));
  }
}

makeInspectable(ClientSubscription.prototype, "Subscription");

/** The error for an answer with a code that is a refusal, or a lower QoS than before. */
function refusal(answer: Answer, code: number): MqttReasonError {
  const filter = answer.filters[answer.reasonCodes.indexOf(code)];
  if (code >= 0x80) {
    const what = `refused the subscription to ${filter}`;
    return serverError(MqttReasonError, what, { ...answer, reasonCode: code });
  }
  const { properties, ...codes } = answer;
  const text = `the server grants a lower QoS than before to ${filter}: QoS ${code}`;
  return new MqttReasonError(text, { ...properties, ...codes, reasonCode: code });
}

function lowestQos(reasonCodes: readonly number[]): QoS {
  const lowest = Math.min(2, ...reasonCodes);
  return lowest === 0 || lowest === 1 ? lowest : 2;
}
