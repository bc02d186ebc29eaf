import type { QoS } from "@anax/protocol";
import type { ModelSession, ModelSubscription, Publication } from "./model.ts";

/** How a member of a shared subscription gets a message. */
export interface MemberOptions {
  readonly qos: QoS;
  readonly retain: boolean;
  readonly identifiers: readonly number[];
}

/** The sessions of one shared subscription. */
export class ModelGroup {
  readonly topicFilter: string;
  readonly members: Map<ModelSession, ModelSubscription> = new Map();
  /** How often all members have left: what was owed to the group then is owed to nobody in it. */
  generation = 0;

  constructor(topicFilter: string) {
    this.topicFilter = topicFilter;
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  join(session: ModelSession, subscription: ModelSubscription): void {
    this.members.set(session, subscription);
  }

  leave(session: ModelSession): void {
    this.members.delete(session);
    if (this.isEmpty) this.generation += 1;
  }
}

/** A message that one member of a group is owed; which one is the server's choice. */
export class GroupDebt {
  publication: Publication;
  readonly #group: ModelGroup;
  #generation: number;
  #candidates: Map<ModelSession, MemberOptions[]> = new Map();
  #isRequired: boolean;
  #seenBy: ModelSession | undefined;
  #seenQos2 = false;
  #isFinished = false;

  constructor(publication: Publication, group: ModelGroup) {
    this.publication = publication;
    this.#group = group;
    this.#generation = group.generation;
    this.#isRequired = true;
    this.#nominateMembers();
  }

  /** True if the message has come to nobody, and should have. */
  get isMissing(): boolean {
    return this.#isRequired && this.#seenBy === undefined && !this.#isFinished;
  }

  canBeFor(session: ModelSession, fits: (options: MemberOptions) => boolean): boolean {
    if (this.#isFinished || this.#seenBy !== undefined) return false;
    return this.#candidates.get(session)?.some(fits) ?? false;
  }

  /** True if another session was seen to get what this one may have been meant to get. */
  mayHaveBeenFor(session: ModelSession, fits: (options: MemberOptions) => boolean): boolean {
    if (this.#seenBy === undefined || this.#seenBy === session) return false;
    return this.#candidates.get(session)?.some(fits) ?? false;
  }

  /**
   * A message that was published twice is owed twice, and nobody can tell which of the two a member got: gives what this
   * debt is about to `free`, which nobody got, if that may as well be what its member was seen to get.
   */
  exchangeWith(free: GroupDebt): boolean {
    const member = this.#seenBy;
    const isFree = free.#seenBy === undefined && !free.#isFinished;
    if (member === undefined || !isFree || !free.#candidates.has(member)) return false;
    [this.publication, free.publication] = [free.publication, this.publication];
    [this.#generation, free.#generation] = [free.#generation, this.#generation];
    [this.#candidates, free.#candidates] = [free.#candidates, this.#candidates];
    [this.#isRequired, free.#isRequired] = [free.#isRequired, this.#isRequired];
    return true;
  }

  seenBy(session: ModelSession): void {
    this.#seenBy = session;
    const options = this.#candidates.get(session) ?? [];
    this.#seenQos2 = options.some(({ qos }) => qos === 2);
    if (options.every(({ qos }) => qos === 0)) this.#isFinished = true;
  }

  /** The member has acknowledged it. */
  finish(): void {
    this.#isFinished = true;
  }

  /** A session has ended: what it had not acknowledged goes to another member, if there is one. */
  memberEnded(session: ModelSession): void {
    if (this.#isFinished || !this.#candidates.has(session)) return;
    if (this.#seenBy !== undefined && this.#seenBy !== session) return;
    // A QoS 2 message that was on its way to one member goes to no other [MQTT-4.8.2-5].
    if (this.#seenBy === session && this.#seenQos2) this.#isFinished = true;
    const mayBeQos2 = (this.#candidates.get(session) ?? []).some(({ qos }) => qos === 2);
    this.#candidates.delete(session);
    this.#seenBy = undefined;
    const isGone = this.#group.isEmpty || this.#group.generation !== this.#generation;
    if (mayBeQos2 || isGone) this.#isRequired = false;
    this.#nominateMembers();
  }

  #nominateMembers(): void {
    for (const [session, subscription] of this.#group.members) {
      const qos = Math.min(this.publication.qos, subscription.qos) as QoS;
      const { identifier, retainAsPublished } = subscription;
      const options: MemberOptions = {
        qos,
        retain: this.publication.retain && retainAsPublished,
        identifiers: identifier === undefined ? [] : [identifier],
      };
      const known = this.#candidates.get(session) ?? [];
      this.#candidates.set(session, [...known, options]);
      // QoS 0 is owed to nobody.
      if (qos === 0) this.#isRequired = false;
    }
  }
}
