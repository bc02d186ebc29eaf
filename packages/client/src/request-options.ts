/** Translates the options of publish, subscribe, unsubscribe and disconnect into packets' fields. */
import { isPlainPublish } from "#hot-path";
import { isTopicFilter } from "@anax/protocol";
import type {
  DisconnectPacket,
  ProtocolVersion,
  PublishProperties,
  SubscribeProperties,
} from "@anax/protocol";
import { MqttConfigurationError } from "./core/errors.ts";
import type { SubscribeRequest, UnsubscribeRequest } from "./core/requests.ts";
import { pick } from "./core/without-undefined.ts";
import type {
  DisconnectOptions,
  PublishOptions,
  SubscribeOptions,
  UnsubscribeOptions,
} from "./options.ts";
import {
  MESSAGE_INTEGERS,
  MESSAGE_PROPERTIES,
  requireIntegers,
  requireVersion5,
} from "./validation.ts";

const PUBLISH_PROPERTIES = [...MESSAGE_PROPERTIES, "topicAlias"] as const;

const PUBLISH_INTEGERS = { ...MESSAGE_INTEGERS, topicAlias: [1, 65_535] } as const;

const SUBSCRIBE_PROPERTIES = ["subscriptionIdentifier", "userProperties"] as const;
const SUBSCRIBE_VERSION_5 = [
  ...SUBSCRIBE_PROPERTIES,
  "noLocal",
  "retainAsPublished",
  "retainHandling",
] as const;

const SUBSCRIBE_INTEGERS = {
  qos: MESSAGE_INTEGERS.qos,
  subscriptionIdentifier: [1, 268_435_455],
  bufferMessages: [0, Number.MAX_SAFE_INTEGER],
} as const;

const DISCONNECT_PROPERTIES = [
  "reasonString",
  "sessionExpiryIntervalSeconds",
  "userProperties",
] as const;

/**
 * The properties of a PUBLISH; undefined if it has none.
 * @throws MqttConfigurationError when an option cannot be, or not in this version of MQTT
 */
export function publishProperties(
  options: PublishOptions,
  version: ProtocolVersion,
): PublishProperties | undefined {
  if (isPlainPublish(options)) return undefined;
  requireIntegers(options, PUBLISH_INTEGERS);
  if (PUBLISH_PROPERTIES.every((name) => options[name] === undefined)) return undefined;
  requireVersion5(options, PUBLISH_PROPERTIES, version);
  return pick(options, PUBLISH_PROPERTIES);
}

/**
 * A SUBSCRIBE.
 * @throws MqttConfigurationError when an option cannot be, or not in this version of MQTT
 */
export function subscribeFields(
  topicFilters: readonly string[],
  options: SubscribeOptions,
  version: ProtocolVersion,
): Pick<SubscribeRequest, "subscriptions" | "properties"> {
  requireVersion5(options, SUBSCRIBE_VERSION_5, version);
  requireIntegers(options, SUBSCRIBE_INTEGERS);
  requireTopicFilters(topicFilters);
  const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = options;
  // [MQTT-3.8.3-4]
  if (noLocal && topicFilters.some((filter) => filter.startsWith("$share/"))) {
    throw new MqttConfigurationError("a Shared Subscription cannot have noLocal");
  }
  const subscriptions = topicFilters.map((topicFilter) => ({
    topicFilter,
    qos,
    noLocal,
    retainAsPublished,
    retainHandling,
  }));
  const properties: SubscribeProperties = pick(options, SUBSCRIBE_PROPERTIES);
  return { subscriptions, properties };
}

/**
 * An UNSUBSCRIBE.
 * @throws MqttConfigurationError when an option cannot be, or not in this version of MQTT
 */
export function unsubscribeFields(
  topicFilters: readonly string[],
  options: UnsubscribeOptions,
  version: ProtocolVersion,
): Pick<UnsubscribeRequest, "topicFilters" | "properties"> {
  requireVersion5(options, ["userProperties"], version);
  requireTopicFilters(topicFilters);
  const { userProperties } = options;
  return userProperties === undefined
    ? { topicFilters }
    : { topicFilters, properties: { userProperties } };
}

/**
 * A DISCONNECT.
 * @throws MqttConfigurationError when an option cannot be, or not in this version of MQTT
 */
export function disconnectPacket(
  options: DisconnectOptions,
  version: ProtocolVersion,
  sessionExpiryIntervalSeconds: number,
): DisconnectPacket {
  const { reasonCode = 0 } = options;
  const properties = pick(options, DISCONNECT_PROPERTIES);
  if (version !== 5) {
    requireVersion5(options, DISCONNECT_PROPERTIES, version);
    if (reasonCode !== 0) requireVersion5({ reasonCode }, ["reasonCode"], version);
    return { type: "disconnect", reasonCode };
  }
  requireIntegers(properties, { sessionExpiryIntervalSeconds: [0, 4_294_967_295] } as const);
  if (sessionExpiryIntervalSeconds === 0 && (properties.sessionExpiryIntervalSeconds ?? 0) > 0) {
    throw new MqttConfigurationError("sessionExpiryIntervalSeconds cannot be raised from 0");
  }
  return { type: "disconnect", reasonCode, properties };
}

/** [MQTT-3.8.3-2] [MQTT-4.7.1-1] */
function requireTopicFilters(topicFilters: readonly string[]): void {
  if (topicFilters.length === 0) {
    throw new MqttConfigurationError("at least one Topic Filter is needed");
  }
  for (const filter of topicFilters) {
    if (isTopicFilter(filter)) continue;
    throw new MqttConfigurationError(`this is no Topic Filter: ${filter}`);
  }
}
