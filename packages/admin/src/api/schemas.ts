/** The shapes of the API, once: they check requests, and the API's description is made of them. */
import { Type } from "@sinclair/typebox";
import type {
  TArray,
  TBoolean,
  TInteger,
  TLiteral,
  TNumber,
  TObject,
  TOptional,
  TSchema,
  TString,
  TTuple,
  TUnion,
} from "@sinclair/typebox";

/** No parameters. */
export const NOTHING: TObject<Record<never, TSchema>> = Type.Object(
  {},
  { additionalProperties: false },
);

const text = (description: string): TString => Type.String({ description, minLength: 1 });
const ms = (description: string): TSchema =>
  Type.Number({ description: `${description}, milliseconds` });
const count = (description: string): TSchema => Type.Integer({ description, minimum: 0 });

export const CLIENT_PATH: TObject<{ clientId: TString }> = Type.Object({
  clientId: Type.String({ description: "Client Identifier" }),
});
export const TOPIC_QUERY: TObject<{ topic: TString }> = Type.Object(
  { topic: text("Topic Name") },
  { additionalProperties: false },
);

/** A page of a list. */
export const PAGE_QUERY: {
  readonly limit: TOptional<TInteger>;
  readonly cursor: TOptional<TString>;
} = {
  limit: Type.Optional(
    Type.Integer({ description: "items of a page", minimum: 1, maximum: 1_000, default: 100 }),
  ),
  cursor: Type.Optional(Type.String({ description: "`cursor` of the page before" })),
};

/** Rules of access, or records of a trace, of one page. */
const PLACES_MAX = 1_000;
export const PLACES_DEFAULT = 100;

/** A page of what has places that stay: the cursor is the place that it begins at. */
export function placesQuery(
  things: string,
): TObject<{ cursor: TOptional<TInteger>; limit: TOptional<TInteger> }> {
  const limits = { minimum: 1, maximum: PLACES_MAX };
  const description = `${things} of a page; default ${PLACES_DEFAULT}`;
  return Type.Object(
    {
      cursor: Type.Optional(
        Type.Integer({ description: "`cursor` of the page before", minimum: 0 }),
      ),
      limit: Type.Optional(Type.Integer({ description, ...limits })),
    },
    { additionalProperties: false },
  );
}

/** The order of a list. */
export function orderQuery<Name extends string>(
  names: readonly Name[],
): {
  readonly sort: TOptional<TSchema>;
  readonly descending: TOptional<TBoolean>;
  readonly offset: TOptional<TInteger>;
  readonly onePage: TOptional<TBoolean>;
} {
  return {
    sort: Type.Optional(
      Type.Union(
        names.map((name) => Type.Literal(name)),
        { description: `one of ${names.join(", ")}; default: no order that lasts` },
      ),
    ),
    descending: Type.Optional(Type.Boolean({ description: "the largest first; default false" })),
    offset: Type.Optional(
      Type.Integer({
        description:
          "with sort, or with any cursor of such a list: place of the first item of the page, to jump to it; default the place behind the page before",
        minimum: 0,
      }),
    ),
    onePage: Type.Optional(
      Type.Boolean({
        description:
          "with sort, of a first page: no next one is wanted, so there is no cursor; default false",
      }),
    ),
  };
}

/** A list of `item`, of which this is one page. */
export function pageOf(item: TSchema): TSchema {
  return Type.Object({
    items: Type.Array(item),
    cursor: Type.Optional(
      Type.String({
        description:
          "asks for the next page, as often as one likes; absent on the last one. A page may be short, with more to come",
      }),
    ),
    total: Type.Optional(
      count("items of the whole list when it was sorted; only where it is sorted"),
    ),
  });
}

const PEER: TSchema = Type.Object({
  transport: Type.String({ description: "tcp, tls, ws, wss, unix or memory" }),
  secure: Type.Boolean({ description: "encrypted" }),
  remoteAddress: Type.Optional(Type.String()),
  remotePort: Type.Optional(Type.Integer()),
});

export const CLIENT: TSchema = Type.Object({
  clientId: Type.String(),
  userName: Type.Optional(Type.String()),
  protocolVersion: Type.Integer({ description: "3, 4 (3.1.1) or 5" }),
  peer: PEER,
  connectedAtMs: ms("Unix time"),
  lastPacketReceivedAtMs: ms("Unix time"),
  lastPacketSentAtMs: ms("Unix time"),
  keepAliveSeconds: count("Keep Alive in force; 0 for none"),
  sessionExpiryIntervalSeconds: count("how long the session outlives the connection"),
  bytesReceived: count("bytes"),
  bytesSent: count("bytes"),
  packetsReceived: count("packets"),
  packetsSent: count("packets"),
  messagesReceived: count("PUBLISH packets"),
  messagesSent: count("PUBLISH packets"),
  bytesWaiting: count("bytes that the client has not read"),
});

export const SESSION: TSchema = Type.Object({
  clientId: Type.String(),
  userName: Type.Optional(Type.String()),
  isConnected: Type.Boolean(),
  createdAtMs: ms("Unix time"),
  disconnectedAtMs: Type.Optional(ms("Unix time")),
  expiresAtMs: Type.Optional(ms("Unix time")),
  expiryIntervalSeconds: count("4294967295: never"),
  subscriptionCount: count("subscriptions"),
  queuedMessages: count("messages that wait"),
  queuedBytes: count("bytes of them"),
  inFlightMessages: count("sent and not yet acknowledged"),
  stalledSinceMs: Type.Optional(ms("Unix time since which the client has acknowledged nothing")),
  unreleasedMessages: count("QoS 2 messages of the client without PUBREL"),
  hasWill: Type.Boolean(),
  isDurable: Type.Boolean({ description: "kept in the store" }),
});

export const SUBSCRIPTION: TSchema = Type.Object({
  topicFilter: Type.String(),
  qos: Type.Integer(),
  noLocal: Type.Boolean(),
  retainAsPublished: Type.Boolean(),
  retainHandling: Type.Integer(),
  subscriptionIdentifier: Type.Optional(Type.Integer()),
});

export const RECEIVER: TSchema = Type.Object({
  clientId: Type.String(),
  qos: Type.Integer(),
  shareName: Type.Optional(
    Type.String({
      description: "gets each message as one of the clients of this shared subscription",
    }),
  ),
  topicFilter: Type.Optional(Type.String({ description: "filter of the shared subscription" })),
});

/** A message as JSON: its payload is text where it is UTF-8, else base64. */
export const MESSAGE: TSchema = Type.Object({
  topic: Type.String(),
  payload: Type.Optional(Type.String({ description: "the payload, if it is UTF-8" })),
  payloadBase64: Type.Optional(Type.String({ description: "the payload, if it is not UTF-8" })),
  payloadBytes: count("bytes of the whole payload"),
  qos: Type.Integer(),
  retain: Type.Boolean(),
  contentType: Type.Optional(Type.String()),
  responseTopic: Type.Optional(Type.String()),
  messageExpiryIntervalSeconds: Type.Optional(Type.Integer()),
  userProperties: Type.Optional(Type.Array(Type.Tuple([Type.String(), Type.String()]))),
});

/** A message to publish or to retain. */
export const NEW_MESSAGE: TObject<{
  topic: TString;
  payload: TOptional<TString>;
  payloadBase64: TOptional<TString>;
  qos: TOptional<TUnion<[TLiteral<0>, TLiteral<1>, TLiteral<2>]>>;
  retain: TOptional<TBoolean>;
  contentType: TOptional<TString>;
  responseTopic: TOptional<TString>;
  messageExpiryIntervalSeconds: TOptional<TInteger>;
  userProperties: TOptional<TArray<TTuple<[TString, TString]>>>;
}> = Type.Object(
  {
    topic: text("Topic Name"),
    payload: Type.Optional(Type.String({ description: "text; default empty" })),
    payloadBase64: Type.Optional(Type.String({ description: "bytes, instead of payload" })),
    qos: Type.Optional(Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)])),
    retain: Type.Optional(Type.Boolean()),
    contentType: Type.Optional(Type.String()),
    responseTopic: Type.Optional(Type.String()),
    messageExpiryIntervalSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 4_294_967_295 }),
    ),
    userProperties: Type.Optional(Type.Array(Type.Tuple([Type.String(), Type.String()]))),
  },
  { additionalProperties: false },
);

/** What was published to one topic in a second. */
const OBSERVED_TOPIC: TSchema = Type.Object({
  topic: Type.String(),
  count: count("messages that were looked at"),
  senderClientId: Type.String({ description: "who published last; empty: the server" }),
  qos: Type.Integer(),
  retain: Type.Boolean(),
  contentType: Type.Optional(Type.String()),
  payloadBytes: count("bytes of the last message"),
  payloadBase64: Type.Optional(
    Type.String({ description: "its beginning; absent where too much was told already" }),
  ),
});

/** The events of the live stream, by their names. */
export const LIVE_EVENTS: TSchema = Type.Object({
  figures: Type.Object(
    {
      atMs: ms("Unix time"),
      isHealthy: Type.Boolean(),
      store: Type.String(),
      acceptNewConnections: Type.Boolean(),
      statistics: Type.Record(Type.String(), Type.Number()),
      deliveryTimes: Type.Object({
        boundsMs: Type.Array(Type.Number()),
        counts: Type.Array(Type.Integer()),
        sumMs: Type.Number(),
      }),
      loopDelay: Type.Record(Type.String(), Type.Number()),
      memory: Type.Record(Type.String(), Type.Number()),
      cpuSeconds: Type.Number(),
    },
    {
      description:
        "once a second: `statistics` as of GET /server, `deliveryTimes` of messages from their publisher to a receiver (`counts` of those that took up to each of `boundsMs`, and of longer ones, since the start; of at most a hundred in a second), `loopDelay` (`meanMs`, `p99Ms`, `maxMs`), `memory` (`residentBytes`, `heapBytes`), `cpuSeconds` of the process",
    },
  ),
  happened: Type.Optional(
    Type.Object(
      {
        items: Type.Array(Type.Object({ type: Type.String(), atMs: ms("Unix time") })),
        missed: count("those left out, as there were too many"),
      },
      {
        description:
          "`items` of `type` connected, disconnected, subscribed, unsubscribed, sessionDeleted, with `clientId`, `userName`, `topicFilter`, `reason`; or dropped, refused with `count`. `missed`: those left out, as there were too many",
      },
    ),
  ),
  topics: Type.Optional(
    Type.Object(
      {
        topics: Type.Array(OBSERVED_TOPIC),
        observed: count("messages"),
        isComplete: Type.Boolean(),
      },
      {
        description:
          "once a second, if asked for: `topics` that were published to, each with `topic`, `count`, `senderClientId`, `qos`, `retain`, `payloadBytes`, `payloadBase64`; `observed`: messages that were looked at; `isComplete` false: there were more",
      },
    ),
  ),
  missed: Type.Optional(
    Type.Object(
      { events: count("events") },
      { description: "`events` that were left out, as the reader was slow" },
    ),
  ),
  end: Type.Optional(
    Type.Object({ reason: Type.String() }, { description: "the last one, and why (`reason`)" }),
  ),
});

const banKind: TUnion<[TLiteral<"clientId">, TLiteral<"userName">, TLiteral<"address">]> =
  Type.Union([Type.Literal("clientId"), Type.Literal("userName"), Type.Literal("address")], {
    description: "what `value` is",
  });
const banValue = text("Client Identifier or user name to the letter; IP address, or range of them");

/** What a ban is about, in the URL. */
export const BAN_PATH: TObject<{ kind: typeof banKind; value: TString }> = Type.Object({
  kind: banKind,
  value: banValue,
});

/** A ban to be made. */
export const NEW_BAN: TObject<{
  kind: typeof banKind;
  value: TString;
  durationSeconds: TOptional<TNumber>;
  reason: TOptional<TString>;
}> = Type.Object(
  {
    kind: banKind,
    value: banValue,
    durationSeconds: Type.Optional(
      Type.Number({ description: "default: until it is lifted", exclusiveMinimum: 0 }),
    ),
    reason: Type.Optional(Type.String({ description: "for those who look; clients are not told" })),
  },
  { additionalProperties: false },
);

/** A ban in force. */
export const BAN: TSchema = Type.Object({
  kind: banKind,
  value: banValue,
  sinceMs: ms("Unix time"),
  untilMs: Type.Optional(ms("Unix time")),
  reason: Type.Optional(Type.String()),
});

/** A client that is held off. */
export const HELD_OFF: TSchema = Type.Object({
  reason: Type.Union([Type.Literal("failedLogins"), Type.Literal("flapping")]),
  userName: Type.Optional(Type.String({ description: "of failedLogins" })),
  clientId: Type.Optional(Type.String({ description: "of flapping" })),
  network: Type.String({ description: "an address, or of IPv6 the first 64 bits" }),
  untilMs: ms("Unix time"),
});

/** Which clients that are held off are let go. */
export const HELD_OFF_SUBJECT: TObject<{
  userName: TOptional<TString>;
  clientId: TOptional<TString>;
  address: TOptional<TString>;
}> = Type.Object(
  {
    userName: Type.Optional(Type.String()),
    clientId: Type.Optional(Type.String()),
    address: Type.Optional(Type.String({ description: "or the network, as it is listed" })),
  },
  { additionalProperties: false },
);

/** What is wrong, for people. */
export const ERROR: TSchema = Type.Object({
  error: Type.String({ description: "what is wrong, in words" }),
});
