/** Translates the options of publish, subscribe, unsubscribe and disconnect into packets' fields. */
import { isPlainPublish } from "#hot-path";
import { MqttConfigurationError, isTopicFilterIn, showValue } from "@anax/protocol";
import type {
  DisconnectPacket,
  ProtocolVersion,
  PublishProperties,
  SubscribeProperties,
  SubscriptionRequest,
} from "@anax/protocol";
import type { SubscribeFields, UnsubscribeRequest } from "./core/requests.ts";
import { pick } from "./core/without-undefined.ts";
import {
  DISCONNECT_RULES,
  MESSAGE_RULES,
  PUBLISH_RULES,
  REQUEST_RULES,
  SUBSCRIBE_RULES,
  TOPIC_FILTER_RULES,
  UNSUBSCRIBE_RULES,
} from "./option-rules.ts";
import type {
  DisconnectOptions,
  PublishOptions,
  RequestOptions,
  SubscribeOptions,
  TopicFilters,
  UnsubscribeOptions,
} from "./options.ts";
import { MESSAGE_PROPERTIES, requireOptions, requireType, requireVersion5 } from "./validation.ts";

const PUBLISH_PROPERTIES = [...MESSAGE_PROPERTIES, "topicAlias"] as const;

const SUBSCRIBE_PROPERTIES = ["subscriptionIdentifier", "userProperties"] as const;
const SUBSCRIBE_VERSION_5 = [
  ...SUBSCRIBE_PROPERTIES,
  "noLocal",
  "retainAsPublished",
  "retainHandling",
] as const;

const FILTER_OPTIONS = ["qos", "noLocal", "retainAsPublished", "retainHandling"] as const;

const SUBSCRIPTION_DEFAULTS = {
  qos: 0,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
} as const;

const DISCONNECT_PROPERTIES = [
  "reasonString",
  "sessionExpiryIntervalSeconds",
  "userProperties",
] as const;

/**
 * The properties of a PUBLISH; undefined if it has none.
 * @param isMessage whether the options are those of a message with topic and payload
 * @throws MqttConfigurationError when an option cannot be, or not in this version of MQTT
 */
export function publishProperties(
  options: PublishOptions,
  version: ProtocolVersion,
  isMessage: boolean,
): PublishProperties | undefined {
  if (typeof options === "object" && isPlainPublish(options, isMessage)) return undefined;
  requireOptions(options, isMessage ? MESSAGE_RULES : PUBLISH_RULES);
  requireVersion5(options, PUBLISH_PROPERTIES, version);
  const { payloadFormatIndicator, ...others } = pick(options, PUBLISH_PROPERTIES);
  // 0 says what its absence says; a server must forward it as it came, so the codec leaves that to us.
  const properties = { ...others, ...(payloadFormatIndicator && { payloadFormatIndicator }) };
  return Object.keys(properties).length === 0 ? undefined : properties;
}

/**
 * A SUBSCRIBE.
 * @throws MqttConfigurationError when an option cannot be, or not in this version of MQTT
 */
export function subscribeFields(
  topicFilters: TopicFilters,
  options: SubscribeOptions,
  version: ProtocolVersion,
): SubscribeFields {
  requireOptions(options, SUBSCRIBE_RULES);
  requireVersion5(options, SUBSCRIBE_VERSION_5, version);
  const defaults = { ...SUBSCRIPTION_DEFAULTS, ...pick(options, FILTER_OPTIONS) };
  const subscriptions = [topicFilters].flat().map((one): SubscriptionRequest => {
    if (typeof one === "string") return { topicFilter: one, ...defaults };
    requireType(one, "string|Object", "a Topic Filter");
    requireOptions(one, TOPIC_FILTER_RULES, "a Topic Filter");
    requireType(one.topicFilter, "string", "topicFilter");
    requireVersion5(one, SUBSCRIBE_VERSION_5, version);
    const { topicFilter } = one;
    return { topicFilter, ...defaults, ...pick(one, FILTER_OPTIONS) };
  });
  requireTopicFilters(
    subscriptions.map(({ topicFilter }) => topicFilter),
    version,
  );
  // [MQTT-3.8.3-4]
  if (subscriptions.some((one) => one.noLocal && one.topicFilter.startsWith("$share/"))) {
    throw new MqttConfigurationError("a Shared Subscription cannot have noLocal");
  }
  const properties: SubscribeProperties = pick(options, SUBSCRIBE_PROPERTIES);
  return { subscriptions, properties };
}

/**
 * The signal of a request that has no other options.
 * @throws MqttConfigurationError for other options, and the reason of a signal that is aborted
 */
export function requestSignal(options: RequestOptions | undefined): AbortSignal | undefined {
  requireOptions(options ?? {}, REQUEST_RULES);
  const signal = options?.signal ?? undefined;
  signal?.throwIfAborted();
  return signal;
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
  requireOptions(options, UNSUBSCRIBE_RULES);
  requireVersion5(options, ["userProperties"], version);
  requireTopicFilters(topicFilters, version);
  const properties = pick(options, ["userProperties"]);
  return { topicFilters, ...(properties.userProperties && { properties }) };
}

/**
 * A DISCONNECT.
 * @param sessionExpiryIntervalSeconds of CONNECT
 * @param inForceSeconds what the server made of it
 * @throws MqttConfigurationError when an option cannot be, or not in this version of MQTT
 */
export function disconnectPacket(
  options: DisconnectOptions,
  version: ProtocolVersion,
  sessionExpiryIntervalSeconds: number,
  inForceSeconds: number,
): DisconnectPacket {
  requireOptions(options, DISCONNECT_RULES);
  const reasonCode = options.reasonCode ?? 0;
  const { sessionExpiryIntervalSeconds: expiry, ...words } = pick(options, DISCONNECT_PROPERTIES);
  if (version !== 5) {
    requireVersion5(options, DISCONNECT_PROPERTIES, version);
    if (reasonCode !== 0) requireVersion5({ reasonCode }, ["reasonCode"], version);
    return { type: "disconnect", reasonCode };
  }
  if (sessionExpiryIntervalSeconds === 0 && (expiry ?? 0) > 0) {
    throw new MqttConfigurationError("sessionExpiryIntervalSeconds cannot be raised from 0");
  }
  // Absent, it is that of CONNECT; where the server has chosen another one, that has to be said.
  const isSaid = expiry === sessionExpiryIntervalSeconds && expiry === inForceSeconds;
  const properties = pick({ ...words, sessionExpiryIntervalSeconds: isSaid ? undefined : expiry }, [
    ...DISCONNECT_PROPERTIES,
  ]);
  return Object.keys(properties).length === 0
    ? { type: "disconnect", reasonCode }
    : { type: "disconnect", reasonCode, properties };
}

/** [MQTT-3.8.3-2] [MQTT-4.7.1-1] */
function requireTopicFilters(topicFilters: readonly string[], version: ProtocolVersion): void {
  if (topicFilters.length === 0) {
    throw new MqttConfigurationError("at least one Topic Filter is needed");
  }
  for (const filter of topicFilters) {
    requireType(filter, "string", "a Topic Filter");
    if (isTopicFilterIn(version, filter)) continue;
    throw new MqttConfigurationError(`invalid Topic Filter: ${showValue(filter)}`);
  }
}
