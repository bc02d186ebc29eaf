import type { SubscribePacket, UnsubscribePacket } from "@anax/protocol";
import { ProtocolError, showValue } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import { sendPacket } from "../connection/outgoing.ts";
import { onceStored } from "../connection/storing.ts";
import type { PeersContext } from "./peers-context.ts";
import type { Interest } from "../routing/interest.ts";
import { Subscription } from "../routing/subscription.ts";
import type { PeerSession } from "../sessions/peer-session.ts";
import { readFilter } from "../subscribing/filter-rules.ts";
import { writeFrame } from "./link-frames.ts";

/** Filters in one SUBSCRIBE. */
const FILTERS_MAX = 100;
const GRANTED = 2;

/** One link, from the moment on at which it is known whose it is. What it tells and is told of interest is kept here. */
export class PeerLink {
  readonly session: PeerSession;
  readonly #core: PeersContext;
  readonly #connection: Connection;
  /** SUBSCRIBE packets that are not answered, by Packet Identifier. */
  readonly #asked: Map<number, readonly Interest[]> = new Map();
  #identifier = 0;
  /** While the other end tells all that it wants: what it has not named yet. */
  #unnamed: Set<string> | undefined;

  constructor(core: PeersContext, connection: Connection, session: PeerSession) {
    this.#core = core;
    this.#connection = connection;
    this.session = session;
  }

  /** Tells the other end all that is wanted here. */
  tellAll(interests: Iterable<Interest>): void {
    sendPacket(this.#core, this.#connection, writeFrame({ type: "interestBegins" }));
    let some: Interest[] = [];
    for (const interest of interests) {
      some.push(interest);
      if (some.length < FILTERS_MAX) continue;
      this.subscribe(some);
      some = [];
    }
    if (some.length > 0) this.subscribe(some);
    sendPacket(this.#core, this.#connection, writeFrame({ type: "interestEnds" }));
  }

  subscribe(interests: readonly Interest[]): void {
    const packetIdentifier = this.#nextIdentifier();
    this.#asked.set(packetIdentifier, interests);
    const subscriptions = interests.map(({ filter: topicFilter }) => ({
      topicFilter,
      qos: GRANTED,
      noLocal: true,
      retainAsPublished: false,
      retainHandling: 2,
    })) satisfies SubscribePacket["subscriptions"];
    sendPacket(this.#core, this.#connection, {
      type: "subscribe",
      packetIdentifier,
      subscriptions,
    });
  }

  unsubscribe({ filter }: Interest): void {
    const packetIdentifier = this.#nextIdentifier();
    const packet: UnsubscribePacket = {
      type: "unsubscribe",
      packetIdentifier,
      topicFilters: [filter],
    };
    sendPacket(this.#core, this.#connection, packet);
  }

  /** SUBACK: the other end has written these down. */
  answered(packetIdentifier: number): readonly Interest[] {
    const interests = this.#asked.get(packetIdentifier);
    if (interests === undefined)
      throw new ProtocolError(`SUBACK for ${packetIdentifier}, which was not asked for`);
    this.#asked.delete(packetIdentifier);
    return interests;
  }

  /** The other end begins to tell all that it wants. */
  interestBegins(): void {
    this.#unnamed = new Set(
      Array.from(this.session.subscriptions.values(), ({ filter }) => filter),
    );
  }

  /** What it has not named it does not want any more: a link that breaks before takes nothing away. */
  interestEnds(): void {
    for (const filter of this.#unnamed ?? []) this.#remove(filter);
    this.#unnamed = undefined;
  }

  /** SUBSCRIBE: the clients of the other end want this. It is answered when that is stored. */
  takeSubscribe({ packetIdentifier, subscriptions }: SubscribePacket): void {
    for (const { topicFilter } of subscriptions) {
      this.#unnamed?.delete(topicFilter);
      if (!this.session.subscriptions.has(topicFilter)) this.#add(topicFilter);
    }
    const reasonCodes = subscriptions.map(() => GRANTED);
    const suback = { type: "suback", packetIdentifier, reasonCodes } as const;
    sendPacket(this.#core, this.#connection, suback, onceStored);
  }

  takeUnsubscribe({ packetIdentifier, topicFilters }: UnsubscribePacket): void {
    for (const filter of topicFilters) this.#remove(filter);
    const reasonCodes = topicFilters.map(() => 0);
    sendPacket(this.#core, this.#connection, { type: "unsuback", packetIdentifier, reasonCodes });
  }

  #add(filter: string): void {
    const subscription = peerSubscription(this.#core, this.session, filter);
    putPeerSubscription(this.#core, subscription);
    if (this.session.isDurable) this.#core.journal?.subscribed(subscription);
  }

  #remove(filter: string): void {
    const { session } = this;
    const subscription = session.subscriptions.get(filter);
    if (subscription === undefined) return;
    removePeerSubscription(this.#core, subscription);
    if (session.isDurable) this.#core.journal?.unsubscribed(subscription);
  }

  #nextIdentifier(): number {
    do this.#identifier = (this.#identifier % 0xffff) + 1;
    while (this.#asked.has(this.#identifier));
    return this.#identifier;
  }
}

/**
 * What the clients of another server want. No Local keeps away from it what came from any of the others, since they have one
 * Client Identifier: a message goes from server to server once.
 */
export function peerSubscription(
  core: PeersContext,
  session: PeerSession,
  filter: string,
): Subscription {
  const read = readFilter(filter, core.options);
  if (typeof read === "number")
    throw new ProtocolError(`${showValue(filter)} is no valid Topic Filter here`, read);
  return new Subscription({
    session,
    filter,
    ...read,
    qos: GRANTED,
    noLocal: true,
    retainAsPublished: false,
    retainHandling: 2,
    subscriptionIdentifier: undefined,
  });
}

export function putPeerSubscription(core: PeersContext, subscription: Subscription): void {
  subscription.session.addSubscription(subscription);
  core.router.subscribe(subscription);
}

export function removePeerSubscription(core: PeersContext, subscription: Subscription): void {
  subscription.session.deleteSubscription(subscription.filter);
  core.router.unsubscribe(subscription);
}
