import type { QoS } from "@anax/protocol";
import type { SubscribingContext } from "../subscribing/subscribing-context.ts";
import type { SessionItems } from "../hooks/client-context.ts";
import { NEVER_EXPIRES } from "../sessions/session-expiry.ts";
import { stalledSince } from "../delivering/window-watch.ts";
import type { Session } from "../sessions/session.ts";

/** A session, connected or not, as it was at the moment of asking. */
export interface SessionStatus {
  readonly clientId: string;
  readonly userName?: string;
  readonly isConnected: boolean;
  /** Milliseconds since 1970 by the wall clock as it is set now, as all times here. */
  readonly createdAtMs: number;
  /** When its client went; absent while it is connected. */
  readonly disconnectedAtMs?: number;
  /** Seconds that the session outlives its connection; 4294967295 means for ever. */
  readonly expiryIntervalSeconds: number;
  /** When it will end; absent while it is connected, and if it never expires. */
  readonly expiresAtMs?: number;
  readonly subscriptionCount: number;
  /** Messages that wait in its queue. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** QoS 1 and 2 messages sent to the client and not yet acknowledged to the end. */
  readonly inFlightMessages: number;
  /**
   * Since when the client has acknowledged nothing, although as much is in flight as may be and more waits. Absent if it does, and
   * for the first minute. A device that has no room for a message never acknowledges it.
   */
  readonly stalledSinceMs?: number;
  /** QoS 2 messages of the client that await its PUBREL. */
  readonly unreleasedMessages: number;
  readonly hasWill: boolean;
  /** True if the session is in the store. */
  readonly isDurable: boolean;
  /** The session's items themselves, no copy. */
  readonly items: SessionItems;
}

/** One subscription of a session. */
export interface SubscriptionStatus {
  /** As it was subscribed to, `$share/name/` included. */
  readonly topicFilter: string;
  /** The QoS granted. */
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  readonly subscriptionIdentifier?: number;
}

/** What there is to say of a session. */
export function sessionStatus(core: SubscribingContext, session: Session): SessionStatus {
  const { userName, disconnectedAtMs, expiryIntervalSeconds, queue } = session;
  const stalledSinceMs = stalledSince(session);
  const expires = disconnectedAtMs !== undefined && expiryIntervalSeconds !== NEVER_EXPIRES;
  return {
    clientId: session.clientId,
    ...(userName === undefined ? {} : { userName }),
    isConnected: session.connection !== undefined,
    createdAtMs: core.toWallMs(session.createdAtMs),
    ...(disconnectedAtMs !== undefined && { disconnectedAtMs: core.toWallMs(disconnectedAtMs) }),
    expiryIntervalSeconds,
    ...(expires && {
      expiresAtMs: core.toWallMs(disconnectedAtMs + expiryIntervalSeconds * 1_000),
    }),
    subscriptionCount: session.subscriptions.size,
    queuedMessages: queue.length,
    queuedBytes: queue.bytes,
    inFlightMessages: session.inFlight,
    unreleasedMessages: session.unreleased,
    ...(stalledSinceMs !== undefined && { stalledSinceMs: core.toWallMs(stalledSinceMs) }),
    hasWill: session.will !== undefined,
    isDurable: session.isDurable,
    items: session.items,
  };
}

/** The subscriptions of a session, in the order in which they were made. */
export function subscriptionsOf(session: Session): SubscriptionStatus[] {
  return Array.from(session.subscriptions.values(), (subscription) => ({
    topicFilter: subscription.filter,
    qos: subscription.qos,
    noLocal: subscription.noLocal,
    retainAsPublished: subscription.retainAsPublished,
    retainHandling: subscription.retainHandling,
    ...(subscription.subscriptionIdentifier === undefined
      ? {}
      : { subscriptionIdentifier: subscription.subscriptionIdentifier }),
  }));
}

/** All sessions, one step each. */
export function* allSessions(core: SubscribingContext): Generator<SessionStatus, void, undefined> {
  for (const session of core.sessions) yield sessionStatus(core, session);
}
