/**
 * What the server said it does not offer, checked before anything is sent. Each function answers the error,
 * or undefined when the request may go.
 */
import type { PublishPacket, SubscribePacket } from "@anax/protocol";
import type { ConnectResult } from "./connect-result.ts";
import { MqttNotSupportedError } from "./errors.ts";

/** The Reason Codes by which a server would refuse the same. */
const RETAIN_NOT_SUPPORTED = 0x9a;
const QOS_NOT_SUPPORTED = 0x9b;
const TOPIC_ALIAS_INVALID = 0x94;
const PACKET_TOO_LARGE = 0x95;
const SHARED_SUBSCRIPTIONS_NOT_SUPPORTED = 0x9e;
const SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED = 0xa1;
const WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED = 0xa2;

/** Whether the server takes this PUBLISH [MQTT-3.2.2-11] [MQTT-3.2.2-14] [MQTT-3.2.2-17]. */
export function publishFault(
  packet: PublishPacket,
  server: ConnectResult,
): MqttNotSupportedError | undefined {
  if (packet.qos > server.maximumQos) {
    return lacks(`QoS ${packet.qos}`, QOS_NOT_SUPPORTED);
  }
  if (packet.retain && !server.retainAvailable) {
    return lacks("retained messages", RETAIN_NOT_SUPPORTED);
  }
  const topicAlias = packet.properties?.topicAlias ?? 0;
  if (topicAlias > server.topicAliasMaximum) {
    return lacks(`Topic Alias ${topicAlias}`, TOPIC_ALIAS_INVALID);
  }
  return undefined;
}

/** Whether the server takes this SUBSCRIBE. */
export function subscribeFault(
  packet: Pick<SubscribePacket, "subscriptions" | "properties">,
  server: ConnectResult,
): MqttNotSupportedError | undefined {
  if (
    packet.properties?.subscriptionIdentifier !== undefined &&
    !server.subscriptionIdentifiersAvailable
  ) {
    return lacks("Subscription Identifiers", SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED);
  }
  for (const { topicFilter } of packet.subscriptions) {
    const fault = filterFault(topicFilter, server);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function filterFault(
  topicFilter: string,
  server: ConnectResult,
): MqttNotSupportedError | undefined {
  if (!server.sharedSubscriptionAvailable && topicFilter.startsWith("$share/")) {
    return lacks(`Shared Subscriptions: ${topicFilter}`, SHARED_SUBSCRIPTIONS_NOT_SUPPORTED);
  }
  if (!server.wildcardSubscriptionAvailable && /[+#]/.test(topicFilter)) {
    return lacks(`wildcard subscriptions: ${topicFilter}`, WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED);
  }
  return undefined;
}

function lacks(what: string, reasonCode: number): MqttNotSupportedError {
  return new MqttNotSupportedError(`the server has no ${what}`, { reasonCode });
}

/** The error for a packet that the server would not take for its size [MQTT-3.2.2-15]. */
export function packetTooLarge(maximumPacketSize: number): MqttNotSupportedError {
  const message = `the packet exceeds the server's Maximum Packet Size ${maximumPacketSize}`;
  return new MqttNotSupportedError(message, { reasonCode: PACKET_TOO_LARGE });
}
