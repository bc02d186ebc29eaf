import type { QoS } from "@anax/protocol";
import type { Session } from "../sessions/session.ts";
import type { SharedGroup } from "./shared-subscriptions.ts";
import type { Subscription } from "./subscription.ts";
import type { Matches } from "./subscription-tree.ts";

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
}

/** How a topic's messages reach their recipients, kept until a subscription that may touch it changes. */
export interface Route {
  readonly topic: string;
  readonly topicBytes: Uint8Array;
  readonly recipients: readonly Recipient[];
  readonly groups: readonly SharedGroup[];
  /** False once a subscription has changed that may matter for this topic. */
  readonly isCurrent: boolean;
  /** True if the topic is the one in `bytes[start, end)`. */
  isFor(bytes: Uint8Array, start: number, end: number): boolean;
}

/** Makes the recipients of what a topic matched, in the order of their subscribing. */
export function recipientsOf(matches: Matches): Recipient[] {
  if (matches.subscriptions.length === 0) return [];
  if (matches.subscriptions.length === 1)
    return matches.subscriptions.map((only) => recipientFor([only]));
  const bySession = new Map<Session, Subscription[]>();
  for (const subscription of matches.subscriptions) {
    const own = bySession.get(subscription.session);
    if (own === undefined) bySession.set(subscription.session, [subscription]);
    else own.push(subscription);
  }
  return Array.from(bySession.values(), recipientFor);
}

/** The receiver that a member of a shared subscription is; No Local does not exist there. */
export function recipientFor(subscriptions: readonly Subscription[]): Recipient {
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
  });
}

class CombinedRecipient implements Recipient {
  readonly session: Session;
  readonly qos: QoS;
  readonly retainAsPublished: boolean;
  readonly subscriptionIdentifiers: readonly number[] | undefined;
  readonly forOwnMessages: Recipient | undefined;
  readonly isPlain: boolean;

  constructor(fields: {
    session: Session;
    qos: QoS;
    retainAsPublished: boolean;
    subscriptionIdentifiers: readonly number[] | undefined;
    forOwnMessages: Recipient | undefined | "self";
  }) {
    this.session = fields.session;
    this.qos = fields.qos;
    this.retainAsPublished = fields.retainAsPublished;
    this.subscriptionIdentifiers = fields.subscriptionIdentifiers;
    this.forOwnMessages = fields.forOwnMessages === "self" ? this : fields.forOwnMessages;
    this.isPlain = this.subscriptionIdentifiers === undefined && this.forOwnMessages === this;
  }
}
