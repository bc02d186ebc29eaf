import type { QoS } from "@anax/protocol";
import type { Session } from "../sessions/session.ts";
import type { SharedGroup } from "./shared-subscriptions.ts";
import type { Subscription } from "./subscription.ts";

/**
 * One session that gets the messages of a topic, and how: overlapping subscriptions are one receiver
 * at the highest QoS with all their identifiers [MQTT-3.3.4-2] [MQTT-3.3.4-4].
 */
export interface Recipient {
  readonly session: Session;
  readonly qos: QoS;
  readonly retainAsPublished: boolean;
  readonly subscriptionIdentifiers: readonly number[] | undefined;
  /**
   * The same without the subscriptions that want nothing of the session's own client: itself if
   * there are none with No Local, undefined if all have it.
   */
  readonly forOwnMessages: Recipient | undefined;
  /** True if the receiver's packet depends on nothing but protocol version and QoS. */
  readonly isPlain: boolean;
  /** False once the session has none of the subscriptions any more by which it was found. */
  readonly isSubscribed: boolean;
}

/** Who gets the messages of a topic at this moment. Not changed afterwards, so it may be gone through while they change. */
export interface Route {
  readonly recipients: readonly Recipient[];
  readonly groups: readonly SharedGroup[];
}

/**
 * Who gets a message of this client through a recipient: a session gets none of its own client by subscriptions with No Local
 * [MQTT-3.8.3-3], and one that has ended, of which the filters are taken out of the tree one after the other, none at all.
 * Undefined if none is left.
 */
export function recipientOf(recipient: Recipient, clientId: string): Recipient | undefined {
  if (recipient.session.isDeleted) return undefined;
  return recipient.session.clientId === clientId ? recipient.forOwnMessages : recipient;
}

/** Where nothing is subscribed. */
export const NO_ROUTE: Route = { recipients: [], groups: [] };

/**
 * The recipients that several filters give together, in their order: one for each session. Most sessions match by one of
 * them only, and then nothing is made but the list.
 */
export function mergeRecipients(lists: readonly (readonly Subscription[])[]): readonly Recipient[] {
  const all = lists.length === 1 ? (lists[0] ?? []) : lists.flat();
  return hasSessionTwice(all) ? combineBySession(all) : all;
}

/** Marks sessions with a number of its own each time, which is much cheaper than a set of them. */
let lastMark = 0;

function hasSessionTwice(subscriptions: readonly Subscription[]): boolean {
  lastMark += 1;
  for (const { session } of subscriptions) {
    if (session.routeMark === lastMark) return true;
    session.routeMark = lastMark;
  }
  return false;
}

function combineBySession(subscriptions: readonly Subscription[]): Recipient[] {
  const bySession = new Map<Session, Subscription[]>();
  for (const subscription of subscriptions) {
    const own = bySession.get(subscription.session);
    if (own === undefined) bySession.set(subscription.session, [subscription]);
    else own.push(subscription);
  }
  return Array.from(bySession.values(), recipientFor);
}

function recipientFor(subscriptions: readonly Subscription[]): Recipient {
  const [first] = subscriptions;
  if (first !== undefined && subscriptions.length === 1) return first;
  const foreign = subscriptions.filter((subscription) => !subscription.noLocal);
  if (foreign.length === subscriptions.length) return combine(subscriptions, "self");
  return combine(subscriptions, foreign.length === 0 ? undefined : combine(foreign, "self"));
}

function combine(
  subscriptions: readonly Subscription[],
  forOwnMessages: Recipient | undefined | "self",
): Recipient {
  const [first] = subscriptions;
  if (first === undefined) throw new Error("a recipient needs a subscription");
  const identifiers: number[] = [];
  let qos: QoS = 0;
  let retainAsPublished = false;
  for (const subscription of subscriptions) {
    if (subscription.qos > qos) qos = subscription.qos;
    if (subscription.retainAsPublished) retainAsPublished = true;
    const identifier = subscription.subscriptionIdentifier;
    if (identifier !== undefined) identifiers.push(identifier);
  }
  return new CombinedRecipient({
    session: first.session,
    qos,
    retainAsPublished,
    subscriptionIdentifiers: identifiers.length > 0 ? identifiers : undefined,
    forOwnMessages,
    subscriptions,
  });
}

class CombinedRecipient implements Recipient {
  readonly session: Session;
  readonly qos: QoS;
  readonly retainAsPublished: boolean;
  readonly subscriptionIdentifiers: readonly number[] | undefined;
  readonly forOwnMessages: Recipient | undefined;
  readonly isPlain: boolean;
  readonly #subscriptions: readonly Subscription[];

  constructor(fields: {
    session: Session;
    qos: QoS;
    retainAsPublished: boolean;
    subscriptionIdentifiers: readonly number[] | undefined;
    forOwnMessages: Recipient | undefined | "self";
    subscriptions: readonly Subscription[];
  }) {
    this.session = fields.session;
    this.qos = fields.qos;
    this.retainAsPublished = fields.retainAsPublished;
    this.subscriptionIdentifiers = fields.subscriptionIdentifiers;
    this.forOwnMessages = fields.forOwnMessages === "self" ? this : fields.forOwnMessages;
    this.isPlain = this.subscriptionIdentifiers === undefined;
    this.#subscriptions = fields.subscriptions;
  }

  get isSubscribed(): boolean {
    return this.#subscriptions.some(({ isSubscribed }) => isSubscribed);
  }
}
