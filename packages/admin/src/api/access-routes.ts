/** Routes about the rules of access. */
import { Type } from "@sinclair/typebox";
import type { Route } from "./route.ts";
import { DONE, missing, NO_BODY, route } from "./route-answers.ts";
import { NOTHING, PLACES_DEFAULT, placesQuery } from "./schemas.ts";

const QUESTION = Type.Object({
  action: Type.Union(
    [Type.Literal("publish"), Type.Literal("subscribe"), Type.Literal("receive")],
    { description: "publish, subscribe or receive" },
  ),
  topic: Type.String({ description: "a Topic Name, or with subscribe a Topic Filter" }),
  user: Type.Optional(Type.String()),
  client: Type.Optional(Type.String({ description: "Client Identifier" })),
  group: Type.Optional(Type.String()),
  address: Type.Optional(Type.String()),
  listener: Type.Optional(Type.String({ description: "such as tcp:1883" })),
  qos: Type.Optional(
    Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)], {
      description: "of a message to publish: 0, 1 or 2; default 0",
    }),
  ),
  retain: Type.Optional(Type.Boolean({ description: "of a message to publish; default false" })),
});

const EXPLANATION = Type.Object({
  isAllowed: Type.Boolean(),
  isNarrowed: Type.Boolean({ description: "granted, and each message is judged" }),
  reason: Type.String(),
  rule: Type.Optional(
    Type.Object({
      source: Type.Optional(Type.String({ description: "file and line" })),
      allow: Type.Optional(Type.String()),
      deny: Type.Optional(Type.String()),
      topics: Type.Union([Type.String(), Type.Array(Type.String())]),
    }),
  ),
});

const texts = Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())]));

const RULE = Type.Object({
  place: Type.Integer({ description: "of the first rule 0: the first that matches decides" }),
  source: Type.Optional(Type.String({ description: "file and line" })),
  allow: Type.Optional(Type.String({ description: "publish, subscribe or both" })),
  deny: Type.Optional(Type.String({ description: "publish, subscribe or both" })),
  topics: Type.Union([Type.String(), Type.Array(Type.String())], { description: "Topic Filters" }),
  user: texts,
  anonymous: Type.Optional(Type.Boolean()),
  group: texts,
  client: texts,
  address: texts,
  listener: texts,
  maximumQos: Type.Optional(Type.Integer()),
  retain: Type.Optional(Type.Boolean()),
  literal: Type.Optional(Type.Boolean()),
});

/** Of servers with the option `accessRules`. */
export const ACCESS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    url: "/access/rules",
    role: "viewer",
    summary: "Rules of access in force, in their order; none where the server has no such rules",
    path: NOTHING,
    query: placesQuery("rules"),
    body: NO_BODY,
    response: Type.Object({
      items: Type.Array(RULE),
      cursor: Type.Optional(
        Type.String({ description: "asks for the next page; absent on the last one" }),
      ),
      total: Type.Integer({ description: "rules of the whole list" }),
    }),
    isChange: false,
    handle: ({ server, query: { cursor = 0, limit = PLACES_DEFAULT } }) => {
      const { rules } = server.access;
      const next = cursor + limit;
      const items = rules
        .slice(cursor, next)
        .map((rule, index) => ({ place: cursor + index, ...rule }));
      const more = next < rules.length && { cursor: String(next) };
      return { status: 200, body: { items, ...more, total: rules.length } };
    },
  }),
  route({
    method: "post",
    url: "/access/reload",
    role: "admin",
    summary: "Reads the rules of access again; those of before stay if that fails",
    path: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    response: undefined,
    isChange: true,
    handle: async ({ server }) => {
      await server.access.reload();
      return DONE;
    },
  }),
  route({
    method: "get",
    url: "/access/explain",
    role: "viewer",
    summary: "Which rule decides what a client may do",
    path: NOTHING,
    query: QUESTION,
    body: NO_BODY,
    response: EXPLANATION,
    isChange: false,
    handle: ({ server, query }) => {
      const { action, topic, user, client, group, address, listener, qos, retain } = query;
      const explanation = server.access.explain({
        action,
        topic,
        qos,
        retain,
        client: {
          ...(user !== undefined && { userName: user }),
          ...(client !== undefined && { clientId: client }),
          ...(group !== undefined && { groups: [group] }),
          ...(address !== undefined && { address }),
          ...(listener !== undefined && { listener }),
        },
      });
      if (explanation === undefined) return missing("rule of access: all is allowed");
      const { rule, ...rest } = explanation;
      const { source, allow, deny, topics = [] } = rule ?? {};
      const body = { ...rest, ...(rule && { rule: { source, allow, deny, topics } }) };
      return { status: 200, body };
    },
  }),
];
