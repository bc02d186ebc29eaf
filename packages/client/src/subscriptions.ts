/** The subscriptions of a client: who gets a message, what the server is asked for, and how they end. */
import type { ProtocolVersion } from "@anax/protocol";
import type { CancelCall, Clock } from "./clock.ts";
import { backOffMs } from "./core/back-off.ts";
import type { ClientMachine } from "./core/client-machine.ts";
import type { ConnectResult } from "./core/connect-result.ts";
import { MqttQueueFullError, MqttReasonError, serverError } from "./core/errors.ts";
import type { Message } from "./core/message.ts";
import type { UnsubscribeRequest } from "./core/requests.ts";
import { TopicRouter } from "./core/topic-router.ts";
import { deferred } from "./deferred.ts";
import type { Deferred } from "./deferred.ts";
import type { EventHandlers } from "./events.ts";
import type { UnsubscribeResult } from "./options.ts";
import { callAtTurnEnd } from "./platform.ts";
import type { Subscription } from "./subscription.ts";
import { UnclaimedMessages } from "./unclaimed-messages.ts";

/** The result of an unsubscribe that the server was not asked for, or whose answer is not to come. */
const UNASKED: UnsubscribeResult = Object.freeze({ reasonCodes: [] });

/** How long to wait before a subscription is asked for that was refused for the time being. */
const ASK_AGAIN = { initialDelayMs: 5_000, maximumDelayMs: 60_000 };

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
  readonly #router: TopicRouter<Subscription> = new TopicRouter();
  readonly #unclaimed: UnclaimedMessages;
  /** Unsubscribes that wait for their answer. */
  readonly #leaving: Set<Deferred<UnsubscribeResult>> = new Set();
  /** Whether somebody came who may want what waits. */
  #isClaiming = false;
  /** Subscriptions with filters that were refused for the time being, and what ends the wait before they are asked for again. */
  readonly #waiting: Map<Subscription, CancelCall> = new Map();
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

  /** Begins a subscription. */
  add(subscription: Subscription): void {
    this.#router.add(subscription);
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
    for (const subscription of this.#router.targets) {
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
      this.#router.remove(subscription);
      subscription.end(error);
    }
  }

  /** Ends a subscription; the server is told of those filters that no other subscription has. */
  leave(subscription: Subscription): Promise<UnsubscribeResult> {
    if (!this.#router.remove(subscription)) return Promise.resolve(UNASKED);
    const unused = subscription.topicFilters.filter((filter) => !this.#router.hasFilter(filter));
    if (unused.length === 0) return Promise.resolve(UNASKED);
    return this.#sendUnsubscribe({ topicFilters: unused });
  }

  /** Ends these filters of all subscriptions. */
  unsubscribe(
    fields: Pick<UnsubscribeRequest, "topicFilters" | "properties">,
  ): Promise<UnsubscribeResult> {
    const { topicFilters } = fields;
    for (const subscription of this.#router.targets) {
      if (subscription.keepFilters((filter) => !topicFilters.includes(filter))) continue;
      this.#router.remove(subscription);
      subscription.end();
    }
    this.#router.changed();
    return this.#sendUnsubscribe(fields);
  }

  #give(message: Message): void {
    const { events } = this.#client;
    const { topic, subscriptionIdentifiers } = message;
    const isHeard = events.has("message");
    if (isHeard) events.emit("message", message);
    const subscriptions = this.#router.find(topic, subscriptionIdentifiers);
    for (const subscription of subscriptions) subscription.deliver(message);
    if (subscriptions.length === 0 && !isHeard) this.#keep(message);
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
    const topic = JSON.stringify(dropped.topic);
    events.report(new MqttQueueFullError(`a message to ${topic} was dropped: ${why}`));
  }

  /** Sends SUBSCRIBE for these of its filters, now or on the next connection. */
  #ask(subscription: Subscription, topicFilters: readonly string[]): void {
    if (topicFilters.length === 0) return;
    const { properties } = subscription.request;
    this.#client.machine.request({
      type: "subscribe",
      ...(properties === undefined ? {} : { properties }),
      get subscriptions() {
        // What was withdrawn while it waited is not asked for.
        if (subscription.isEnded) return [];
        const { subscriptions } = subscription.request;
        return subscriptions.filter((one) => topicFilters.includes(one.topicFilter));
      },
      acknowledged: (packet, sentFilters) => {
        subscription.answered(sentFilters, packet);
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

  /** What was refused for the time being is asked for again, ever later. */
  #askAgainLater(subscription: Subscription): void {
    if (subscription.refusedFilters.length === 0 || this.#waiting.has(subscription)) return;
    const delayMs = backOffMs(ASK_AGAIN, this.#refusals, Math.random());
    this.#refusals += 1;
    const cancel = this.#client.clock.callAfter(delayMs, () => {
      this.#waiting.delete(subscription);
      if (!subscription.isEnded) this.#ask(subscription, subscription.refusedFilters);
    });
    this.#waiting.set(subscription, cancel);
  }

  #forgetIfEnded(subscription: Subscription): void {
    if (subscription.isEnded) this.#router.remove(subscription);
    this.#router.changed();
  }

  #sendUnsubscribe(
    fields: Pick<UnsubscribeRequest, "topicFilters" | "properties">,
  ): Promise<UnsubscribeResult> {
    this.#unclaimed.filtersEnded(fields.topicFilters);
    const { machine, flush, status } = this.#client;
    if (status() === "idle") return Promise.resolve(UNASKED);
    const answer = deferred<UnsubscribeResult>();
    this.#leaving.add(answer);
    machine.request({
      type: "unsubscribe",
      ...fields,
      acknowledged: ({ reasonCodes, properties }) => {
        this.#leaving.delete(answer);
        const refused = reasonCodes.findIndex((code) => code >= 0x80);
        if (refused === -1) answer.resolve({ reasonCodes, ...properties });
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
