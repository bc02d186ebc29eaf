import type { PublishProperties, QoS, UserProperties } from "@anax/protocol";
import { jsonBytes } from "../inspecting.ts";
import type { ApplicationMessage } from "./application-message.ts";

/** An Application Message as programs are shown it: a plain object, but for what JSON makes of its bytes. */
export class ShownMessage implements ApplicationMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  declare readonly payloadFormatIndicator?: 0 | 1;
  declare readonly messageExpiryIntervalSeconds?: number;
  declare readonly contentType?: string;
  declare readonly responseTopic?: string;
  declare readonly correlationData?: Uint8Array;
  declare readonly userProperties?: UserProperties;

  constructor(
    topic: string,
    payload: Uint8Array,
    qos: QoS,
    retain: boolean,
    properties?: PublishProperties,
  ) {
    this.topic = topic;
    this.payload = payload;
    this.qos = qos;
    this.retain = retain;
    if (properties !== undefined) Object.assign(this, properties);
  }

  /** For `JSON.stringify`: bytes are text, or end in `Base64` by name where they are no UTF-8. */
  toJSON(): object {
    const { payload, correlationData, ...others } = this;
    return {
      ...others,
      ...jsonBytes("payload", payload),
      ...(correlationData && jsonBytes("correlationData", correlationData)),
    };
  }
}
