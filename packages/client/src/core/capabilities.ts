/**
 * What the server said it does not offer, checked before anything is sent. Each function answers the error,
 * or undefined when the request may go.
 */
import type { PublishPacket, SubscribePacket } from "@anax/protocol";
import type { ConnectResult } from "./connect-result.ts";
import { MqttNotSupportedError } from "./errors.ts";

/** Whether the server takes this PUBLISH [MQTT-3.2.2-11] [MQTT-3.2.2-14]. */
export function publishFault(
  packet: PublishPacket,
  server: ConnectResult,
): MqttNotSupportedError | undefined {
  if (packet.qos > server.maximumQos) {
    return lacks(`QoS ${packet.qos}`, 0x9b);
  }
  if (packet.retain && !server.retainAvailable) {
    return lacks("retained messages", 0x9a);
  }
  return undefined;
}

/** Whether the server takes this Topic Alias [MQTT-3.2.2-17] [MQTT-3.2.2-18]. */
export function topicAliasFault(
  topicAlias: number,
  server: ConnectResult | undefined,
): MqttNotSupportedError | undefined {
  if (server === undefined || topicAlias <= server.topicAliasMaximum) return undefined;
  return lacks(`Topic Alias ${topicAlias}`, 0x94);
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
    return lacks("Subscription Identifiers", 0xa1);
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
    return lacks(`Shared Subscriptions: ${topicFilter}`, 0x9e);
  }
  if (!server.wildcardSubscriptionAvailable && /[+#]/.test(topicFilter)) {
    return lacks(`wildcard subscriptions: ${topicFilter}`, 0xa2);
  }
  return undefined;
}

/** @param reasonCode by which a server would refuse the same */
function lacks(what: string, reasonCode: number): MqttNotSupportedError {
  return new MqttNotSupportedError(`the server has no ${what}`, { reasonCode });
}

/** The error for a packet that the server would not take for its size [MQTT-3.2.2-15]. */
export function packetTooLarge(maximumPacketSize: number): MqttNotSupportedError {
  const message = `the packet exceeds the server's Maximum Packet Size ${maximumPacketSize}`;
  return new MqttNotSupportedError(message, { reasonCode: 0x95 });
}
