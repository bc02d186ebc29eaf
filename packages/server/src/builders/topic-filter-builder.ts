import { MqttConfigurationError } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { SessionSubscription } from "../management/server-sessions.ts";

type Draft = { -readonly [Name in keyof SessionSubscription]: SessionSubscription[Name] };

/** Builds a filter for `sessions.subscribe`. */
export class MqttTopicFilterBuilder {
  readonly #draft: Draft = { topicFilter: "" };

  withTopic(topicFilter: string): this {
    this.#draft.topicFilter = topicFilter;
    return this;
  }

  withQualityOfServiceLevel(qos: QoS): this {
    this.#draft.qos = qos;
    return this;
  }

  withAtMostOnceQoS(): this {
    return this.withQualityOfServiceLevel(0);
  }

  withAtLeastOnceQoS(): this {
    return this.withQualityOfServiceLevel(1);
  }

  withExactlyOnceQoS(): this {
    return this.withQualityOfServiceLevel(2);
  }

  withNoLocal(noLocal = true): this {
    this.#draft.noLocal = noLocal;
    return this;
  }

  withRetainAsPublished(retainAsPublished = true): this {
    this.#draft.retainAsPublished = retainAsPublished;
    return this;
  }

  withRetainHandling(retainHandling: 0 | 1 | 2): this {
    this.#draft.retainHandling = retainHandling;
    return this;
  }

  /** Throws `MqttConfigurationError` if there is no topic. */
  build(): SessionSubscription {
    if (!this.#draft.topicFilter) throw new MqttConfigurationError("the Topic Filter is empty");
    return { ...this.#draft };
  }
}
