import { MqttConfigurationError } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { withoutUndefined } from "../core/without-undefined.ts";
import type { PublishMessage } from "../options.ts";
import { textOfValue } from "./user-property.ts";
import type { UserPropertyValue } from "./user-property.ts";

type Draft = { -readonly [Name in keyof PublishMessage]: PublishMessage[Name] };

/** Builds a message for `publish`. */
export class MqttApplicationMessageBuilder {
  readonly #draft: Draft = { topic: "" };

  withTopic(topic: string): this {
    this.#draft.topic = topic;
    return this;
  }

  /** Text is sent as UTF-8. */
  withPayload(payload: string | Uint8Array): this {
    this.#draft.payload = payload;
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

  withRetainFlag(retain = true): this {
    this.#draft.retain = retain;
    return this;
  }

  /** As text or bytes; the same as `withPayload`. */
  withPayloadSegment(payload: Uint8Array): this {
    return this.withPayload(payload);
  }

  withContentType(contentType: string): this {
    this.#draft.contentType = contentType || undefined;
    return this;
  }

  withResponseTopic(responseTopic: string): this {
    this.#draft.responseTopic = responseTopic || undefined;
    return this;
  }

  /** Empty, or null: none. */
  withCorrelationData(correlationData: Uint8Array | null): this {
    this.#draft.correlationData =
      correlationData?.length === 0 ? undefined : (correlationData ?? undefined);
    return this;
  }

  /** 0: none. */
  withMessageExpiryInterval(seconds: number): this {
    this.#draft.messageExpiryIntervalSeconds = seconds || undefined;
    return this;
  }

  withPayloadFormatIndicator(indicator: 0 | 1): this {
    this.#draft.payloadFormatIndicator = indicator || undefined;
    return this;
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: UserPropertyValue): this {
    const { userProperties = [] } = this.#draft;
    this.#draft.userProperties = [...userProperties, [name, textOfValue(value)]];
    return this;
  }

  /** 0: none. */
  withTopicAlias(topicAlias: number): this {
    this.#draft.topicAlias = topicAlias || undefined;
    return this;
  }

  /** Throws `MqttConfigurationError` if there is neither a topic nor a Topic Alias. */
  build(): PublishMessage {
    const { topic, topicAlias } = this.#draft;
    if (!topic && topicAlias === undefined)
      throw new MqttConfigurationError("the message has no topic");
    return { ...withoutUndefined(this.#draft), topic };
  }
}
