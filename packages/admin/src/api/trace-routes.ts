/** Routes of traces: everything about one client, topic or address, for a limited time. */
import type { Trace, TraceRecord } from "@anax/server";
import { Type } from "@sinclair/typebox";
import type { TSchema } from "@sinclair/typebox";
import { payloadJson } from "./message-json.ts";
import { done, missing, named, NO_BODY, route } from "./route-answers.ts";
import type { Route } from "./route.ts";
import { NOTHING, PLACES_DEFAULT, placesQuery } from "./schemas.ts";

/** Seconds of one trace. */
const DURATION_SECONDS_MAX = 3_600;
/** Records of one trace. */
const RECORDS_MAX = 100_000;
/** Bytes of one payload that a trace may be asked to have. */
const PAYLOAD_BYTES_MAX = 65_536;

const clientId = Type.Optional(Type.String({ description: "Client Identifier, to the letter" }));
const topicFilter = Type.Optional(
  Type.String({ description: "messages, subscriptions and refusals of topics that it matches" }),
);
const address = Type.Optional(
  Type.String({ description: "IP address, or range such as 10.0.0.0/8" }),
);

const NEW_TRACE = Type.Object(
  {
    clientId,
    topicFilter,
    address,
    durationSeconds: Type.Optional(
      Type.Number({
        description: "default 60",
        exclusiveMinimum: 0,
        maximum: DURATION_SECONDS_MAX,
      }),
    ),
    recordsMax: Type.Optional(
      Type.Integer({
        description: "records after which it ends; default 10000",
        minimum: 1,
        maximum: RECORDS_MAX,
      }),
    ),
    payloadBytesMax: Type.Optional(
      Type.Integer({
        description: "bytes of each payload that records have; default 0",
        minimum: 0,
        maximum: PAYLOAD_BYTES_MAX,
      }),
    ),
  },
  { additionalProperties: false },
);

const TRACE = {
  id: Type.String(),
  clientId,
  topicFilter,
  address,
  startedAtMs: Type.Number({ description: "Unix time, milliseconds" }),
  endsAtMs: Type.Number({ description: "Unix time, milliseconds, at which its time is over" }),
  endReason: Type.Optional(
    Type.String({ description: "time, records, bytes or stopped; absent while it goes on" }),
  ),
  payloadBytesMax: Type.Integer({ description: "bytes of each payload that records have" }),
  recordsMax: Type.Integer({ description: "records after which it ends" }),
  recordCount: Type.Integer({ description: "records so far" }),
};

const RECORD: TSchema = Type.Object({
  atMs: Type.Number({ description: "Unix time, milliseconds" }),
  type: Type.String({
    description:
      "packetReceived, packetSent, connected, refused, disconnected, denied, publishRefused, queued or dropped",
  }),
  clientId: Type.String(),
  userName: Type.Optional(Type.String()),
  address: Type.Optional(Type.String()),
  packet: Type.Optional(
    Type.Object(
      { type: Type.String({ description: "such as publish" }) },
      {
        description:
          "of packetReceived and packetSent: the fields of the MQTT packet; of bytes their number (`payloadBytes`), of payloads that were asked for `payload` or `payloadBase64`",
      },
    ),
  ),
  topic: Type.Optional(
    Type.String({ description: "aliases resolved; of a subscription, the filter" }),
  ),
  action: Type.Optional(
    Type.String({ description: "of denied: publish, subscribe, receive or keep subscription" }),
  ),
  reasonCode: Type.Optional(Type.Integer()),
  reason: Type.Optional(
    Type.String({
      description: "in words; of dropped: queue, backlog, total, away, tooLarge or expired",
    }),
  ),
  rule: Type.Optional(
    Type.Object(
      { source: Type.Optional(Type.String({ description: "such as access.yaml:12" })) },
      { description: "of denied: the rule that decides" },
    ),
  ),
  count: Type.Optional(Type.Integer({ description: "of dropped: messages" })),
  payloadBytes: Type.Optional(Type.Integer({ description: "of queued" })),
});

const TRACE_PATH = Type.Object({ id: Type.String() });

function traceJson({
  id,
  subject,
  limits,
  startedAtMs,
  endsAtMs,
  endReason,
  records,
}: Trace): object {
  const { payloadBytesMax, recordsMax } = limits;
  return {
    id,
    ...subject,
    startedAtMs,
    endsAtMs,
    ...(endReason !== undefined && { endReason }),
    payloadBytesMax,
    recordsMax,
    recordCount: records.length,
  };
}

/** A record for JSON: payloads are text where they are UTF-8, other bytes base64. */
function recordJson(record: TraceRecord): object {
  return jsonOf(record) as object;
}

function jsonOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, inner]): object => {
    if (!(inner instanceof Uint8Array)) return { [name]: jsonOf(inner) };
    if (name !== "payload") return { [`${name}Base64`]: Buffer.from(inner).toString("base64") };
    return payloadJson(inner, Reflect.get(value, "payloadBytes") !== inner.length);
  });
  return Object.assign({}, ...fields);
}

export const TRACE_ROUTES: readonly Route[] = [
  route({
    method: "get",
    url: "/traces",
    role: "operator",
    summary: "Traces that go on, and those that ended in the last ten minutes, oldest first",
    path: NOTHING,
    query: NOTHING,
    body: NO_BODY,
    response: Type.Object({ items: Type.Array(Type.Object(TRACE)) }),
    isChange: false,
    handle: ({ server }) => ({
      status: 200,
      body: { items: Array.from(server.traces, traceJson) },
    }),
  }),
  route({
    method: "post",
    url: "/traces",
    role: "operator",
    summary:
      "Begins a trace of what happens to a client, topic or address; of several that are given, all must hold. At most 16 go on",
    path: NOTHING,
    query: NOTHING,
    body: NEW_TRACE,
    response: Type.Object(TRACE),
    isChange: true,
    handle: async ({ server, body, caller }) => {
      const { durationSeconds, ...given } = body;
      const durationMs = durationSeconds === undefined ? undefined : durationSeconds * 1_000;
      const trace = await server.traces.begin({ ...given, durationMs, askedBy: caller.name });
      return { status: 200, body: traceJson(trace) };
    },
  }),
  route({
    method: "get",
    url: "/traces/{id}",
    role: "operator",
    summary: "A trace and its records, oldest first",
    path: TRACE_PATH,
    query: placesQuery("records"),
    body: NO_BODY,
    response: Type.Object({
      ...TRACE,
      items: Type.Array(RECORD),
      cursor: Type.Optional(
        Type.String({
          description: "asks for what comes next; absent when the trace has ended and nothing does",
        }),
      ),
    }),
    isChange: false,
    handle: ({ server, path: { id }, query: { cursor = 0, limit = PLACES_DEFAULT } }) => {
      const trace = server.traces.get(id);
      if (trace === undefined) return missing(named("trace", id));
      const items = trace.records.slice(cursor, cursor + limit);
      const next = cursor + items.length;
      const isLast = trace.endReason !== undefined && next >= trace.records.length;
      const body = {
        ...traceJson(trace),
        items: items.map(recordJson),
        ...(!isLast && { cursor: String(next) }),
      };
      return { status: 200, body };
    },
  }),
  route({
    method: "get",
    url: "/traces/{id}/stream",
    role: "operator",
    summary: "The records of a trace from the first one on, until it ends (Server-Sent Events)",
    path: TRACE_PATH,
    query: NOTHING,
    body: NO_BODY,
    response: Type.Object({
      record: Type.Object({}, { description: "a record, as `items` of GET /traces/{id} has them" }),
      end: Type.Object(
        { reason: Type.String() },
        {
          description: "the last one, and why (`reason`): time, records, bytes, stopped, or a text",
        },
      ),
    }),
    responseType: "text/event-stream",
    isChange: false,
    handle: ({ server, traceStreams, path: { id }, caller }) => {
      const trace = server.traces.get(id);
      if (trace === undefined) return missing(named("trace", id));
      const reader = { trace, toJson: recordJson, mayRead: caller.isStillKnown };
      return { status: 200, events: traceStreams.open(reader) };
    },
  }),
  route({
    method: "delete",
    url: "/traces/{id}",
    role: "operator",
    summary: "Stops a trace and lets its records go",
    path: TRACE_PATH,
    query: NOTHING,
    body: NO_BODY,
    response: undefined,
    isChange: true,
    handle: ({ server, path: { id } }) => done(server.traces.delete(id), named("trace", id)),
  }),
];
