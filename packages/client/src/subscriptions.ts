/** The subscriptions of a client: who gets a message, what the server is asked for, and how they end. */
import { MqttConfigurationError, showValue } from "@anax/protocol";
import type { ProtocolVersion, SubscribeProperties, SubscriptionRequest } from "@anax/protocol";
import type { CancelCall, Clock } from "./clock.ts";
import { backOffMs } from "./core/back-off.ts";
import type { ClientMachine } from "./core/client-machine.ts";
import type { ConnectResult } from "./core/connect-result.ts";
import { MqttQueueFullError, MqttReasonError, serverError } from "./core/errors.ts";
import { MessageCopies } from "./core/message-copies.ts";
import type { Message } from "./core/message.ts";
import type { SubscribeFields, UnsubscribeRequest } from "./core/requests.ts";
import { TopicRouter } from "./core/topic-router.ts";
import type { TopicMatches } from "./core/topic-router.ts";
import { deferred } from "./deferred.ts";
import type { Deferred } from "./deferred.ts";
import type { EventHandlers } from "./events.ts";
import { FilterTable } from "./filter-table.ts";
import type { UnsubscribeResult } from "./options.ts";
import { callAtTurnEnd } from "./platform.ts";
import type { ClientSubscription } from "./subscription.ts";
import { UnclaimedMessages } from "./unclaimed-messages.ts";

/** The result of an unsubscribe that the server was not asked for, or whose answer is not to come. */
const UNASKED: UnsubscribeResult = Object.freeze({ reasonCodes: [] });

/** How long to wait before a subscription is asked for that was refused for the time being. */
const ASK_AGAIN = { initialDelayMs: 5_000, delayMaxMs: 60_000 };

/** What subscriptions need of the client. */
export interface SubscriptionsClient {
  readonly machine: ClientMachine;
  readonly events: EventHandlers;
  readonly protocolVersion: ProtocolVersion;
  readonly clock: Clock;
  readonly isManual: boolean;
  readonly unclaimedMessagesMax: number;
  /** Sends at the end of this turn. */
  readonly flush: () => void;
  /** `idle`: there is no connection and none is to come. */
  readonly status: () => "idle" | "connecting" | "connected" | "waiting";
}

/** The subscriptions of a client. */
export class Subscriptions {
  readonly #client: SubscriptionsClient;
  readonly #router: TopicRouter<ClientSubscription> = new TopicRouter();
  readonly #filters: FilterTable<ClientSubscription> = new FilterTable();
  readonly #copies: MessageCopies = new MessageCopies();
  readonly #unclaimed: UnclaimedMessages;
  /** Unsubscribes that wait for their answer. */
  readonly #leaving: Set<Deferred<UnsubscribeResult>> = new Set();
  /** Whether somebody came who may want what waits. */
  #isClaiming = false;
  /** Subscriptions with filters that were refused for the time being, and what ends the wait before they are asked for again. */
  readonly #waiting: Map<ClientSubscription, CancelCall> = new Map();
  /** How often in a row such filters were refused, of all subscriptions together. */
  #refusals = 0;
  /** Whether it was told on this connection that a message was dropped. */
  #isDropTold = false;

  constructor(client: SubscriptionsClient) {
    this.#client = client;
    this.#unclaimed = new UnclaimedMessages(client.unclaimedMessagesMax);
  }

  /** How many messages wait for somebody who wants them. */
  get unclaimedMessages(): number {
    return this.#unclaimed.length;
  }

  /** @throws MqttConfigurationError when the server cannot have it beside another one */
  requireAgreement({ subscriptions }: SubscribeFields): void {
    for (const request of subscriptions) {
      const name = this.#filters.conflict(request);
      if (name === undefined) continue;
      const why = `another subscription to ${request.topicFilter} has ${!request[name]}`;
      throw new MqttConfigurationError(
        `${name} cannot be ${request[name]}: ${why}, and the server keeps one for each filter`,
      );
    }
  }

  /** Begins a subscription. */
  add(subscription: ClientSubscription): void {
    this.#router.add(subscription);
    const { subscriptions } = subscription.request;
    for (const request of subscriptions) {
      this.#filters.add(subscription, request, subscription.subscriptionIdentifier);
    }
    for (const { topicFilter } of subscriptions) this.#compare(subscription, topicFilter);
    this.#ask(subscription, subscription.topicFilters);
    this.claim();
  }

  /** Gives a message to all who want it. */
  onMessage(message: Message): void {
    // What came before goes first.
    if (this.#isClaiming) this.#giveUnclaimed();
    this.#give(message);
  }

  /** Somebody came who may want what waits: they get it when the code that is running now has ended. */
  claim(): void {
    if (this.#unclaimed.length === 0 || this.#isClaiming) return;
    this.#isClaiming = true;
    callAtTurnEnd(() => this.#giveUnclaimed());
  }

  /** A connection is up. */
  onConnected(result: ConnectResult): void {
    this.#isDropTold = false;
    this.#refusals = 0;
    // MQTT 3.1 does not say whether there was a Session; to subscribe again does no harm.
    const isKept = result.sessionPresent && this.#client.protocolVersion !== 3;
    this.#copies.clear();
    for (const subscription of this.#router.targets) {
      if (!isKept) subscription.forgetRetained();
      const { isGranted, topicFilters, refusedFilters } = subscription;
      if (isGranted) this.#ask(subscription, isKept ? refusedFilters : topicFilters);
    }
  }

  /** The connection has ended. */
  onDisconnected(): void {
    for (const leaving of this.#leaving) leaving.resolve(UNASKED);
    this.#leaving.clear();
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
    if (this.#client.isManual) this.#unclaimed.forgetUnacknowledged();
  }

  /** No connection is to come; by an error, or because the application wanted it so. */
  end(error: Error | undefined): void {
    for (const subscription of this.#router.targets) {
      this.#remove(subscription);
      subscription.end(error);
    }
  }

  /** Ends a subscription; the server is told of those filters that no other subscription has. */
  leave(subscription: ClientSubscription): Promise<UnsubscribeResult> {
    const unused = this.#remove(subscription);
    if (unused.length === 0) return Promise.resolve(UNASKED);
    return this.#sendUnsubscribe({ topicFilters: unused });
  }

  /** Ends these filters of all subscriptions. */
  unsubscribe(
    fields: Pick<UnsubscribeRequest, "topicFilters" | "properties">,
  ): Promise<UnsubscribeResult> {
    const { topicFilters } = fields;
    for (const subscription of this.#router.targets) {
      for (const filter of topicFilters) this.#filters.remove(subscription, filter);
      if (subscription.keepFilters((filter) => !topicFilters.includes(filter))) continue;
      this.#router.remove(subscription);
      subscription.end();
    }
    this.#router.changed();
    return this.#sendUnsubscribe(fields);
  }

  #give(message: Message): void {
    const { events } = this.#client;
    const isHeard = events.has("message");
    if (isHeard) events.emit("message", message);
    const matches = this.#router.find(message.topic);
    if (matches.targets.length === 0) {
      if (!isHeard) this.#keep(message);
      return;
    }
    const wanting =
      matches.filters.length === 1 ? matches.targets : this.#wanting(message, matches);
    let isTaken = false;
    for (const subscription of wanting) isTaken = subscription.deliver(message) || isTaken;
    if (!isTaken) message.acknowledge();
  }

  /**
   * Who is to get this copy of a message that several filters match. By its Subscription Identifiers it is for those whose first
   * filter it was sent for; without any, all get the first copy. Nobody is left out because of an identifier that is not known.
   */
  #wanting(
    message: Message,
    matches: TopicMatches<ClientSubscription>,
  ): readonly ClientSubscription[] {
    const { targets, firstFilters, filters } = matches;
    const identifiers = filters
      .map((filter) => this.#filters.identifierOf(filter))
      .filter((one) => one !== undefined && message.subscriptionIdentifiers?.includes(one));
    // Of one filter the server sends one copy; so many may come that look alike.
    const alike =
      identifiers.length === 0
        ? filters.length
        : identifiers.length - new Set(identifiers).size + 1;
    const isCopy =
      alike > 1 && !message.retain && this.#copies.isCopy(message, alike, this.#client.clock.now());
    if (isCopy) return [];
    if (identifiers.length === 0) return targets;
    return targets.filter((_, index) => {
      const identifier = this.#filters.identifierOf(firstFilters[index] ?? "");
      return identifier === undefined || identifiers.includes(identifier);
    });
  }

  #giveUnclaimed(): void {
    this.#isClaiming = false;
    for (const message of this.#unclaimed.takeAll()) this.#give(message);
  }

  #keep(message: Message): void {
    const { events, unclaimedMessagesMax } = this.#client;
    const dropped = this.#unclaimed.keep(message);
    if (dropped === undefined || this.#isDropTold) return;
    this.#isDropTold = true;
    const why = `nobody has subscribed to it, and ${unclaimedMessagesMax} messages may wait`;
    const topic = showValue(dropped.topic);
    events.report(new MqttQueueFullError(`a message to ${topic} was dropped: ${why}`));
  }

  /** Looks whether others have, or overlap with, a filter of a new subscription: those may get messages twice. */
  #compare(subscription: ClientSubscription, topicFilter: string): void {
    const overlapping = this.#filters.overlapping(topicFilter);
    const sharing = [topicFilter, ...overlapping].flatMap((filter) => this.#filters.owners(filter));
    if (sharing.length > 1) for (const one of sharing) one.share();
    if (overlapping.length === 0 || this.#client.protocolVersion !== 5) return;
    this.#filters.identify(topicFilter);
    // The others come first: so the server never has two of which only one can be told apart.
    for (const filter of overlapping) {
      if (!this.#filters.identify(filter)) continue;
      const isAsked = this.#filters.owners(filter).some(({ isGranted }) => isGranted);
      const isOwn = subscription.topicFilters.includes(filter);
      if (!isOwn && (isAsked || this.#client.status() === "connected")) this.#refresh(filter, true);
    }
  }

  /** Sends SUBSCRIBE for these of its filters, now or on the next connection. */
  #ask(subscription: ClientSubscription, topicFilters: readonly string[]): void {
    if (topicFilters.length === 0) return;
    this.#client.machine.request({
      type: "subscribe",
      fields: (server) => {
        if (subscription.isEnded) return { subscriptions: [] };
        const { subscriptions, properties } = subscription.request;
        const wanted = subscriptions.filter((one) => topicFilters.includes(one.topicFilter));
        const together = wanted.filter(
          ({ topicFilter }) => !this.#hasIdentifierOfItsOwn(subscription, topicFilter),
        );
        const first = together.length > 0 ? together : wanted.slice(0, 1);
        // A SUBSCRIBE has one identifier for all its filters; what needs another goes in the next.
        const others = wanted.filter((one) => !first.includes(one));
        const otherFilters = others.map(({ topicFilter }) => topicFilter);
        if (others.length > 0) callAtTurnEnd(() => this.#ask(subscription, otherFilters));
        return this.#joined(first, properties, server);
      },
      acknowledged: (packet, asked) => {
        subscription.answered(asked, packet);
        for (const filter of asked) {
          const isKept = subscription.topicFilters.includes(filter);
          if (!isKept) this.#filters.remove(subscription, filter);
        }
        this.#forgetIfEnded(subscription);
        this.#askAgainLater(subscription);
      },
      failed: (error) => {
        subscription.failed(error);
        this.#forgetIfEnded(subscription);
      },
    });
    this.#client.flush();
  }

  #hasIdentifierOfItsOwn(subscription: ClientSubscription, topicFilter: string): boolean {
    const identifier = this.#filters.identifierOf(topicFilter);
    return identifier !== undefined && identifier !== subscription.subscriptionIdentifier;
  }

  /** What to ask so that it serves all who want these filters. */
  #joined(
    subscriptions: readonly SubscriptionRequest[],
    properties: SubscribeProperties | undefined,
    { subscriptionIdentifiersAvailable }: ConnectResult,
  ): SubscribeFields {
    const identifier = this.#filters.identifierOf(subscriptions[0]?.topicFilter ?? "");
    const isGiven = properties?.subscriptionIdentifier !== undefined;
    const isAdded = identifier !== undefined && !isGiven && subscriptionIdentifiersAvailable;
    return {
      subscriptions: subscriptions.map((one) => ({
        ...one,
        qos: this.#filters.qosOf(one.topicFilter),
      })),
      ...(isAdded
        ? { properties: { ...properties, subscriptionIdentifier: identifier } }
        : properties && { properties }),
    };
  }

  /** Has the server take over the QoS or the identifier of a filter, without its retained messages. */
  #refresh(topicFilter: string, isIdentifier: boolean): void {
    this.#client.machine.request({
      type: "subscribe",
      fields: (server) => {
        if (isIdentifier && !server.subscriptionIdentifiersAvailable) return { subscriptions: [] };
        const [owner] = this.#filters.owners(topicFilter);
        const request = owner?.request.subscriptions.find((one) => one.topicFilter === topicFilter);
        const subscriptions = request ? [{ ...request, retainHandling: 2 } as const] : [];
        return this.#joined(subscriptions, undefined, server);
      },
      acknowledged: () => {},
      failed: () => {},
    });
    this.#client.flush();
  }

  /** Forgets a subscription; those of its filters that nobody has any more. */
  #remove(subscription: ClientSubscription): readonly string[] {
    if (!this.#router.remove(subscription)) return [];
    return subscription.topicFilters.filter((filter) => {
      const before = this.#filters.qosOf(filter);
      this.#filters.remove(subscription, filter);
      const isUsed = this.#filters.has(filter);
      if (isUsed && this.#filters.qosOf(filter) !== before) this.#refresh(filter, false);
      return !isUsed;
    });
  }

  /** What was refused for the time being is asked for again, ever later. */
  #askAgainLater(subscription: ClientSubscription): void {
    if (subscription.refusedFilters.length === 0 || this.#waiting.has(subscription)) return;
    const delayMs = backOffMs(ASK_AGAIN, this.#refusals, Math.random());
    this.#refusals += 1;
    const cancel = this.#client.clock.callAfter(delayMs, () => {
      this.#waiting.delete(subscription);
      if (!subscription.isEnded) this.#ask(subscription, subscription.refusedFilters);
    });
    this.#waiting.set(subscription, cancel);
  }

  #forgetIfEnded(subscription: ClientSubscription): void {
    if (subscription.isEnded) this.#remove(subscription);
    this.#router.changed();
  }

  #sendUnsubscribe(
    fields: Pick<UnsubscribeRequest, "topicFilters" | "properties">,
  ): Promise<UnsubscribeResult> {
    this.#unclaimed.filtersEnded(fields.topicFilters);
    const { machine, flush, status, protocolVersion } = this.#client;
    if (status() === "idle") return Promise.resolve(UNASKED);
    const answer = deferred<UnsubscribeResult>();
    this.#leaving.add(answer);
    machine.request({
      type: "unsubscribe",
      ...fields,
      acknowledged: ({ reasonCodes, properties }) => {
        this.#leaving.delete(answer);
        const refused = reasonCodes.findIndex((code) => code >= 0x80);
        if (protocolVersion !== 5) {
          // UNSUBACK has no codes there: it says that all went well.
          answer.resolve({ reasonCodes: fields.topicFilters.map(() => 0) });
        } else if (refused === -1) answer.resolve({ reasonCodes, ...properties });
        else {
          const filters = fields.topicFilters;
          const what = `refused to end ${filters[refused]}`;
          const reasonCode = reasonCodes[refused] ?? 0x80;
          const details = { reasonCode, reasonCodes, filters, properties };
          answer.reject(serverError(MqttReasonError, what, details));
        }
      },
      failed: (error) => {
        this.#leaving.delete(answer);
        answer.reject(error);
      },
    });
    flush();
    if (status() !== "connected") answer.resolve(UNASKED);
    return answer.promise;
  }
}
