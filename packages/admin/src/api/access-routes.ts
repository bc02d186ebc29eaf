/** Routes about the rules of access. */
import { Type } from "@sinclair/typebox";
import type { Route } from "./route.ts";
import { DONE, found, NO_BODY, route } from "./route-answers.ts";
import { NOTHING } from "./schemas.ts";

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

/** Of servers with the option `accessRules`. */
export const ACCESS_ROUTES: readonly Route[] = [
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
    handle: ({ server, query: { action, topic, user, client, group, address, listener } }) => {
      const explanation = server.access.explain({
        action,
        topic,
        client: {
          ...(user !== undefined && { userName: user }),
          ...(client !== undefined && { clientId: client }),
          ...(group !== undefined && { groups: [group] }),
          ...(address !== undefined && { address }),
          ...(listener !== undefined && { listener }),
        },
      });
      if (explanation === undefined) return found(undefined);
      const { rule, ...rest } = explanation;
      const { source, allow, deny, topics = [] } = rule ?? {};
      return found({ ...rest, ...(rule && { rule: { source, allow, deny, topics } }) });
    },
  }),
];
