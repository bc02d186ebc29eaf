import type { ConnectPacket } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import type { ReceivingContext } from "./receiving-context.ts";
import { subscriberOf } from "../management/subscription-changes.ts";
import type { Task } from "../pending.ts";
import type { Refusal } from "../message/published.ts";
import type { Subscription } from "../routing/subscription.ts";
import type { Session } from "../sessions/session.ts";
import { removeSubscription } from "../endings/session-ending.ts";
import { regrant } from "../subscribing/subscription-making.ts";
import { stepsOfFilter } from "../turn/turn.ts";
import type { SubscribePermission } from "../access/authorizer.ts";
import { accessOf } from "../access/clients.ts";
import type { ClientAccess } from "../access/client-access.ts";
import { noteDenied, permissionToSubscribe, refusalToPublish } from "../access/deciding.ts";

/**
 * Asks about the Will of a CONNECT, and about the session that it comes for, while that still belongs to an earlier connection. Gives
 * why the client is not let in; undefined if it is.
 */
export function* judge(
  core: ReceivingContext,
  access: ClientAccess,
  { will, cleanStart }: ConnectPacket,
): Task<Refusal | undefined> {
  const refusal = will && (yield* refusalToPublish(core, access, will));
  const session = cleanStart ? undefined : core.sessions.get(access.client.clientId);
  if (refusal !== undefined || session === undefined) return refusal;
  const epoch = core.accessEpoch;
  const permissions = new Map<Subscription, SubscribePermission>();
  for (const subscription of Array.from(session.subscriptions.values()))
    permissions.set(subscription, yield* permissionOf(core, access, subscription));
  access.judged = { epoch, permissions };
  return undefined;
}

/** A session has a client again. What waits for it was let in by rules that may have changed, or for another user. */
export function beginAccess(
  core: ReceivingContext,
  session: Session,
  access: ClientAccess | undefined,
): void {
  const isSame = session.accessEpoch === core.accessEpoch && isSameClient(session.access, access);
  session.access = access;
  if (access !== undefined && !isSame && session.queue.length > 0) session.isQueueJudged = true;
}

function isSameClient(one: ClientAccess | undefined, other: ClientAccess | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const [before, now] = [one.client, other.client];
  return (
    before.userName === now.userName &&
    before.address === now.address &&
    before.listener === now.listener &&
    before.groups.join("\0") === now.groups.join("\0") &&
    before.claims === now.claims &&
    before.permissions === now.permissions
  );
}

/** The client of a connection has authenticated itself again, and may do more or less than before. */
export function* changeAccess(core: ReceivingContext, connection: Connection): Task {
  const access = accessOf(core, connection);
  if (access === undefined && connection.access === undefined) return;
  connection.access = access;
  const { session } = connection;
  if (session === undefined) return;
  beginAccess(core, session, access);
  yield* judgeSession(core, session);
}

/** Ends the subscriptions of a session that its client has no right to (any more), and narrows or widens others. */
export function* judgeSession(core: ReceivingContext, session: Session): Task {
  const { access } = session;
  const epoch = core.accessEpoch;
  // Nothing is asked, and there is nothing to be widened: sessions come by thousands.
  if (access === undefined && !session.isNarrowed) {
    session.accessEpoch = epoch;
    return;
  }
  const judged = access?.judged;
  const known = judged?.epoch === epoch ? judged.permissions : undefined;
  if (access !== undefined) access.judged = undefined;
  for (const subscription of Array.from(session.subscriptions.values())) {
    const permission =
      known?.get(subscription) ?? (yield* permissionOf(core, access, subscription));
    if (session.isDeleted || session.access !== access) return;
    if (session.subscriptions.get(subscription.filter) === subscription)
      put(core, subscription, permission);
    if (core.turn.spend(stepsOfFilter(subscription.filter))) yield core.turn.rest();
  }
  session.isNarrowed = Array.from(session.subscriptions.values()).some((one) => one.isNarrowed);
  session.accessEpoch = epoch;
}

function put(
  core: ReceivingContext,
  subscription: Subscription,
  permission: SubscribePermission,
): void {
  const { session, filter, qos, isNarrowed } = subscription;
  if (!permission.isAllowed) {
    noteDenied(core, "keep subscription", session.access?.client ?? session, filter);
    removeSubscription(core, subscription);
    tellEnded(core, subscription);
  } else if (permission.maximumQos < qos || permission.isNarrowed !== isNarrowed)
    regrant(core, subscription, permission);
}

/** For programs a subscription that ends is one that its client has given up. */
function tellEnded(core: ReceivingContext, { session, filter }: Subscription): void {
  if (core.hooks.clientUnsubscribedTopic === undefined) return;
  const { context } = subscriberOf(session).client;
  core.news.tell("clientUnsubscribedTopic", session, { ...context, topic: filter });
}

function permissionOf(
  core: ReceivingContext,
  access: ClientAccess | undefined,
  { filter, topicFilter }: Subscription,
): Task<SubscribePermission> {
  return permissionToSubscribe(core, access, topicFilter, filter !== topicFilter);
}

/**
 * The rules have changed: what was remembered is out of date from now on, and all subscriptions are asked about again, those of clients
 * that are away too; of a session whose client has not come since the start, when it comes.
 */
export function* judgeAll(core: ReceivingContext & { accessEpoch: number }): Task {
  core.accessEpoch += 1;
  for (const session of core.sessions)
    if (session.access !== undefined && session.queue.length > 0) session.isQueueJudged = true;
  for (const session of Array.from(core.sessions)) {
    if (session.access === undefined || session.isDeleted) continue;
    yield* judgeSession(core, session);
    if (core.turn.spend(1)) yield core.turn.rest();
  }
}
