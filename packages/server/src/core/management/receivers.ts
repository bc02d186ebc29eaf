import type { SubscribingContext } from "../subscribing/subscribing-context.ts";
import type { QoS } from "@anax/protocol";

/** A session that gets the messages of a topic. */
export interface TopicReceiver {
  readonly clientId: string;
  /** Largest QoS at which it gets them. */
  readonly qos: QoS;
  /** The name of the shared subscription by which it may get them, as one of several; absent if it gets all of them. */
  readonly shareName?: string;
  /** The filter of that shared subscription. */
  readonly topicFilter?: string;
}

/** Which sessions get a message of this topic, at most `limit`. A session may be there several times, by shared subscriptions. */
export function receiversOf(
  core: SubscribingContext,
  topic: string,
  limit: number,
): TopicReceiver[] {
  const { recipients, groups } = core.router.route(topic);
  const receivers: TopicReceiver[] = [];
  for (const { session, qos } of recipients) {
    if (receivers.length >= limit) return receivers;
    receivers.push({ clientId: session.clientId, qos });
  }
  for (const { shareName, topicFilter, members } of groups) {
    for (const { session, qos } of members) {
      if (receivers.length >= limit) return receivers;
      receivers.push({ clientId: session.clientId, qos, shareName, topicFilter });
    }
  }
  return receivers;
}
