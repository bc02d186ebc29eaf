import { ProtocolError } from "@anax/protocol";
import type {
  SubackPacket,
  SubscribePacket,
  SubscriptionRequest,
  UserProperties,
} from "@anax/protocol";
import { dismiss } from "./closing.ts";
import { lowerQos } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { CoreContext } from "./core-context.ts";
import { pump } from "./delivering.ts";
import { readFilter } from "./filter-rules.ts";
import type { ReadFilter } from "./filter-rules.ts";
import type { RestoredSubscription } from "./hooks/connection-events.ts";
import type { InterceptingSubscription } from "./hooks/subscription-events.ts";
import { sendPacket } from "./outgoing.ts";
import { settled } from "./pending.ts";
import type { Task } from "./pending.ts";
import { beginReplay, endReplay } from "./retained-replay.ts";
import type { Session } from "./session.ts";
import { refusalToStore, stored } from "./storing.ts";
import type { Subscription } from "./subscription.ts";

const UNSPECIFIED_ERROR = 0x80;
const QUOTA_EXCEEDED = 0x97;
const WILDCARD = /[+#]/u;

/** A subscription that was just made, and whether the session had none for this filter before. */
interface Made {
  readonly subscription: Subscription;
  readonly isNew: boolean;
}

/**
 * SUBSCRIBE: each filter by itself, in order, one SUBACK for all [MQTT-3.8.4-5] [MQTT-3.9.3-1]. Retained messages
 * follow SUBACK.
 */
export function* receiveSubscribe(
  core: CoreContext,
  connection: Connection,
  session: Session,
  packet: SubscribePacket,
): Task {
  const suback = new SubackBuilder(packet.packetIdentifier);
  const made: Made[] = [];
  for (const request of packet.subscriptions) requireAvailable(core, connection, request, packet);
  for (const request of packet.subscriptions) {
    const one = yield* subscribe(core, connection, session, { request, packet, suback });
    if (one !== undefined) made.push(one);
  }
  const failure = made.length > 0 && session.isDurable ? yield* stored(core) : undefined;
  if (!connection.isOpen) return;
  sendPacket(core, connection, suback.packetOr(failure));
  if (suback.closeConnection) return dismiss(core, connection, { reasonCode: UNSPECIFIED_ERROR });
  for (const { subscription, isNew } of made) owe(core, subscription, isNew);
  pump(core, session);
}

/** SUBACK, put together filter by filter. */
class SubackBuilder {
  closeConnection = false;
  readonly #packetIdentifier: number;
  readonly #reasonCodes: number[] = [];
  readonly #reasonStrings: string[] = [];
  readonly #userProperties: [string, string][] = [];

  constructor(packetIdentifier: number) {
    this.#packetIdentifier = packetIdentifier;
  }

  add(reasonCode: number, reasonString?: string, userProperties: UserProperties = []): void {
    this.#reasonCodes.push(reasonCode);
    if (reasonString !== undefined) this.#reasonStrings.push(reasonString);
    for (const [name, value] of userProperties) this.#userProperties.push([name, value]);
  }

  /** SUBACK as put together, or with this Reason Code in place of all that were granted. */
  packetOr(failure: number | undefined): SubackPacket {
    return {
      type: "suback",
      packetIdentifier: this.#packetIdentifier,
      reasonCodes: this.#reasonCodes.map((code) => (code < 0x80 ? (failure ?? code) : code)),
      properties: {
        ...(this.#reasonStrings.length > 0 && { reasonString: this.#reasonStrings.join("; ") }),
        ...(this.#userProperties.length > 0 && { userProperties: this.#userProperties }),
      },
    };
  }
}

/** What the server said in CONNACK that it does not offer is a Protocol Error to ask for. */
function requireAvailable(
  core: CoreContext,
  connection: Connection,
  request: SubscriptionRequest,
  packet: SubscribePacket,
): void {
  if (connection.version !== 5) return;
  const { options } = core;
  const isShared = request.topicFilter.startsWith("$share/");
  if (isShared && request.noLocal) {
    throw new ProtocolError(`No Local on the Shared Subscription "${request.topicFilter}"`);
  }
  if (isShared && !options.sharedSubscriptionAvailable) {
    throw new ProtocolError("Shared Subscriptions are not available", 0x9e);
  }
  if (
    packet.properties?.subscriptionIdentifier !== undefined &&
    !options.subscriptionIdentifiersAvailable
  ) {
    throw new ProtocolError("Subscription Identifiers are not available", 0xa1);
  }
  if (WILDCARD.test(request.topicFilter) && !options.wildcardSubscriptionAvailable) {
    throw new ProtocolError("Wildcard Subscriptions are not available", 0xa2);
  }
}

interface Asking {
  readonly request: SubscriptionRequest;
  readonly packet: SubscribePacket;
  readonly suback: SubackBuilder;
}

/** One filter: checked, shown to the interceptor, put in force. */
function* subscribe(
  core: CoreContext,
  connection: Connection,
  session: Session,
  { request, packet, suback }: Asking,
): Task<Made | undefined> {
  const args = interception(connection, request, packet);
  const refusal = refusalFor(core, connection, session, request);
  if (refusal !== undefined) args.response.reasonCode = refusal;
  else yield* settled(core.hooks.interceptingSubscription?.(args));
  if (args.closeConnection) suback.closeConnection = true;
  const { reasonCode, reasonString, userProperties } = args.response;
  if (reasonCode >= 0x80 || !args.processSubscription || session.isDeleted) {
    suback.add(reasonCode, reasonString, userProperties);
    return undefined;
  }
  const identifier = packet.properties?.subscriptionIdentifier;
  const made = put(core, session, { ...args.topicFilter, qos: qosOf(reasonCode) }, identifier);
  suback.add(typeof made === "number" ? made : reasonCode, reasonString, userProperties);
  if (typeof made === "number") return undefined;
  yield* settled(
    core.hooks.clientSubscribedTopic?.({
      ...connection.context,
      topicFilter: args.topicFilter,
      grantedQos: made.subscription.qos,
    }),
  );
  return made;
}

function interception(
  connection: Connection,
  request: SubscriptionRequest,
  packet: SubscribePacket,
): InterceptingSubscription {
  const { subscriptionIdentifier, userProperties } = packet.properties ?? {};
  return {
    ...connection.context,
    topicFilter: request,
    ...(subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }),
    userProperties: userProperties ?? [],
    processSubscription: true,
    closeConnection: false,
    response: { reasonCode: request.qos },
  };
}

function qosOf(reasonCode: number): 0 | 1 | 2 {
  if (reasonCode === 0) return 0;
  return reasonCode === 1 ? 1 : 2;
}

/** Reason Code for a filter that cannot be subscribed to; undefined if it can. */
function refusalFor(
  core: CoreContext,
  connection: Connection,
  session: Session,
  request: SubscriptionRequest,
): number | undefined {
  const filter = readFilter(request.topicFilter, core.options);
  if (typeof filter === "number") return filter;
  if (connection.version !== 5) {
    const unavailable = unavailableFor(core, filter);
    if (unavailable !== undefined) return unavailable;
  }
  const unstorable = session.isDurable ? refusalToStore(core) : undefined;
  if (unstorable !== undefined) return unstorable;
  const isFull = session.subscriptions.size >= core.options.subscriptionsPerSessionMax;
  return isFull && !session.subscriptions.has(request.topicFilter) ? QUOTA_EXCEEDED : undefined;
}

/** Clients before 5.0 cannot know what the server does not offer: they are refused that filter alone. */
function unavailableFor({ options }: CoreContext, filter: ReadFilter): number | undefined {
  if (filter.shareName !== undefined && !options.sharedSubscriptionAvailable) return 0x9e;
  if (WILDCARD.test(filter.topicFilter) && !options.wildcardSubscriptionAvailable) return 0xa2;
  return undefined;
}

/** Puts a subscription in force in place of the one for the same filter [MQTT-3.8.4-3]; a number is why not. */
function put(
  core: CoreContext,
  session: Session,
  request: SubscriptionRequest,
  subscriptionIdentifier: number | undefined,
): Made | number {
  const filter = readFilter(request.topicFilter, core.options);
  if (typeof filter === "number") return filter;
  const subscription = subscriptionOf(session, request, { filter, subscriptionIdentifier });
  const isNew = !session.subscriptions.has(subscription.filter);
  session.subscriptions.set(subscription.filter, subscription);
  core.router.subscribe(subscription);
  if (session.isDurable) core.journal?.subscribed(subscription);
  if (subscription.shareName !== undefined) session.isInGroup = true;
  if (isNew) count(core, subscription);
  return { subscription, isNew };
}

function subscriptionOf(
  session: Session,
  request: SubscriptionRequest,
  {
    filter,
    subscriptionIdentifier,
  }: { filter: ReadFilter; subscriptionIdentifier: number | undefined },
): Subscription {
  return {
    session,
    filter: request.topicFilter,
    topicFilter: filter.topicFilter,
    shareName: filter.shareName,
    qos: lowerQos(request.qos, 2),
    noLocal: request.noLocal,
    retainAsPublished: request.retainAsPublished,
    retainHandling: request.retainHandling,
    subscriptionIdentifier,
  };
}

function count(core: CoreContext, subscription: Subscription): void {
  core.statistics.subscriptionsCurrent += 1;
  if (subscription.shareName !== undefined) core.statistics.sharedSubscriptionsCurrent += 1;
}

/** Retained messages for a subscription: never shared ones, and as Retain Handling says [MQTT-3.3.1-9..11]. */
function owe(core: CoreContext, subscription: Subscription, isNew: boolean): void {
  const { retainHandling, shareName, session, filter } = subscription;
  if (session.subscriptions.get(filter) !== subscription || shareName !== undefined) return;
  if (retainHandling === 2 || (retainHandling === 1 && !isNew)) return;
  endReplay(session, filter);
  beginReplay(core, subscription);
}

/** Puts a subscription back that a stored session had; one that is not valid is left out. */
export function restoreSubscription(
  core: CoreContext,
  session: Session,
  restored: RestoredSubscription,
): void {
  const request: SubscriptionRequest = {
    topicFilter: restored.topicFilter,
    qos: restored.qos,
    noLocal: restored.noLocal ?? false,
    retainAsPublished: restored.retainAsPublished ?? false,
    retainHandling: 2,
  };
  put(core, session, request, restored.subscriptionIdentifier);
}
