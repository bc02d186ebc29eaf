import type { QoS } from "@anax/protocol";
import type { Recipient } from "./route.ts";
import type { Session } from "../sessions/session.ts";

/** What a Subscription is made of. */
export interface SubscriptionFields {
  readonly session: Session;
  /** As the client wrote it, `$share/name/` included: the key within the session. */
  readonly filter: string;
  /** What is matched: the filter without `$share/name/`. */
  readonly topicFilter: string;
  readonly shareName: string | undefined;
  /** The QoS granted. */
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  readonly subscriptionIdentifier: number | undefined;
  /** True if the session may not receive each topic that the filter matches. Default false. */
  readonly isNarrowed?: boolean | undefined;
}

/**
 * One Subscription of one Session. Immutable: a new SUBSCRIBE of the same filter replaces it. It is itself the recipient
 * of what no other subscription of its session matches.
 */
export class Subscription implements SubscriptionFields, Recipient {
  readonly session: Session;
  readonly filter: string;
  readonly topicFilter: string;
  readonly shareName: string | undefined;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  readonly subscriptionIdentifiers: readonly number[] | undefined;
  readonly isNarrowed: boolean;

  constructor(fields: SubscriptionFields) {
    this.session = fields.session;
    this.filter = fields.filter;
    this.topicFilter = fields.topicFilter;
    this.shareName = fields.shareName;
    this.qos = fields.qos;
    this.noLocal = fields.noLocal;
    this.retainAsPublished = fields.retainAsPublished;
    this.retainHandling = fields.retainHandling;
    this.isNarrowed = fields.isNarrowed ?? false;
    const identifier = fields.subscriptionIdentifier;
    this.subscriptionIdentifiers = identifier === undefined ? undefined : [identifier];
  }

  get subscriptionIdentifier(): number | undefined {
    return this.subscriptionIdentifiers?.[0];
  }

  get forOwnMessages(): Recipient | undefined {
    return this.noLocal ? undefined : this;
  }

  get isSubscribed(): boolean {
    return this.session.subscriptions.has(this.filter);
  }

  get isPlain(): boolean {
    return this.subscriptionIdentifiers === undefined;
  }
}
