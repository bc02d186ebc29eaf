import { MqttConfigurationError, encodedLength, isTopicName, showValue } from "@anax/protocol";
import { isInsideOutbound } from "../driver/inside-handler.ts";
import type { QoS, RulesFor, SubscriptionRequest } from "@anax/protocol";
import { property, QOS } from "../checking/packet-rules.ts";
import { checked, requireText } from "../checking/rules.ts";
import type { DeliveryWatch } from "../core/owed/delivery-watch.ts";
import {
  answersBehind,
  clearQueue,
  createSession,
  deleteSession,
  deliverTo,
} from "../core/management/session-changes.ts";
import { receiversOf } from "../core/management/receivers.ts";
import type { TopicReceiver } from "../core/management/receivers.ts";
import { waitingMessages } from "../core/management/waiting-messages.ts";
import type { WaitingMessage } from "../core/management/waiting-messages.ts";
import { allSessions, sessionStatus, subscriptionsOf } from "../core/management/session-status.ts";
import type { ServerCore } from "../core/server-core.ts";
import type { Session } from "../core/sessions/session.ts";
import type { SessionStatus, SubscriptionStatus } from "../core/management/session-status.ts";
import { subscribeSession, unsubscribeSession } from "../core/management/subscription-changes.ts";
import { MqttMessageDroppedError, MqttNotStoredError, MqttServerBusyError } from "../errors.ts";
import { NEVER_EXPIRES } from "../core/sessions/session-expiry.ts";
import { messageToInject } from "../injected-message.ts";
import type { InjectedApplicationMessage } from "../injected-message.ts";
import { requireSession, untilStored } from "./core-access.ts";
import type { CoreAccess } from "./core-access.ts";
import { Listings, itemsOf, requireLimit } from "./listings.ts";
import type { Page, PageQuery } from "./listings.ts";
import { makeInspectable } from "../core/inspecting.ts";

const QUOTA_EXCEEDED = 0x97;
/** Each may have to be read from the disk while everybody waits. */
const WAITING_MESSAGES_MAX = 1_000;

/** What `receivers` may be told. */
interface ReceiversOptions {
  readonly limit?: number;
}

const RECEIVERS_RULES: RulesFor<ReceiversOptions> = { limit: [0, Number.MAX_SAFE_INTEGER] };

/** A filter to subscribe a session to. */
export interface SessionSubscription {
  readonly topicFilter: string;
  /** Default 0. */
  readonly qos?: QoS;
  /** Default false. */
  readonly noLocal?: boolean;
  /** Default false. */
  readonly retainAsPublished?: boolean;
  /** Default 0. */
  readonly retainHandling?: 0 | 1 | 2;
}

/** A session that is made for a client. */
export interface SessionOptions {
  /** The user that it belongs to. Default: the first who comes with its Client Identifier. */
  readonly userName?: string;
  /** Seconds that it lives without its client, from now on. Default 4294967295, for ever. */
  readonly expiryIntervalSeconds?: number;
}

/** How a delivery to one session ended. */
export interface SessionDelivery {
  /** Absent for QoS 0, which is not acknowledged. */
  readonly packetIdentifier?: number;
  /** Of the client's PUBACK, PUBCOMP or refusing PUBREC; 0 for QoS 0. */
  readonly reasonCode: number;
}

/** A message that one session was sent, or has in its queue. */
export interface EnqueuedMessage {
  /**
   * As `clientAcknowledgedPublishPacket` will name it. Absent for QoS 0, and for a message that waits in the queue: it gets one when
   * it is sent.
   */
  readonly packetIdentifier?: number;
}

/** Options of a delivery to one session. */
export interface SessionDeliveryOptions {
  /**
   * What to wait for: that the client has acknowledged the message, which is the default, or only that the message is on its way
   * to it or in its queue. In a handler that keeps packets of that very client waiting, only the latter can be.
   */
  readonly until?: "acknowledged" | "queued";
  /** Ends the waiting, not the delivery. */
  readonly signal?: AbortSignal;
}

const CREATION_RULES: RulesFor<SessionOptions> = {
  userName: (value: unknown) => textFault(value, 65_535),
  expiryIntervalSeconds: [1, NEVER_EXPIRES],
};

/** How large a limit may be is told by a RangeError, as of lists. */
const WAITING_QUERY_RULES: RulesFor<{ readonly limit?: number }> = { limit: "unknown" };

const DELIVERY_RULES: RulesFor<SessionDeliveryOptions> = {
  until: new Set(["acknowledged", "queued"]),
  signal: "AbortSignal",
};

const SUBSCRIPTION_RULES: RulesFor<SessionSubscription> = {
  // Which filters are valid is answered for each, by its Reason Code.
  topicFilter: "string",
  qos: QOS,
  noLocal: "boolean",
  retainAsPublished: "boolean",
  retainHandling: new Set([0, 1, 2]),
};

/** The sessions, of connected clients and of those that are away. */
export class ServerSessions {
  readonly #access: CoreAccess;
  readonly #listings = new Listings<SessionStatus>();

  constructor(access: CoreAccess) {
    this.#access = access;
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    const { count } = this;
    return { count };
  }

  /**
   * The sessions that get the messages of a topic, `limit` of them at most (default 1000). One with a shared subscription gets them in turn
   * with others, and is there once for each. Throws `MqttConfigurationError` for a topic that is not valid.
   */
  receivers(topic: string, given: ReceiversOptions = {}): TopicReceiver[] {
    requireText("topic", topic);
    const { limit = 1_000 } = checked("receivers", given, RECEIVERS_RULES);
    if (!isTopicName(topic)) {
      throw new MqttConfigurationError(`${showValue(topic)} is not a valid topic`);
    }
    return receiversOf(this.#access.core, topic, limit);
  }

  /** How many there are. */
  get count(): number {
    return this.#access.core.sessions.size;
  }

  /** One session; undefined if there is none. */
  get(clientId: string): SessionStatus | undefined {
    requireText("clientId", clientId);
    const session = this.#access.core.sessions.get(clientId);
    return session && sessionStatus(this.#access.core, session);
  }

  /** All of them: `for (const session of server.sessions)`. What comes or goes meanwhile may be among them or not. */
  [Symbol.iterator](): IterableIterator<SessionStatus> {
    return itemsOf(allSessions(this.#access.core));
  }

  /** A page of sessions, oldest first. Throws `RangeError` for a bad limit or cursor. */
  list(query: PageQuery<SessionStatus> = {}): Page<SessionStatus> {
    return this.#listings.page(query, () => allSessions(this.#access.core));
  }

  /** The subscriptions of one session; undefined if there is no such session. */
  subscriptions(clientId: string): SubscriptionStatus[] | undefined {
    requireText("clientId", clientId);
    const session = this.#access.core.sessions.get(clientId);
    return session && subscriptionsOf(session);
  }

  /**
   * The messages that wait in a session's queue, oldest first, `limit` of them at most (1 to 1000, default 100). They are copies: what
   * waits stays. Rejects with `MqttSessionNotFoundError`, and with `RangeError` for a limit that is none.
   */
  async waitingMessages(
    clientId: string,
    query: { readonly limit?: number } = {},
  ): Promise<WaitingMessage[]> {
    requireText("clientId", clientId);
    const { limit = 100 } = checked("waitingMessages", query, WAITING_QUERY_RULES);
    requireLimit(limit, WAITING_MESSAGES_MAX);
    return this.#access.change((core) =>
      waitingMessages(core, requireSession(core, clientId), limit),
    );
  }

  /**
   * Makes the session of a client that was never here, so that it finds its subscriptions and messages when it first comes: it has to
   * come with Clean Start 0. Give it both with `subscribe` and `tryEnqueueApplicationMessage`. Resolves with false if
   * there is such a session, which stays as it is, and else with true when it is stored. Rejects with
   * `MqttConfigurationError` for fields that cannot be, with `MqttServerBusyError` if there is no room for one more session, and with `MqttNotStoredError`.
   */
  async create(clientId: string, options: SessionOptions = {}): Promise<boolean> {
    const checkedOptions = checked("session", options, CREATION_RULES);
    const { userName, expiryIntervalSeconds = NEVER_EXPIRES } = checkedOptions;
    const fault = textFault(clientId, this.#access.core.options.clientIdBytesMax);
    if (fault !== undefined) throw new MqttConfigurationError(`clientId ${fault}`);
    return this.#access.perform("sessions.create", function* create(core) {
      const made = createSession(core, { clientId, userName, expiryIntervalSeconds });
      if (typeof made === "number") throw refusalToCreate(made, core.sessions.size);
      yield* untilStored(core);
      return made;
    });
  }

  /** Ends a session and sends its client away. Resolves with false if there is none, and when it is struck out of the store. */
  async delete(clientId: string): Promise<boolean> {
    requireText("clientId", clientId);
    return this.#access.perform("sessions.delete", function* deleteIt(core) {
      const existed = deleteSession(core, clientId);
      yield* untilStored(core);
      return existed;
    });
  }

  /** Drops what waits for a session and resolves with how many messages that were. Rejects with `MqttSessionNotFoundError`. */
  async clearQueue(clientId: string): Promise<number> {
    requireText("clientId", clientId);
    return this.#access.change((core) => {
      return clearQueue(core, requireSession(core, clientId));
    });
  }

  /**
   * Subscribes a session in its client's name, connected or not: as if SUBSCRIBE had come, interceptors are asked and
   * retained messages follow. Resolves with a Reason Code for each filter, in order. Rejects with
   * `MqttSessionNotFoundError`, and with `MqttConfigurationError` for what a subscription does not have.
   */
  async subscribe(
    clientId: string,
    filters: string | readonly (string | SessionSubscription)[],
  ): Promise<number[]> {
    const requests = requestsFor(filters);
    return this.#access.perform("sessions.subscribe", (core) =>
      subscribeSession(core, requireSession(core, clientId), requests),
    );
  }

  /** Unsubscribes a session in its client's name. Resolves with a Reason Code for each filter. Rejects with `MqttSessionNotFoundError`. */
  async unsubscribe(clientId: string, filters: string | readonly string[]): Promise<number[]> {
    const requests = requestsFor(filters);
    const topicFilters = requests.map(({ topicFilter }) => topicFilter);
    return this.#access.perform("sessions.unsubscribe", (core) =>
      unsubscribeSession(core, requireSession(core, clientId), topicFilters),
    );
  }

  /**
   * Gives a message to this session only, whatever it is subscribed to, and resolves with the client's acknowledgement;
   * for QoS 0 as soon as it is sent, if `interceptingOutboundPacket` lets it. A client that is away gets it when it is back. No
   * other interceptor is asked. Rejects with `MqttConfigurationError` for a message that cannot be sent,
   * `MqttMessageDroppedError`, `MqttSessionNotFoundError`, `MqttServerBusyError` as soon as a handler keeps the client's
   * acknowledgement from being taken, at QoS 0 only in a handler of its outbound packets (one of its `clientConnected`, `clientDisconnected`, `interceptingInboundPacket` or `interceptingOutboundPacket`, or
   * 64 KB that wait behind its packet), the reason of the signal, or `MqttServerStateError` if the server stops before: the message
   * then stays with the session, for as long as that lasts.
   */
  async deliverApplicationMessage(
    clientId: string,
    message: InjectedApplicationMessage,
    options: SessionDeliveryOptions = {},
  ): Promise<SessionDelivery> {
    const { signal, until = "acknowledged" } = checked(
      "deliverApplicationMessage",
      options,
      DELIVERY_RULES,
    );
    signal?.throwIfAborted();
    const applicationMessage = messageToInject(message);
    const { waitingForClients } = this.#access;
    const end = new AbortController();
    const waiting = new Promise<SessionDelivery>((resolve, reject) => {
      const settled = { signal: end.signal, once: true };
      signal?.addEventListener("abort", () => reject(asReason(signal)), settled);
      waitingForClients.add(reject);
      end.signal.addEventListener("abort", () => waitingForClients.delete(reject));
      const dropped = (): void =>
        reject(new MqttMessageDroppedError(`${clientId} does not get the message`));
      const watch: DeliveryWatch = (outcome) => {
        if (outcome.type === "dropped") return dropped();
        if (outcome.type === "held") return reject(unanswerable(clientId));
        if (outcome.type === "sent") return resolve({ reasonCode: 0 });
        const { packetIdentifier, reasonCode } = outcome;
        resolve({ packetIdentifier, reasonCode });
      };
      const given = this.#access.change((core) => {
        const session = requireSession(core, clientId);
        if (until === "queued") return deliverTo(core, session, applicationMessage);
        requireAnswers(core, session, applicationMessage.qos);
        return deliverTo(core, session, applicationMessage, watch);
      });
      given.then((packetIdentifier) => {
        if (packetIdentifier === undefined) dropped();
        else if (until === "queued")
          resolve({ reasonCode: 0, ...(packetIdentifier > 0 && { packetIdentifier }) });
      }, reject);
    });
    return waiting.finally(() => end.abort());
  }

  /**
   * Gives a message to this session only; resolves with what is known of it when it was sent or queued, and with undefined if it
   * was dropped. Rejects with `MqttConfigurationError` for a message that cannot be sent, and with `MqttSessionNotFoundError`.
   */
  async tryEnqueueApplicationMessage(
    clientId: string,
    message: InjectedApplicationMessage,
  ): Promise<EnqueuedMessage | undefined> {
    const applicationMessage = messageToInject(message);
    const packetIdentifier = await this.#access.change((core) => {
      return deliverTo(core, requireSession(core, clientId), applicationMessage);
    });
    if (packetIdentifier === undefined) return undefined;
    return packetIdentifier === 0 ? {} : { packetIdentifier };
  }
}

/** A text that is not empty and that MQTT can carry in so many bytes. */
const textOfMqtt = property("connack", "assignedClientId");

function textFault(value: unknown, maximum: number): string | undefined {
  if (typeof value !== "string") return `must be a string, not ${typeof value}`;
  // What CONNECT could not carry is nobody's [MQTT-1.5.4-2].
  const fault = textOfMqtt(value);
  if (fault !== undefined) return fault;
  const bytes = encodedLength(value);
  return bytes < 1 || bytes > maximum ? `has ${bytes} bytes, not 1 to ${maximum}` : undefined;
}

/** Throws `MqttServerBusyError` while handlers keep the client from answering. */
function requireAnswers(core: ServerCore, session: Session, qos: QoS): void {
  const event = answersBehind(core, session, qos, isInsideOutbound(session.clientId));
  if (event !== undefined) throw unanswerable(session.clientId, event);
}

function unanswerable(clientId: string, event?: string): MqttServerBusyError {
  const handlers = event === undefined ? "handlers" : `the handlers of ${event}`;
  return new MqttServerBusyError(
    `${showValue(clientId)} cannot acknowledge anything before ${handlers} have answered; deliver with until: "queued"`,
  );
}

/** 0x97 is both: no room in the store, and none in the table. */
function refusalToCreate(reasonCode: number, sessions: number): Error {
  if (reasonCode === QUOTA_EXCEEDED)
    return new MqttServerBusyError(`there is no room for one more session beside ${sessions}`);
  return new MqttNotStoredError("the server cannot store messages now");
}

function requestsFor(
  filters: string | readonly (string | SessionSubscription)[],
): SubscriptionRequest[] {
  const list: unknown = typeof filters === "string" ? [filters] : filters;
  if (Array.isArray(list)) return list.map(requestFor);
  throw new MqttConfigurationError(`filters must be text or an array, not ${typeof filters}`);
}

function requestFor(filter: string | SessionSubscription): SubscriptionRequest {
  const given = typeof filter === "string" ? { topicFilter: filter } : filter;
  const { topicFilter = "", ...options } = checked("filter", given, SUBSCRIPTION_RULES, [
    "topicFilter",
  ]);
  const defaults = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  return { topicFilter, ...defaults, ...options };
}

function asReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}

makeInspectable(ServerSessions.prototype, "ServerSessions");
