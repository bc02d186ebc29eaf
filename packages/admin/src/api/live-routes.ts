/** What a page needs that stays open: who it is, and what happens now. */
import { Type } from "@sinclair/typebox";
import { NO_BODY, route } from "./route-answers.ts";
import type { Route } from "./route.ts";
import { LIVE_EVENTS, NOTHING } from "./schemas.ts";

/** Bytes of one payload that a stream may be asked to tell. */
const PAYLOAD_BYTES_MAX = 65_536;

export const LIVE_ROUTES: readonly Route[] = [
  route({
    method: "get",
    url: "/token",
    role: "viewer",
    summary: "Whose token the request has",
    path: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    response: Type.Object({
      name: Type.String(),
      role: Type.String({ description: "viewer, operator or admin" }),
    }),
    isChange: false,
    handle: ({ caller: { name, role } }) => ({ status: 200, body: { name, role } }),
  }),
  route({
    method: "get",
    url: "/stream",
    role: "viewer",
    summary: "Figures and events as they come, until the caller closes it (Server-Sent Events)",
    path: NOTHING,
    query: Type.Object(
      {
        topics: Type.Optional(
          Type.Boolean({ description: "tell of topics that are published to; default false" }),
        ),
        topicPrefix: Type.Optional(
          Type.String({ description: "of these, those that begin so; default all" }),
        ),
        clientId: Type.Optional(
          Type.String({
            description: "of these, those that this client publishes to; default all",
          }),
        ),
        payloadBytesMax: Type.Optional(
          Type.Integer({
            description: "bytes of a payload that are told; default 1024",
            minimum: 0,
            maximum: PAYLOAD_BYTES_MAX,
          }),
        ),
      },
      { additionalProperties: false },
    ),
    body: NO_BODY,
    response: LIVE_EVENTS,
    responseType: "text/event-stream",
    isChange: false,
    handle: ({ streams, caller, query }) => {
      const { topics = false, topicPrefix = "", clientId, payloadBytesMax = 1_024 } = query;
      const observing = topics ? { topicPrefix, clientId, payloadBytesMax } : undefined;
      return {
        status: 200,
        events: streams.open({ observing, mayRead: caller.isStillKnown }),
      };
    },
  }),
];
