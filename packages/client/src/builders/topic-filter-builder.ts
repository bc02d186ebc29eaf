import type { QoS } from "@anax/protocol";
import type { SubscribeOptions } from "../options.ts";

/** A Topic Filter with the options of its subscription. */
export interface MqttTopicFilter extends Pick<
  SubscribeOptions,
  "qos" | "noLocal" | "retainAsPublished" | "retainHandling"
> {
  readonly topicFilter: string;
}

type Draft = { -readonly [Name in keyof MqttTopicFilter]: MqttTopicFilter[Name] };

/** Builds a filter for `MqttClientSubscribeOptionsBuilder`. */
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

  build(): MqttTopicFilter {
    return { ...this.#draft };
  }
}
