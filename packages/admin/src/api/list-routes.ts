/** What is given page by page, in an order if one is asked for. */
import type {
  ApplicationMessage,
  ClientStatus,
  MqttServer,
  Page,
  PageQuery,
  SessionStatus,
  SubscriptionStatus,
} from "@anax/server";
import { filtersOverlap, isTopicFilter, parseSharedSubscription } from "@anax/protocol";
import { Type } from "@sinclair/typebox";
import { retainedPages } from "../lists/retained-pages.ts";
import { SortedLists } from "../lists/sorted-lists.ts";
import type { Key } from "../lists/merged-slices.ts";
import type { SortedList } from "../lists/sorted-lists.ts";
import { messageJson } from "./message-json.ts";
import { NO_BODY, plain, route } from "./route-answers.ts";
import type { Route, RouteAnswer } from "./route.ts";
import {
  CLIENT,
  MESSAGE,
  NOTHING,
  orderQuery,
  PAGE_QUERY,
  pageOf,
  SESSION,
  SUBSCRIPTION,
} from "./schemas.ts";

const LIMIT_DEFAULT = 100;

/** How each order of a list reads its items. */
type Orders<Item> = Readonly<Record<string, (item: Item) => Key>>;

const CLIENT_ORDERS = {
  clientId: (one) => one.clientId,
  userName: (one) => one.userName ?? "",
  remoteAddress: (one) => one.peer.remoteAddress ?? "",
  protocolVersion: (one) => one.protocolVersion,
  connectedAtMs: (one) => one.connectedAtMs,
  lastPacketReceivedAtMs: (one) => one.lastPacketReceivedAtMs,
  bytesReceived: (one) => one.bytesReceived,
  bytesSent: (one) => one.bytesSent,
  messagesReceived: (one) => one.messagesReceived,
  messagesSent: (one) => one.messagesSent,
  messages: (one) => one.messagesReceived + one.messagesSent,
  bytesWaiting: (one) => one.bytesWaiting,
} satisfies Orders<ClientStatus>;

const SESSION_ORDERS = {
  clientId: (one) => one.clientId,
  userName: (one) => one.userName ?? "",
  isConnected: (one) => Number(one.isConnected),
  createdAtMs: (one) => one.createdAtMs,
  subscriptionCount: (one) => one.subscriptionCount,
  queuedMessages: (one) => one.queuedMessages,
  queuedBytes: (one) => one.queuedBytes,
  inFlightMessages: (one) => one.inFlightMessages,
} satisfies Orders<SessionStatus>;

const RETAINED_ORDERS = {
  topic: (one) => one.topic,
  payloadBytes: (one) => one.payload.length,
} satisfies Orders<ApplicationMessage>;

interface Subscribed extends SubscriptionStatus {
  readonly clientId: string;
}

const SUBSCRIPTION_ORDERS = {
  topicFilter: (one) => one.topicFilter,
  clientId: (one) => one.clientId,
  qos: (one) => one.qos,
} satisfies Orders<Subscribed>;

function namesOf<Name extends string>(orders: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(orders) as Name[];
}

/** What a list is asked for in its query. */
interface Asked {
  readonly sort?: unknown;
  readonly descending?: boolean;
  readonly onePage?: boolean;
  readonly limit?: number;
  readonly offset?: number;
  readonly cursor?: string;
}

/** What the server lists, and gives one by one. */
interface Listed<Item> {
  readonly orders: Orders<Item>;
  readonly items: Iterable<Item>;
  readonly filter: (item: Item) => boolean;
  readonly name: (item: Item) => string;
  readonly named: (name: string) => Item | undefined;
  /** A page without an order. */
  readonly page: (query: PageQuery<Item>) => Page<Item>;
  /** For JSON. */
  readonly show: (item: Item) => unknown;
}

/** A page of it: in an order if one is asked for, else as the server gives it. */
function answerList<Item>(
  lists: SortedLists,
  query: Asked,
  listed: Listed<Item>,
): RouteAnswer | Promise<RouteAnswer> {
  const { orders, items, filter, name, named, page, show } = listed;
  if (query.sort !== undefined || SortedLists.hasCursor(query.cursor)) {
    return sortedPage(lists, query, orders, {
      items,
      filter,
      keep: name,
      show: (kept: string) => {
        const item = named(kept);
        return item && show(item);
      },
    });
  }
  const { limit, offset, cursor, onePage = false } = query;
  // Such a page may be short, or empty, with more to come.
  if (onePage) throw new RangeError("onePage is for lists in an order: give sort too");
  if (offset !== undefined)
    throw new RangeError("offset is for lists in an order: give sort, or a cursor of such a list");
  const found = page({
    ...(limit !== undefined && { limit }),
    ...(cursor === undefined ? { filter } : { cursor }),
  });
  return { status: 200, body: { items: found.items.map(show), cursor: found.cursor } };
}

/** A page of a sorted list: the next one of its cursor, or the first. */
async function sortedPage<Item, Kept>(
  lists: SortedLists,
  { sort, descending = false, onePage = false, limit = LIMIT_DEFAULT, offset, cursor }: Asked,
  orders: Orders<Item>,
  list: Pick<SortedList<Item, Kept>, "items" | "filter" | "keep" | "show">,
): Promise<RouteAnswer> {
  const page = { limit, offset };
  if (SortedLists.hasCursor(cursor)) return { status: 200, body: lists.next(cursor, page) };
  const key = orders[String(sort)] ?? (() => 0);
  const order = { key, isDescending: descending, isOnePage: onePage };
  const body = await lists.begin({ ...list, ...order }, page);
  return { status: 200, body };
}

const PART_OF_CLIENT_ID = Type.Optional(
  Type.String({ description: "part of the Client Identifier" }),
);

export const LIST_ROUTES: readonly Route[] = [
  route({
    method: "get",
    url: "/clients",
    role: "viewer",
    summary: "Clients that are connected",
    path: NOTHING,
    query: Type.Object(
      {
        ...PAGE_QUERY,
        ...orderQuery(namesOf(CLIENT_ORDERS)),
        clientId: PART_OF_CLIENT_ID,
        userName: Type.Optional(Type.String({ description: "user name" })),
        remoteAddress: Type.Optional(Type.String({ description: "address" })),
      },
      { additionalProperties: false },
    ),
    body: NO_BODY,
    response: pageOf(CLIENT),
    isChange: false,
    handle: ({ server, sortedLists, query }) => {
      const { clientId, userName, remoteAddress } = query;
      return answerList<ClientStatus>(sortedLists, query, {
        orders: CLIENT_ORDERS,
        items: server.clients,
        filter: (one) =>
          (clientId === undefined || one.clientId.includes(clientId)) &&
          (userName === undefined || one.userName === userName) &&
          (remoteAddress === undefined || one.peer.remoteAddress === remoteAddress),
        name: (one) => one.clientId,
        named: (name) => server.clients.get(name),
        page: (asked) => server.clients.list(asked),
        show: plain,
      });
    },
  }),
  route({
    method: "get",
    url: "/sessions",
    role: "viewer",
    summary: "Sessions, of connected clients and of those that are away",
    path: NOTHING,
    query: Type.Object(
      {
        ...PAGE_QUERY,
        ...orderQuery(namesOf(SESSION_ORDERS)),
        clientId: PART_OF_CLIENT_ID,
        isConnected: Type.Optional(Type.Boolean()),
      },
      { additionalProperties: false },
    ),
    body: NO_BODY,
    response: pageOf(SESSION),
    isChange: false,
    handle: ({ server, sortedLists, query }) => {
      const { clientId, isConnected } = query;
      return answerList<SessionStatus>(sortedLists, query, {
        orders: SESSION_ORDERS,
        items: server.sessions,
        filter: (one) =>
          (clientId === undefined || one.clientId.includes(clientId)) &&
          (isConnected === undefined || one.isConnected === isConnected),
        name: (one) => one.clientId,
        named: (name) => server.sessions.get(name),
        page: (asked) => server.sessions.list(asked),
        show: plain,
      });
    },
  }),
  route({
    method: "get",
    url: "/subscriptions",
    role: "viewer",
    summary:
      "Subscriptions of all sessions, sorted by Topic Filter unless another order is asked for",
    path: NOTHING,
    query: Type.Object(
      {
        ...PAGE_QUERY,
        ...orderQuery(namesOf(SUBSCRIPTION_ORDERS)),
        clientId: PART_OF_CLIENT_ID,
        topicFilter: Type.Optional(Type.String({ description: "part of the Topic Filter" })),
        receives: Type.Optional(
          Type.String({
            description:
              "a topic, or a Topic Filter: only subscriptions by which a message of it may be received",
            minLength: 1,
          }),
        ),
      },
      { additionalProperties: false },
    ),
    body: NO_BODY,
    response: pageOf(Type.Composite([Type.Object({ clientId: Type.String() }), SUBSCRIPTION])),
    isChange: false,
    handle: ({ server, sortedLists, query }) => {
      const { clientId, topicFilter, receives, sort = "topicFilter" } = query;
      const mayReceive = receives === undefined ? () => true : receiving(receives);
      return sortedPage(sortedLists, { ...query, sort }, SUBSCRIPTION_ORDERS, {
        items: allSubscriptions(server, clientId),
        filter: (one) =>
          (topicFilter === undefined || one.topicFilter.includes(topicFilter)) && mayReceive(one),
        keep: (one) => one,
        show: (one: Subscribed) => one,
      });
    },
  }),
  route({
    method: "get",
    url: "/retained",
    role: "viewer",
    summary: "Retained messages",
    path: NOTHING,
    query: Type.Object(
      {
        ...PAGE_QUERY,
        ...orderQuery(namesOf(RETAINED_ORDERS)),
        topicFilter: Type.Optional(Type.String({ description: "default #", minLength: 1 })),
        topicPart: Type.Optional(Type.String({ description: "part of the topic" })),
        payloadBytesMax: Type.Optional(
          Type.Integer({
            description: "bytes of a payload that are given; default all",
            minimum: 0,
          }),
        ),
      },
      { additionalProperties: false },
    ),
    body: NO_BODY,
    response: pageOf(MESSAGE),
    isChange: false,
    handle: ({ server, sortedLists, query }) => {
      const { payloadBytesMax, topicFilter, topicPart } = query;
      return answerList<ApplicationMessage>(sortedLists, query, {
        orders: RETAINED_ORDERS,
        items: retainedMatching(server, topicFilter),
        filter: ({ topic }) => topicPart === undefined || topic.includes(topicPart),
        name: ({ topic }) => topic,
        named: (topic) => server.retainedMessages.get(topic),
        page: (asked) =>
          server.retainedMessages.list({
            ...asked,
            ...(topicFilter !== undefined && { topicFilter }),
          }),
        show: (one) => messageJson(one, payloadBytesMax),
      });
    },
  }),
];

/** Throws `RangeError` for what is neither a topic nor a filter. */
function receiving(wanted: string): (one: Subscribed) => boolean {
  const shown = JSON.stringify(wanted);
  if (!isTopicFilter(wanted)) throw new RangeError(`query receives ${shown} is no Topic Filter`);
  const plain = plainFilter(wanted);
  return ({ topicFilter }) => filtersOverlap(plainFilter(topicFilter), plain);
}

/** The filter that messages are matched with. */
function plainFilter(topicFilter: string): string {
  const shared = parseSharedSubscription(topicFilter);
  return shared === undefined || shared === "invalid" ? topicFilter : shared.topicFilter;
}

function* allSubscriptions(
  server: MqttServer,
  clientId: string | undefined,
): Generator<Subscribed | undefined, void, undefined> {
  for (const session of server.sessions) {
    yield undefined;
    if (clientId !== undefined && !session.clientId.includes(clientId)) continue;
    for (const one of server.sessions.subscriptions(session.clientId) ?? [])
      yield { clientId: session.clientId, ...one };
  }
}

function* retainedMatching(
  server: MqttServer,
  topicFilter: string | undefined,
): Generator<ApplicationMessage, void, undefined> {
  for (const page of retainedPages(server, topicFilter)) yield* page;
}
