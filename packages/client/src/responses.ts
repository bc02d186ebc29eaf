/** Requests that another client answers: a Response Topic, and Correlation Data that tell which answer is whose [4.10]. */
import type { ProtocolVersion } from "@anax/protocol";
import type { Clock } from "./clock.ts";
import type { ConnectResult } from "./core/connect-result.ts";
import { MqttReasonError, MqttTimeoutError } from "./core/errors.ts";
import type { Message } from "./core/message.ts";
import { deferred } from "./deferred.ts";
import type { Deferred } from "./deferred.ts";
import { ASK_RULES } from "./option-rules.ts";
import type { AskOptions, PublishOptions, PublishResult, SubscribeOptions } from "./options.ts";
import type { MessageHandler, Subscription } from "./subscription.ts";
import { requireOptions, requireVersion5 } from "./validation.ts";

const CORRELATION_BYTES = 8;
const TIMEOUT_MS_DEFAULT = 10_000;
const NO_MATCHING_SUBSCRIBERS = 0x10;

/** What requests need of the client. */
export interface ResponsesClient {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly connectResult: ConnectResult | undefined;
  subscribe(topic: string, handler: MessageHandler, options: SubscribeOptions): Subscription;
  publish(
    topic: string,
    payload: string | Uint8Array | undefined,
    options: PublishOptions,
  ): Promise<PublishResult>;
}

/** The requests that wait for their answer. */
export class Responses {
  readonly #client: ResponsesClient;
  readonly #clock: Clock;
  readonly #waiting: Map<string, Deferred<Message>> = new Map();
  /** By their Response Topic; each stays for the next request. */
  readonly #subscriptions: Map<string, Subscription> = new Map();

  constructor(client: ResponsesClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Asks, and waits for the answer. */
  async request(
    topic: string,
    payload: string | Uint8Array | undefined,
    options: AskOptions,
  ): Promise<Message> {
    requireOptions(options, ASK_RULES);
    requireVersion5({ request: true }, ["request"], this.#client.protocolVersion);
    const { timeoutMs, responseTopic, ...publishOptions } = options;
    const { signal } = options;
    signal?.throwIfAborted();
    const correlationData = Uint8Array.from(
      { length: CORRELATION_BYTES },
      () => Math.random() * 256,
    );
    const key = String(correlationData);
    const answer = deferred<Message>();
    this.#waiting.set(key, answer);
    const limitMs = timeoutMs ?? TIMEOUT_MS_DEFAULT;
    const cancelLimit = this.#clock.callAfter(limitMs, () => {
      answer.reject(new MqttTimeoutError(`no answer within ${limitMs / 1_000} s to the request`));
    });
    const abort = (): void => answer.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    const ask = async (): Promise<Message> => {
      const listening = this.#listen(responseTopic ?? this.#ownTopic());
      await listening;
      const [where] = listening.topicFilters;
      const properties = { responseTopic: where, correlationData };
      const asked = { ...publishOptions, qos: options.qos ?? 1, ...properties };
      const result = await this.#client.publish(topic, payload, asked);
      if (result.reasonCode !== NO_MATCHING_SUBSCRIBERS) return answer.promise;
      throw new MqttReasonError("no client has subscribed to the topic of the request", result);
    };
    try {
      return await Promise.race([answer.promise, ask()]);
    } finally {
      cancelLimit();
      signal?.removeEventListener("abort", abort);
      this.#waiting.delete(key);
    }
  }

  #ownTopic(): string {
    const { clientId, connectResult } = this.#client;
    return `${connectResult?.responseInformation ?? "response"}/${clientId}`;
  }

  #listen(responseTopic: string): Subscription {
    const before = this.#subscriptions.get(responseTopic);
    if (before?.isEnded === false) return before;
    const subscription = this.#client.subscribe(
      responseTopic,
      (message) => this.#waiting.get(String(message.correlationData))?.resolve(message),
      { qos: 1 },
    );
    this.#subscriptions.set(responseTopic, subscription);
    return subscription;
  }
}
