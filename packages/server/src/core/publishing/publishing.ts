import type { UserProperties } from "@anax/protocol";
import { lowerQos } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
import { deliver } from "../delivering/delivering.ts";
import { packetSizeOf } from "../delivering/publish-writer.ts";
import type { Delivery } from "../delivering/delivery.ts";
import type { InterceptingPublish } from "../hooks/publish-events.ts";
import { enqueueing, messageFor } from "./asking-receiver.ts";
import { applicationMessageOf, messageFromApplication } from "./message.ts";
import type { Message } from "./message.ts";
import type { Origin } from "./origin.ts";
import { settled } from "../pending.ts";
import type { HookResult, Task } from "../pending.ts";
import { retainedOwner } from "../retained/retained-owner.ts";
import { isStored, renounce, retain } from "../retained/retaining.ts";
import type { Recipient } from "../routing/route.ts";
import type { Session } from "../sessions/session.ts";
import type { SharedGroup } from "../routing/shared-subscriptions.ts";
import type { Subscription } from "../routing/subscription.ts";
import { refusalToStore, stored } from "../journal/storing.ts";

/** No matching subscribers: accepted, but nobody subscribes. */
const NO_MATCHING_SUBSCRIBERS = 0x10;
const QUOTA_EXCEEDED = 0x97;

/** What became of a published message. */
export interface Published {
  /** Sessions whose subscriptions matched and that no handler vetoed; a shared subscription counts as one. */
  matched: number;
  /** Of these, how many got it: sent to a connected client, or queued. */
  queued: number;
  /** Of these, how many did not: a limit, or QoS 0 for a client that is away. */
  dropped: number;
  /** For the acknowledgement: 0, 0x10 where nobody subscribes, or why it was refused. */
  reasonCode: number;
  reasonString?: string;
  userProperties?: UserProperties;
  closeConnection: boolean;
  /** False if it asked to be retained and was not. */
  isRetained?: boolean;
}

/** Whether a store without room may refuse the message: not what the server owes already, as the Will of a stored session. */
export type Urgency = "refusable" | "owed";

/**
 * The whole way of a message: intercept, retain, route, give to each receiver. From clients, Wills and
 * `injectApplicationMessage` alike, so none of them can go past a check.
 */
export function* publish(
  core: CoreContext,
  message: Message,
  origin: Origin,
  urgency: Urgency = "refusable",
): Task<Published> {
  if (core.hooks.interceptingPublish === undefined || origin.isHidden === true) {
    return yield* publishAccepted(core, message, origin, { published: nothing(), urgency });
  }
  const original = applicationMessageOf(message);
  const event: InterceptingPublish = {
    ...origin,
    topic: message.topic,
    applicationMessage: original,
    processPublish: true,
    closeConnection: false,
    response: {},
  };
  const pending = core.hooks.interceptingPublish(event);
  const isReplaced = (): boolean => event.applicationMessage !== original;
  const interception = { event, pending, isReplaced, urgency };
  return yield* publishIntercepted(core, message, origin, interception);
}

/** As `publish`, and waits until what is to survive of it does. */
export function* publishStored(
  core: CoreContext,
  message: Message,
  origin: Origin,
): Task<Published> {
  const appendedBefore = core.journal?.appended;
  const published = yield* publish(core, message, origin);
  // The program is told, which clients can be only in words.
  if (published.isRetained === false) published.reasonCode = QUOTA_EXCEEDED;
  const depends = core.journal?.appended !== appendedBefore && (message.qos > 0 || message.retain);
  const failure = depends ? yield* stored(core) : undefined;
  if (failure !== undefined) published.reasonCode = failure;
  return published;
}

/** What `interceptingPublish` was shown, and whether its handlers are still to be waited for. */
export interface Interception {
  readonly event: InterceptingPublish;
  readonly pending: HookResult;
  /** Whether a handler put another message in place of the one that it was shown. */
  isReplaced(): boolean;
  readonly urgency: Urgency;
}

/** The rest of the way of a message that was shown to `interceptingPublish`. */
export function* publishIntercepted(
  core: CoreContext,
  message: Message,
  origin: Origin,
  interception: Interception,
): Task<Published> {
  const { event, urgency } = interception;
  yield* settled(interception.pending);
  const published = nothing();
  Object.assign(published, event.response, { closeConnection: event.closeConnection });
  published.reasonCode = event.response.reasonCode ?? 0;
  if (!event.processPublish || event.closeConnection) return published;
  const publishing = { published, urgency };
  if (!interception.isReplaced()) return yield* publishAccepted(core, message, origin, publishing);
  const { applicationMessage } = event;
  if (applicationMessage === undefined) return published;
  const accepted = messageFromApplication(applicationMessage, message.clientId, core.now);
  return yield* publishAccepted(core, accepted, origin, publishing);
}

/** Retains, routes and gives a message that nobody holds back. */
function* publishAccepted(
  core: CoreContext,
  accepted: Message,
  origin: Origin,
  { published, urgency }: { readonly published: Published; readonly urgency: Urgency },
): Task<Published> {
  const unstorable = urgency === "owed" ? undefined : refusalOf(core, accepted);
  if (unstorable !== undefined && accepted.qos > 0) {
    published.reasonCode = unstorable;
    published.reasonString = "the store takes nothing";
    return published;
  }
  // The server may leave a retained message of QoS 0 out at any time [MQTT-3.3.1-7].
  const isRetained = accepted.retain && unstorable === undefined;
  if (isRetained) yield* retainIfRoom(core, accepted, origin, published);
  yield* distribute(core, accepted, origin, published);
  if (published.matched > 0) return published;
  // Both say the same: there is no receiver. One that a limit keeps it from is one all the same.
  if (published.reasonCode === 0) published.reasonCode = NO_MATCHING_SUBSCRIBERS;
  if (core.hooks.applicationMessageNotConsumed !== undefined && origin.isHidden !== true) {
    const args = {
      senderClientId: origin.clientId,
      applicationMessage: applicationMessageOf(accepted),
    };
    yield* settled(core.hooks.applicationMessageNotConsumed(args));
  }
  return published;
}

/** A full store of retained messages takes nothing from those who are there now: they get the message all the same. */
function* retainIfRoom(
  core: CoreContext,
  message: Message,
  origin: Origin,
  published: Published,
): Task {
  const retaining = { clientId: origin.clientId, owner: retainedOwner(core, origin) };
  if (yield* retain(core, message, retaining)) return;
  published.isRetained = false;
  published.reasonString ??= "delivered, but not retained: there is no room for it";
  yield* renounce(core, message, retaining);
}

/** Reason Code for a message that would have to be stored and cannot be; undefined if it needs no store, or has one. */
function refusalOf(core: CoreContext, message: Message): number | undefined {
  const refusal = refusalToStore(core);
  if (refusal === undefined) return undefined;
  if (message.retain && isStored(message.topic)) return refusal;
  if (message.qos === 0) return undefined;
  const { recipients, groups } = core.router.route(message.topic);
  const isDurable =
    recipients.some(({ session, qos }) => session.isDurable && qos > 0) ||
    groups.some(({ members }) => members.some(({ session, qos }) => session.isDurable && qos > 0));
  return isDurable ? refusal : undefined;
}

function nothing(): Published {
  return { matched: 0, queued: 0, dropped: 0, reasonCode: 0, closeConnection: false };
}

function* distribute(
  core: CoreContext,
  message: Message,
  origin: Origin,
  published: Published,
): Task {
  const route = core.router.route(message.topic);
  for (const recipient of route.recipients) {
    const own =
      message.clientId === recipient.session.clientId ? recipient.forOwnMessages : recipient;
    if (own !== undefined) yield* give(core, own, { message, origin, published, group: undefined });
  }
  for (const group of route.groups) {
    const member = group.next((one) => takes(one, message));
    if (member === undefined) continue;
    yield* give(core, member, { message, origin, published, group });
  }
}

interface Giving {
  readonly message: Message;
  readonly origin: Origin;
  readonly published: Published;
  readonly group: SharedGroup | undefined;
}

/** Gives the message to one receiver, unless the veto of `interceptingClientEnqueue` makes it none. */
function* give(core: CoreContext, recipient: Recipient, giving: Giving): Task {
  const { published } = giving;
  const message =
    core.hooks.interceptingClientEnqueue === undefined
      ? giving.message
      : yield* askReceiver(core, recipient.session, giving);
  if (message === undefined) return;
  published.matched += 1;
  const isTaken =
    !recipient.session.isDeleted &&
    deliver(core, recipient.session, deliveryFor(recipient, message, giving.group)) !== "dropped";
  if (isTaken) published.queued += 1;
  else published.dropped += 1;
  if (core.hooks.applicationMessageEnqueuedOrDropped === undefined) return;
  yield* settled(
    core.hooks.applicationMessageEnqueuedOrDropped({
      senderClientId: giving.origin.clientId,
      receiverClientId: recipient.session.clientId,
      applicationMessage: applicationMessageOf(message),
      isDropped: !isTaken,
    }),
  );
}

/** The message as this receiver is to get it; undefined if a handler vetoed it. */
function* askReceiver(
  core: CoreContext,
  receiver: Session,
  { message, origin, published }: Giving,
): Task<Message | undefined> {
  const asked = enqueueing(message, origin.clientId, receiver);
  yield* settled(core.hooks.interceptingClientEnqueue?.(asked.args));
  if (asked.args.closeSenderConnection) published.closeConnection = true;
  return messageFor(core, message, asked);
}

/** True unless the packet would be larger than the client of this member of a group takes. */
export function takes(member: Subscription, message: Message): boolean {
  const { connection } = member.session;
  if (connection === undefined || connection.maximumPacketSize === Infinity) return true;
  const delivery = deliveryFor(member, message, undefined);
  return packetSizeOf(connection, delivery) <= connection.maximumPacketSize;
}

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
