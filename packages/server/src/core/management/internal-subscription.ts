import { ProtocolError, showValue } from "@anax/protocol";
import type { SubscribingContext } from "../subscribing/subscribing-context.ts";
import type { MessageReceiver } from "../owed/message-receiver.ts";
import { readFilter } from "../subscribing/filter-rules.ts";
import { Session } from "../sessions/session.ts";
import { Subscription } from "../routing/subscription.ts";

/**
 * A subscription of the embedding program itself: routed like a client's, so messages of all publishers come, and
 * whoever publishes is told that somebody subscribes. Its Client Identifier is empty, it is in no list of sessions,
 * and nothing of it is stored.
 */
export interface InternalSubscription {
  /** The filter without `$share/name/`; retained messages are owed only where it is the whole. */
  readonly topicFilter: string;
  readonly isShared: boolean;
  /** Ends it. Idempotent. */
  close(): void;
}

/**
 * Subscribes a receiver to a filter.
 * @throws ProtocolError if the filter is not valid here.
 */
export function subscribeInternally(
  core: SubscribingContext,
  filter: string,
  receiver: MessageReceiver,
): InternalSubscription {
  const read = readFilter(filter, core.options);
  if (typeof read === "number") {
    throw new ProtocolError(`${showValue(filter)} is no valid Topic Filter`, read);
  }
  const session = new Session({ clientId: "", createdAtMs: core.now, items: new Map() });
  session.messageReceiver = receiver;
  const subscription = new Subscription({
    session,
    filter,
    ...read,
    qos: 2,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: undefined,
  });
  core.router.subscribe(subscription);
  const close = (): void => {
    if (session.isDeleted) return;
    session.isDeleted = true;
    core.router.unsubscribe(subscription);
  };
  return { topicFilter: read.topicFilter, isShared: read.shareName !== undefined, close };
}
