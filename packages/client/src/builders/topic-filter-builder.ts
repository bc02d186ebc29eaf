import { MqttConfigurationError } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { withoutUndefined } from "../core/without-undefined.ts";
import type { TopicFilterOptions } from "../options.ts";

type Draft = { -readonly [Name in keyof TopicFilterOptions]: TopicFilterOptions[Name] };

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
    this.#draft.noLocal = noLocal || undefined;
    return this;
  }

  withRetainAsPublished(retainAsPublished = true): this {
    this.#draft.retainAsPublished = retainAsPublished || undefined;
    return this;
  }

  withRetainHandling(retainHandling: 0 | 1 | 2): this {
    this.#draft.retainHandling = retainHandling || undefined;
    return this;
  }

  /** Throws `MqttConfigurationError` if there is no topic. */
  build(): TopicFilterOptions {
    const { topicFilter } = this.#draft;
    if (!topicFilter) throw new MqttConfigurationError("the Topic Filter is empty");
    return { ...withoutUndefined(this.#draft), topicFilter };
  }
}
