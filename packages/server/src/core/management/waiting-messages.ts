import { copyBytes } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { ApplicationMessage } from "../message/application-message.ts";
import { applicationMessageOf, secondsLeft } from "../message/message.ts";
import type { SubscribingContext } from "../subscribing/subscribing-context.ts";
import { deliveryOf } from "../journal/owing.ts";
import type { Session } from "../sessions/session.ts";

/** A message that waits in the queue of a session, as its client will get it. */
export interface WaitingMessage extends ApplicationMessage {
  /** Of the delivery, which may be less than the publisher's. */
  readonly qos: QoS;
  /** Whether it will come with RETAIN. */
  readonly retain: boolean;
  /** Seconds that it has left; absent: it does not expire. */
  readonly messageExpiryIntervalSeconds?: number;
  /** Of the subscriptions that it is for. */
  readonly subscriptionIdentifiers?: readonly number[];
}

/** The first messages that wait in a session, oldest first; they stay there. What is in flight is not among them. */
export function waitingMessages(
  core: SubscribingContext,
  session: Session,
  limit: number,
): WaitingMessage[] {
  const messages: WaitingMessage[] = [];
  for (const owed of session.queue) {
    if (messages.length >= limit) break;
    const { message, qos, retain, subscriptionIdentifiers } = deliveryOf(core, session, owed);
    const expires = message.expiresAtMs !== Infinity && {
      messageExpiryIntervalSeconds: secondsLeft(message, core.now),
    };
    const identifiers = subscriptionIdentifiers && { subscriptionIdentifiers };
    const shown = applicationMessageOf(message);
    const owned = { qos, retain, payload: copyBytes(shown.payload, 0, shown.payload.length) };
    messages.push(Object.assign(shown, owned, expires, identifiers));
  }
  return messages;
}
