import type { QoS } from "@anax/protocol";
import type { InjectedApplicationMessage } from "../injected-message.ts";

type Draft = {
  -readonly [Name in keyof InjectedApplicationMessage]: InjectedApplicationMessage[Name];
};

/** Builds a message for `injectApplicationMessage`, `retainedMessages.set` and the deliveries of `sessions`. */
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

  withContentType(contentType: string): this {
    this.#draft.contentType = contentType;
    return this;
  }

  withResponseTopic(responseTopic: string): this {
    this.#draft.responseTopic = responseTopic;
    return this;
  }

  withCorrelationData(correlationData: Uint8Array): this {
    this.#draft.correlationData = correlationData;
    return this;
  }

  withMessageExpiryInterval(seconds: number): this {
    this.#draft.messageExpiryIntervalSeconds = seconds;
    return this;
  }

  withPayloadFormatIndicator(indicator: 0 | 1): this {
    this.#draft.payloadFormatIndicator = indicator;
    return this;
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: string): this {
    this.#draft.userProperties = [...(this.#draft.userProperties ?? []), [name, value]];
    return this;
  }

  build(): InjectedApplicationMessage {
    return { ...this.#draft };
  }
}
