import { frozen } from "../freezing.ts";
import { showValue } from "@anax/protocol";
import type { ProtocolVersion, SubscriptionRequest, UserProperties } from "@anax/protocol";
import { SUBSCRIBE_ALLOWED } from "../access/authorizer.ts";
import type { SubscribePermission } from "../access/authorizer.ts";
import { noteDenied, permissionToSubscribe } from "../access/deciding.ts";
import { lowerQos } from "../connection/connection.ts";
import type { SubscribingContext } from "./subscribing-context.ts";
import { readFilter } from "./filter-rules.ts";
import type { ReadFilter } from "./filter-rules.ts";
import type { ClientContext } from "../hooks/client-context.ts";
import type { RestoredSubscription } from "../hooks/connection-events.ts";
import type { InterceptingSubscription } from "../hooks/subscription-events.ts";
import { settled } from "../pending.ts";
import type { HookResult, Task } from "../pending.ts";
import { beginReplay, endReplay } from "../retained/retained-replay.ts";
import type { Session } from "../sessions/session.ts";
import { removeSubscription } from "../endings/session-ending.ts";
import { refusalToStore, stored } from "../connection/storing.ts";
import { levelCount } from "../routing/level-count.ts";
import { Subscription } from "../routing/subscription.ts";

const NOT_AUTHORIZED = 0x87;
const QUOTA_EXCEEDED = 0x97;
const WILDCARD = /[+#]/u;
/** Levels that the filters of a session may have on average: twice as many as deep name spaces have. */
const LEVELS_PER_SUBSCRIPTION = 20;
/** The same of one filter: what a string has room for, and `$share/`. */
const LEVELS_MAX = 65_536;

/** A subscription that was just made, and whether the session had none for this filter before. */
export interface Made {
  readonly subscription: Subscription;
  readonly isNew: boolean;
}

/** Whose subscription it is to be. */
export interface Subscriber {
  readonly session: Session;
  /** Who its client is, for the events: asked for only where somebody listens to them. */
  readonly client: { readonly context: ClientContext };
  /** Whether the answer waits until the handlers are told. What the program asks for in a handler would wait for itself. */
  readonly waitsForNews: boolean;
}

/** One filter that somebody asks for. */
export interface Asking {
  readonly request: SubscriptionRequest;
  readonly subscriptionIdentifier?: number | undefined;
  /** Of the SUBSCRIBE. */
  readonly userProperties?: UserProperties | undefined;
}

/** What becomes of one filter. */
export interface Answer {
  readonly made: Made | undefined;
  readonly reasonCode: number;
  readonly reasonString: string | undefined;
  readonly userProperties: UserProperties | undefined;
  readonly closeConnection: boolean;
}

/** One filter: checked, shown to the interceptor, put in force. */
export function* subscribe(
  core: SubscribingContext,
  subscriber: Subscriber,
  asking: Asking,
): Task<Answer> {
  const { session, client } = subscriber;
  const refusal = refusalFor(core, session, asking.request);
  if (refusal !== undefined) return answer(UNASKED, refusal, undefined);
  const epoch = core.accessEpoch;
  const permission = yield* permissionOf(core, session, asking.request.topicFilter);
  if (!permission.isAllowed) return deniedAnswer(asking.request);
  const { interceptingSubscription } = core.hooks;
  let args: InterceptingSubscription | undefined;
  if (interceptingSubscription !== undefined) {
    args = interception(client.context, asking);
    yield* settled(interceptingSubscription(args, session.connection));
  }
  const reasonCode = args === undefined ? asking.request.qos : decided(args, asking.request);
  if (reasonCode >= 0x80 || args?.processSubscription === false || session.isDeleted) {
    return answer(args ?? UNASKED, reasonCode, undefined);
  }
  const isAsked = args === undefined || !isChanged(core, asking, args, epoch);
  const accepted = { args, reasonCode, permission: isAsked ? permission : undefined };
  return yield* grant(core, subscriber, asking, accepted);
}

interface Accepted {
  /** What the interceptor made of it, if there is one. */
  readonly args: InterceptingSubscription | undefined;
  readonly reasonCode: number;
  /** Undefined if it is to be asked for. */
  readonly permission: SubscribePermission | undefined;
}

/** Puts in force what no handler has refused. */
function* grant(
  core: SubscribingContext,
  subscriber: Subscriber,
  { request: asked, subscriptionIdentifier }: Asking,
  { args, reasonCode, permission: known }: Accepted,
): Task<Answer> {
  const { session } = subscriber;
  const topicFilter = args?.topicFilter ?? asked;
  const permission = known ?? (yield* permissionOf(core, session, topicFilter.topicFilter));
  if (!permission.isAllowed || session.isDeleted) return deniedAnswer(topicFilter);
  const { isNarrowed, maximumQos } = permission;
  const granted = Math.min(reasonCode, maximumQos);
  const request = { ...topicFilter, qos: qosOf(granted) };
  const made = put(core, session, request, subscriptionIdentifier, { isNarrowed });
  if (typeof made === "number") return answer(args ?? UNASKED, made, undefined);
  if (core.hooks.clientSubscribedTopic !== undefined)
    yield* settled(tellSubscribed(core, subscriber, topicFilter, made));
  return answer(args ?? UNASKED, granted, made);
}

/** True if the right to the filter has to be asked for again: the interceptor put another one in its place, or rules changed meanwhile. */
function isChanged(
  core: SubscribingContext,
  { request }: Asking,
  { topicFilter }: InterceptingSubscription,
  epoch: number,
): boolean {
  return topicFilter.topicFilter !== request.topicFilter || core.accessEpoch !== epoch;
}

/** What the client of the session may do with a filter; refusals are counted and logged. */
function* permissionOf(
  core: SubscribingContext,
  session: Session,
  topicFilter: string,
): Task<SubscribePermission> {
  const { access } = session;
  if (access === undefined) return SUBSCRIBE_ALLOWED;
  const filter = readFilter(topicFilter, core.options, session.connection?.version);
  if (typeof filter === "number") return SUBSCRIBE_ALLOWED;
  const isShared = filter.shareName !== undefined;
  const permission = yield* permissionToSubscribe(core, access, filter.topicFilter, isShared);
  if (!permission.isAllowed) noteDenied(core, "subscribe", access.client, topicFilter);
  return permission;
}

function deniedAnswer({ topicFilter }: SubscriptionRequest): Answer {
  const reasonString = `not allowed to subscribe to ${showValue(topicFilter)}`;
  const response = { reasonCode: NOT_AUTHORIZED, reasonString };
  return answer({ response, closeConnection: false }, NOT_AUTHORIZED, undefined);
}

/** Tells that a subscription is in force; gives what the answer is to wait for. */
function tellSubscribed(
  core: SubscribingContext,
  { session, client, waitsForNews }: Subscriber,
  topicFilter: SubscriptionRequest,
  { subscription: { qos: grantedQos } }: Made,
): HookResult {
  const args = { ...client.context, topicFilter, grantedQos };
  const news = core.news.tell("clientSubscribedTopic", session, args, session.connection);
  return waitsForNews ? news : undefined;
}

/** What an interceptor that is not there has decided. */
const UNASKED: Pick<InterceptingSubscription, "response" | "closeConnection"> = {
  response: { reasonCode: 0 },
  closeConnection: false,
};

function interception(
  context: ClientContext,
  { request, subscriptionIdentifier, userProperties = [] }: Asking,
): InterceptingSubscription {
  return {
    ...context,
    // Replaced, not written into: that would be told to nobody.
    topicFilter: frozen({ ...request }),
    ...(subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }),
    userProperties,
    processSubscription: true,
    closeConnection: false,
    response: { reasonCode: request.qos },
  };
}

/** The interceptor's Reason Code, or the QoS of the filter that it put in place of the client's. */
function decided(args: InterceptingSubscription, request: SubscriptionRequest): number {
  const { reasonCode } = args.response;
  return reasonCode === request.qos ? args.topicFilter.qos : reasonCode;
}

function answer(
  { response, closeConnection }: typeof UNASKED,
  reasonCode: number,
  made: Made | undefined,
): Answer {
  const { reasonString, userProperties } = response;
  return { made, reasonCode, reasonString, userProperties, closeConnection };
}

function qosOf(reasonCode: number): 0 | 1 | 2 {
  if (reasonCode === 0) return 0;
  return reasonCode === 1 ? 1 : 2;
}

/** Reason Code for a filter that cannot be subscribed to; undefined if it can. */
function refusalFor(
  core: SubscribingContext,
  session: Session,
  request: SubscriptionRequest,
): number | undefined {
  const filter = readFilter(request.topicFilter, core.options, session.connection?.version);
  if (typeof filter === "number") return filter;
  const unavailable = unavailableFor(core, filter);
  if (unavailable !== undefined) return unavailable;
  const unstorable = session.isDurable ? refusalToStore(core) : undefined;
  if (unstorable !== undefined) return unstorable;
  if (session.subscriptions.has(request.topicFilter)) return undefined;
  return hasRoom(core, session, request.topicFilter) ? undefined : QUOTA_EXCEEDED;
}

/** What one filter costs grows with its levels, so these are bounded together: one filter may have as many as there can be. */
function hasRoom({ options }: SubscribingContext, session: Session, filter: string): boolean {
  const { subscriptionsPerSessionMax: maximum } = options;
  if (session.subscriptions.size >= maximum) return false;
  if (session.connection?.meter?.maySubscribe === false) return false;
  const levelsMax = Math.max(LEVELS_MAX, maximum * LEVELS_PER_SUBSCRIPTION);
  return session.subscriptions.levels + levelCount(filter) <= levelsMax;
}

/** MQTT 5.0 clients were told what the server does not offer; the others are refused that filter alone. */
function unavailableFor({ options }: SubscribingContext, filter: ReadFilter): number | undefined {
  if (filter.shareName !== undefined && !options.sharedSubscriptionAvailable) return 0x9e;
  if (WILDCARD.test(filter.topicFilter) && !options.wildcardSubscriptionAvailable) return 0xa2;
  return undefined;
}

/** Puts a subscription in force in place of the one for the same filter [MQTT-3.8.4-3]; a number is why not. */
function put(
  core: SubscribingContext,
  session: Session,
  request: SubscriptionRequest,
  subscriptionIdentifier: number | undefined,
  {
    version = session.connection?.version,
    isNarrowed = false,
  }: { readonly version?: ProtocolVersion | undefined; readonly isNarrowed?: boolean },
): Made | number {
  const filter = readFilter(request.topicFilter, core.options, version);
  if (typeof filter === "number") return filter;
  const parts = { filter, subscriptionIdentifier, isNarrowed };
  const subscription = subscriptionOf(session, request, parts);
  if (isNarrowed) session.isNarrowed = true;
  const isNew = !session.subscriptions.has(subscription.filter);
  session.addSubscription(subscription);
  if (isNew) session.connection?.meter?.countSubscriptions(1);
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
    isNarrowed,
  }: { filter: ReadFilter; subscriptionIdentifier: number | undefined; isNarrowed: boolean },
): Subscription {
  return new Subscription({
    session,
    filter: request.topicFilter,
    topicFilter: filter.topicFilter,
    shareName: filter.shareName,
    qos: lowerQos(request.qos, 2),
    noLocal: request.noLocal,
    retainAsPublished: request.retainAsPublished,
    retainHandling: request.retainHandling,
    subscriptionIdentifier,
    isNarrowed,
  });
}

function count(core: SubscribingContext, subscription: Subscription): void {
  core.statistics.subscriptionsCurrent += 1;
  if (subscription.shareName !== undefined) core.statistics.sharedSubscriptionsCurrent += 1;
}

/**
 * Waits until subscriptions are stored, and known to the other servers of a cluster; if they will not be stored, new ones end
 * again. Undefined, or a Reason Code.
 */
export function* storedOrUndone(
  core: SubscribingContext,
  session: Session,
  made: readonly Made[],
): Task<number | undefined> {
  const failure = made.length > 0 && session.isDurable ? yield* stored(core) : undefined;
  if (failure === undefined) {
    const filters = made.map(({ subscription }) => subscription.topicFilter);
    if (core.peers !== undefined) yield* core.peers.known(filters);
    return undefined;
  }
  for (const { subscription, isNew } of made) {
    const isCurrent = session.subscriptions.get(subscription.filter) === subscription;
    if (isNew && isCurrent) removeSubscription(core, subscription);
  }
  return failure;
}

/** Retained messages for a subscription: never shared ones, and as Retain Handling says [MQTT-3.3.1-9..11]. */
export function owe(core: SubscribingContext, subscription: Subscription, isNew: boolean): void {
  const { retainHandling, shareName, session, filter } = subscription;
  // Each filter counts for itself, also one that a later filter of the same packet has replaced [MQTT-3.8.4-5].
  if (!session.subscriptions.has(filter) || shareName !== undefined) return;
  if (retainHandling === 2 || (retainHandling === 1 && !isNew)) return;
  endReplay(session, filter);
  beginReplay(core, subscription);
}

/** Puts a subscription in force with less than it had, or more of it. */
export function regrant(
  core: SubscribingContext,
  subscription: Subscription,
  { maximumQos, isNarrowed }: SubscribePermission,
): void {
  const { session, filter: topicFilter, subscriptionIdentifier } = subscription;
  const { noLocal, retainAsPublished, retainHandling } = subscription;
  const qos = lowerQos(subscription.qos, maximumQos);
  const request = { topicFilter, qos, noLocal, retainAsPublished, retainHandling };
  const version = session.connection?.version ?? 4;
  put(core, session, request, subscriptionIdentifier, { version, isNarrowed });
}

/** Puts a subscription back that a stored session had; one that is not valid here is left out, and reported. */
export function restoreSubscription(
  core: SubscribingContext,
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
  // Whether it was 5.0 that took it is not known of one out of a store.
  const version = session.connection?.version ?? 4;
  const made = put(core, session, request, restored.subscriptionIdentifier, { version });
  if (typeof made !== "number") return;
  const code = `0x${made.toString(16)}`;
  core.report(new Error(`a restored subscription is not valid here (${code}) and left out`));
}
