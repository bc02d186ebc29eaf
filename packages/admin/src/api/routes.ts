/** All routes of the API, in the order of its description. */
import type { MqttServer } from "@anax/server";
import { Type } from "@sinclair/typebox";
import { BAN_ROUTES } from "./ban-routes.ts";
import { messageFromJson, messageJson } from "./message-json.ts";
import { ACCESS_ROUTES } from "./access-routes.ts";
import { LIST_ROUTES } from "./list-routes.ts";
import { LIVE_ROUTES } from "./live-routes.ts";
import { TRACE_ROUTES } from "./trace-routes.ts";
import { retainedPages } from "../lists/retained-pages.ts";
import { DONE, done, found, missing, named, NO_BODY, plain, route } from "./route-answers.ts";
import type { Route } from "./route.ts";
import {
  CLIENT,
  CLIENT_PATH,
  MESSAGE,
  NEW_MESSAGE,
  NOTHING,
  PAGE_QUERY,
  RECEIVER,
  SESSION,
  SUBSCRIPTION,
  TOPIC_QUERY,
} from "./schemas.ts";

const DISCONNECT = Type.Object(
  {
    reasonCode: Type.Optional(
      Type.Integer({
        description: "of DISCONNECT; default 0x98, administrative action",
        minimum: 0,
        maximum: 255,
      }),
    ),
    reasonString: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
const PUBLISHED = Type.Object({
  matched: Type.Integer({ description: "sessions that subscribe to the topic" }),
  queued: Type.Integer({ description: "of these, those that got it, or will" }),
  dropped: Type.Integer({ description: "of these, those that did not" }),
  reasonCode: Type.Integer({ description: "0, 16 where nobody subscribes, or why it was refused" }),
});
/** Sessions that are told of those which get a topic: finding them holds up everybody else. */
const RECEIVERS_MAX = 1_000;

/** A page at a time, so that others have their turn; its deletions share commits. */
async function deleteMatching(server: MqttServer, topicFilter: string): Promise<number> {
  let deleted = 0;
  for (const page of retainedPages(server, topicFilter)) {
    const done = await Promise.all(page.map(({ topic }) => server.retainedMessages.delete(topic)));
    deleted += done.filter((existed) => existed).length;
  }
  return deleted;
}

const CLIENTS: readonly Route[] = [
  route({
    method: "get",
    url: "/clients/{clientId}",
    role: "viewer",
    summary: "One client that is connected",
    path: CLIENT_PATH,
    query: NOTHING,
    body: NO_BODY,
    response: CLIENT,
    isChange: false,
    handle: ({ server, path }) =>
      found(plain(server.clients.get(path.clientId)), named("client", path.clientId)),
  }),
  route({
    method: "post",
    url: "/clients/{clientId}/disconnect",
    role: "operator",
    summary: "Disconnects a client",
    path: CLIENT_PATH,
    query: NOTHING,
    body: DISCONNECT,
    response: undefined,
    isChange: true,
    handle: async ({ server, path, body }) =>
      done(await server.clients.disconnect(path.clientId, body), named("client", path.clientId)),
  }),
];

const SESSIONS: readonly Route[] = [
  route({
    method: "get",
    url: "/sessions/{clientId}",
    role: "viewer",
    summary: "One session",
    path: CLIENT_PATH,
    query: NOTHING,
    body: NO_BODY,
    response: SESSION,
    isChange: false,
    handle: ({ server, path }) =>
      found(plain(server.sessions.get(path.clientId)), named("session", path.clientId)),
  }),
  route({
    method: "get",
    url: "/sessions/{clientId}/subscriptions",
    role: "viewer",
    summary: "Subscriptions of one session",
    path: CLIENT_PATH,
    query: NOTHING,
    body: NO_BODY,
    response: Type.Object({ items: Type.Array(SUBSCRIPTION) }),
    isChange: false,
    handle: ({ server, path }) => {
      const items = server.sessions.subscriptions(path.clientId);
      return found(items && { items }, named("session", path.clientId));
    },
  }),
  route({
    method: "get",
    url: "/sessions/{clientId}/queue",
    role: "operator",
    summary: "The messages that wait in a session, oldest first; they stay there",
    path: CLIENT_PATH,
    query: Type.Object({ limit: PAGE_QUERY.limit }, { additionalProperties: false }),
    body: NO_BODY,
    response: Type.Object({
      items: Type.Array(MESSAGE),
      queuedMessages: Type.Integer({ description: "all that wait" }),
    }),
    isChange: false,
    handle: async ({ server, path, query }) => {
      const messages = await server.sessions.waitingMessages(path.clientId, query);
      const queuedMessages = server.sessions.get(path.clientId)?.queuedMessages ?? 0;
      return {
        status: 200,
        body: { items: messages.map((message) => messageJson(message)), queuedMessages },
      };
    },
  }),
  route({
    method: "delete",
    url: "/sessions/{clientId}",
    role: "operator",
    summary: "Deletes a session, and disconnects its client",
    path: CLIENT_PATH,
    query: NOTHING,
    body: NO_BODY,
    response: undefined,
    isChange: true,
    handle: async ({ server, path }) =>
      done(await server.sessions.delete(path.clientId), named("session", path.clientId)),
  }),
  route({
    method: "delete",
    url: "/sessions/{clientId}/queue",
    role: "operator",
    summary: "Drops the messages that wait in a session",
    path: CLIENT_PATH,
    query: NOTHING,
    body: NO_BODY,
    response: Type.Object({ dropped: Type.Integer() }),
    isChange: true,
    handle: async ({ server, path }) => {
      if (server.sessions.get(path.clientId) === undefined)
        return missing(named("session", path.clientId));
      return { status: 200, body: { dropped: await server.sessions.clearQueue(path.clientId) } };
    },
  }),
];

const TOPICS: readonly Route[] = [
  route({
    method: "get",
    url: "/receivers",
    role: "viewer",
    summary: `Sessions that get the messages of a topic, at most ${RECEIVERS_MAX}`,
    path: NOTHING,
    query: TOPIC_QUERY,
    body: NO_BODY,
    response: Type.Object({
      items: Type.Array(RECEIVER),
      isComplete: Type.Boolean({ description: "false: there are more" }),
    }),
    isChange: false,
    handle: ({ server, query }) => {
      const items = server.sessions.receivers(query.topic, { limit: RECEIVERS_MAX + 1 });
      const isComplete = items.length <= RECEIVERS_MAX;
      return { status: 200, body: { items: items.slice(0, RECEIVERS_MAX), isComplete } };
    },
  }),
  route({
    method: "get",
    url: "/retained/message",
    role: "viewer",
    summary: "The retained message of one topic",
    path: NOTHING,
    query: TOPIC_QUERY,
    body: NO_BODY,
    response: MESSAGE,
    isChange: false,
    handle: ({ server, query }) => {
      const message = server.retainedMessages.get(query.topic);
      return found(message && messageJson(message), named("retained message of", query.topic));
    },
  }),
  route({
    method: "put",
    url: "/retained/message",
    role: "operator",
    summary: "Sets the retained message of a topic, without publishing it",
    path: NOTHING,
    query: NOTHING,
    body: NEW_MESSAGE,
    response: undefined,
    isChange: true,
    handle: async ({ server, body }) => {
      await server.retainedMessages.set({ ...messageFromJson(body), retain: true });
      return DONE;
    },
  }),
  route({
    method: "delete",
    url: "/retained/message",
    role: "operator",
    summary: "Deletes the retained message of a topic",
    path: NOTHING,
    query: TOPIC_QUERY,
    body: NO_BODY,
    response: undefined,
    isChange: true,
    handle: async ({ server, query }) =>
      done(
        await server.retainedMessages.delete(query.topic),
        named("retained message of", query.topic),
      ),
  }),
  route({
    method: "delete",
    url: "/retained",
    role: "operator",
    summary: "Deletes the retained messages that a filter matches",
    path: NOTHING,
    query: Type.Object(
      { topicFilter: Type.String({ description: "`#` for all", minLength: 1 }) },
      { additionalProperties: false },
    ),
    body: NO_BODY,
    response: Type.Object({ deleted: Type.Integer() }),
    isChange: true,
    handle: async ({ server, query }) => ({
      status: 200,
      body: { deleted: await deleteMatching(server, query.topicFilter) },
    }),
  }),
  route({
    method: "post",
    url: "/publish",
    role: "operator",
    summary: "Publishes a message",
    path: NOTHING,
    query: NOTHING,
    body: NEW_MESSAGE,
    response: PUBLISHED,
    isChange: true,
    handle: async ({ server, body }) => ({
      status: 200,
      body: await server.injectApplicationMessage(messageFromJson(body)),
    }),
  }),
];

const SERVER: readonly Route[] = [
  route({
    method: "get",
    url: "/server",
    role: "viewer",
    summary: "The server: health, listeners, limits, statistics",
    path: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    response: Type.Object({
      isHealthy: Type.Boolean({ description: "durable work is taken" }),
      store: Type.String({ description: "none, good, stalled, full, failed or fenced" }),
      storeError: Type.Optional(Type.String()),
      accessRules: Type.String({
        description: "none, good, or stale if they could not be read again",
      }),
      accessRulesError: Type.Optional(Type.String()),
      acceptNewConnections: Type.Boolean(),
      listeners: Type.Array(
        Type.Object({ type: Type.String(), url: Type.Optional(Type.String()) }),
      ),
      limits: Type.Record(Type.String(), Type.Number(), {
        description: "options that are numbers, as they are in force; units are in the names",
      }),
      statistics: Type.Record(Type.String(), Type.Number()),
    }),
    isChange: false,
    handle: ({ server }) => {
      const { isHealthy, store, storeError, accessRules, accessRulesError } = server.health;
      return {
        status: 200,
        body: {
          isHealthy,
          store,
          ...(storeError !== undefined && { storeError: storeError.message }),
          accessRules,
          ...(accessRulesError !== undefined && { accessRulesError: accessRulesError.message }),
          acceptNewConnections: server.acceptNewConnections,
          listeners: server.listeners.map(({ type, address }) => ({ type, url: address?.url })),
          limits: server.limits,
          statistics: server.statistics,
        },
      };
    },
  }),
  route({
    method: "put",
    url: "/server/accept-new-connections",
    role: "admin",
    summary: "Lets new clients in, or no more, as before a server is emptied",
    path: NOTHING,
    query: NOTHING,
    body: Type.Object({ accept: Type.Boolean() }, { additionalProperties: false }),
    response: undefined,
    isChange: true,
    handle: ({ server, body }) => {
      server.acceptNewConnections = body.accept;
      return DONE;
    },
  }),
];

const RELOAD: Route = route({
  method: "post",
  url: "/server/reload",
  role: "admin",
  summary:
    "Reads again what can be read while the server runs: users, certificates, rules of access, tokens. What is wrong changes nothing, and is said",
  path: NOTHING,
  query: NOTHING,
  body: NO_BODY,
  response: Type.Object({
    needNewStart: Type.Array(Type.String(), {
      description: "settings that have changed and wait for a new start",
    }),
  }),
  isChange: true,
  handle: async ({ server, reload = () => rulesOnly(server) }) => {
    try {
      return { status: 200, body: { needNewStart: await reload() } };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { status: 409, body: { error: `not read again: ${reason}` } };
    }
  },
});

async function rulesOnly(server: MqttServer): Promise<readonly string[]> {
  if (server.access.ruleCount !== undefined) await server.access.reload();
  return [];
}

/** All of them. */
export const ROUTES: readonly Route[] = [
  ...LIST_ROUTES,
  ...ACCESS_ROUTES,
  ...CLIENTS,
  ...SESSIONS,
  ...TOPICS,
  ...BAN_ROUTES,
  ...SERVER,
  RELOAD,
  ...LIVE_ROUTES,
  ...TRACE_ROUTES,
];
