import { validateUtf8, showValue } from "@anax/protocol";
import type { PublishProperties, QoS } from "@anax/protocol";
import type { CoreOptions } from "../core-options.ts";
import { levelCount } from "../routing/level-count.ts";
import type { Refusal } from "../message/published.ts";
import { isOpenToClients } from "./reserved-topics.ts";

const NOT_AUTHORIZED = 0x87;
const TOPIC_NAME_INVALID = 0x90;
const PAYLOAD_FORMAT_INVALID = 0x99;
const RETAIN_NOT_SUPPORTED = 0x9a;
const QOS_NOT_SUPPORTED = 0x9b;

/** A message as a client wants it published, now or as its Will. */
interface Wanted {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly properties?: PublishProperties | undefined;
}

/** True if the server takes messages of this QoS. */
export function takesQos({ maximumQos }: CoreOptions, qos: QoS): boolean {
  return qos <= maximumQos;
}

/** What CONNACK said that the server does not take: to ask for it is a Protocol Error. */
export function unsupported(
  options: CoreOptions,
  { qos, retain }: { readonly qos: QoS; readonly retain: boolean },
): Refusal | undefined {
  if (!takesQos(options, qos)) {
    const reasonString = `QoS ${qos} exceeds Maximum QoS ${options.maximumQos}`;
    return { reasonCode: QOS_NOT_SUPPORTED, reasonString };
  }
  if (retain && !options.retainAvailable) {
    const reasonString = "retained messages are not available";
    return { reasonCode: RETAIN_NOT_SUPPORTED, reasonString };
  }
  return undefined;
}

/** Why a message that is well formed is not taken; undefined if it is. */
export function refusalOfMessage(
  options: CoreOptions,
  { topic, payload, properties }: Wanted,
): Refusal | undefined {
  if (!isOpenToClients(topic, options)) {
    const reasonString = `clients may not publish to ${showValue(topic)}`;
    return { reasonCode: NOT_AUTHORIZED, reasonString };
  }
  if (levelCount(topic) > options.topicLevelsMax) {
    const reasonString = `the topic has over ${options.topicLevelsMax} levels`;
    return { reasonCode: TOPIC_NAME_INVALID, reasonString };
  }
  const saysUtf8 = properties?.payloadFormatIndicator === 1;
  if (options.checkPayloadFormat && saysUtf8 && !validateUtf8(payload, 0, payload.length)) {
    return { reasonCode: PAYLOAD_FORMAT_INVALID, reasonString: "the payload is not UTF-8" };
  }
  return undefined;
}
