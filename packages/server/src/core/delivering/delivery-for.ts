import { lowerQos } from "../connection/connection.ts";
import type { Message } from "../message/message.ts";
import type { Recipient } from "../routing/route.ts";
import type { SharedGroup } from "../routing/shared-subscriptions.ts";
import type { Subscription } from "../routing/subscription.ts";
import type { Delivery } from "../owed/delivery.ts";
import { packetSizeOf } from "./publish-writer.ts";

/** What a receiver's subscriptions make of a message. */
export function deliveryFor(
  recipient: Recipient,
  message: Message,
  group: SharedGroup | undefined,
): Delivery {
  return {
    // A session may be chosen by a group and be a subscriber itself: two deliveries, each with a message of its own.
    message: group === undefined ? message : message.clone(),
    qos: lowerQos(message.qos, recipient.qos),
    // RETAIN is forwarded only where Retain As Published asks for it [MQTT-3.3.1-12] [MQTT-3.3.1-13].
    retain: message.retain && recipient.retainAsPublished,
    subscriptionIdentifiers: recipient.subscriptionIdentifiers,
    group,
  };
}

/** True unless the packet would be larger than the client of this member of a group takes. */
export function takes(member: Subscription, message: Message): boolean {
  const { connection } = member.session;
  if (connection === undefined || connection.maximumPacketSize === Infinity) return true;
  const delivery = deliveryFor(member, message, undefined);
  return packetSizeOf(connection, delivery) <= connection.maximumPacketSize;
}
