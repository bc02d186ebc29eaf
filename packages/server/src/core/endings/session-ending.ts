import type { EndingsContext } from "./endings-context.ts";
import { passOn } from "../delivering/delivering.ts";
import type { Delivery, Owed } from "../owed/delivery.ts";
import { addressOf, deliveryOf, letGo } from "../journal/owing.ts";
import { abandonQueue, takeQueued } from "../delivering/taking-queued.ts";
import { leaveShares } from "../delivering/sharing-queues.ts";
import type { SessionDeleted } from "../hooks/connection-events.ts";
import { endWatches } from "../owed/delivery-watch.ts";
import { endReplay } from "../retained/retained-replay.ts";
import { NEVER_EXPIRES } from "../sessions/session-expiry.ts";
import type { Session } from "../sessions/session.ts";
import type { Subscription } from "../routing/subscription.ts";
import { stepsOfFilter } from "../turn/turn.ts";
import { publishWill } from "./will.ts";

/** Arranges for a session that has lost its connection to end when its expiry interval is over [MQTT-4.1.0-2]. */
export function scheduleExpiry(
  core: EndingsContext,
  session: Session,
  disconnectedAtMs: number,
): void {
  session.disconnectedAtMs = disconnectedAtMs;
  core.sessions.left(session);
  if (session.expiryIntervalSeconds === NEVER_EXPIRES) return;
  const atMs = disconnectedAtMs + session.expiryIntervalSeconds * 1_000;
  session.expiryDeadline = core.deadlines.addFor(session, atMs, expire);
}

function expire(core: EndingsContext, session: Session): void {
  core.statistics.sessionsExpired += 1;
  endSession(core, session, "expired");
}

/** The session has a connection again. */
export function cancelExpiry(core: EndingsContext, session: Session): void {
  core.deadlines.cancel(session.expiryDeadline);
  session.expiryDeadline = undefined;
  session.disconnectedAtMs = undefined;
  core.sessions.returned(session);
}

/**
 * Ends a session that has no connection (any more): its Will is due now at the latest, its subscriptions go,
 * and what shared subscriptions had given it goes to their other members.
 */
export function endSession(
  core: EndingsContext,
  session: Session,
  cause: SessionDeleted["cause"],
): void {
  if (session.isDeleted) return;
  session.isDeleted = true;
  cancelExpiry(core, session);
  core.sessions.delete(session);
  core.statistics.sessionsCurrent = core.sessions.size;
  const unfinished = undelivered(core, session);
  if (session.isDurable) core.journal?.deleted(session);
  removeSubscriptions(core, session);
  for (const delivery of unfinished) passOn(core, delivery);
  session.clearExchanges();
  session.held?.detach();
  leaveShares(core, session);
  endWatches(session);
  publishWill(core, session);
  if (core.hooks.sessionDeleted === undefined) return;
  core.news.tell("sessionDeleted", session, {
    clientId: session.clientId,
    ...(session.userName === undefined ? {} : { userName: session.userName }),
    sessionItems: session.items,
    cause,
  });
}

/** Forgets a session without a word to anybody: it goes on living in the store. */
export function abandonSession(core: EndingsContext, session: Session): void {
  session.number = 0;
  session.isDeleted = true;
  core.sessions.delete(session);
  core.statistics.sessionsCurrent = core.sessions.size;
  abandonQueue(core, session);
  for (const subscription of Array.from(session.subscriptions.values())) {
    removeSubscription(core, subscription);
  }
}

/** Those of a session that has ended, which gets nothing by them any more. Of many filters the rest goes in later turns. */
function removeSubscriptions(core: EndingsContext, session: Session): void {
  const { turn } = core;
  const rest = session.subscriptions.values()[Symbol.iterator]();
  const removeSome = (): boolean => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      removeSubscription(core, next.value);
      if (turn.spend(stepsOfFilter(next.value.filter))) return true;
    }
    return false;
  };
  if (removeSome()) turn.queue({ goOn: removeSome });
}

/** Ends one subscription of a session. */
export function removeSubscription(core: EndingsContext, subscription: Subscription): void {
  const { session, filter } = subscription;
  session.deleteSubscription(filter);
  session.connection?.meter?.countSubscriptions(-1);
  core.router.unsubscribe(subscription);
  if (session.isDurable) core.journal?.unsubscribed(subscription);
  endReplay(session, filter);
  core.statistics.subscriptionsCurrent -= 1;
  if (subscription.shareName !== undefined) core.statistics.sharedSubscriptionsCurrent -= 1;
}

/**
 * What the session leaves of its shared subscriptions: what it never was sent, and QoS 1 that it did not
 * acknowledge. A QoS 2 message that it was sent goes to nobody else [MQTT-4.8.2-5].
 */
function undelivered(core: EndingsContext, session: Session): Delivery[] {
  const deliveries: Delivery[] = [];
  const end = (owed: Owed, isPassedOn: boolean): void => {
    if (isPassedOn && addressOf(session, owed).group !== undefined)
      deliveries.push(deliveryOf(core, session, owed));
    if (session.isDurable) core.journal?.letGo(owed);
    else letGo(core, owed);
  };
  for (const { state, item } of session.inFlight === 0 ? [] : session.sender.resume())
    if (item !== undefined) end(item, state === "awaitingPuback");
  for (let next = takeQueued(core, session); next !== undefined; next = takeQueued(core, session)) {
    end(next, true);
    if (typeof next !== "number") next.watch?.({ type: "dropped" });
  }
  return deliveries;
}
