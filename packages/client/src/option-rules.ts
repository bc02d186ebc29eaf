/** What the options of the client's calls must be, one table for each kind: a name that is not there is refused. */
import type { OptionRules, RulesFor } from "@anax/protocol";
import type {
  AuthenticationOptions,
  AuthenticationWords,
} from "./authentication/authentication.ts";
import type {
  AskOptions,
  ClientOptions,
  DisconnectOptions,
  PublishMessage,
  PublishOptions,
  ReconnectOptions,
  RequestOptions,
  SubscribeOptions,
  TopicFilterOptions,
  UnsubscribeOptions,
  WillOptions,
} from "./options.ts";
import type { ServerAddressOptions } from "./server-address.ts";
import type { TlsOptions, WebSocketOptions } from "./transports/transport.ts";

const U16_MAX = 65_535;
const U32_MAX = 4_294_967_295;
/** Largest value of setTimeout in every runtime. */
const TIMER_MS_MAX = 2_147_483_647;
const COUNT_MAX = Number.MAX_SAFE_INTEGER;
const QOS = [0, 2] as const;

/** The properties that a message and a will have in common. */
const MESSAGE_PROPERTY_RULES = {
  messageExpiryIntervalSeconds: [0, U32_MAX],
  contentType: "string",
  responseTopic: "string",
  correlationData: "Uint8Array",
  payloadFormatIndicator: [0, 1],
  userProperties: "Array",
} as const;

/** The last argument of `publish`. */
export const PUBLISH_RULES: RulesFor<PublishOptions> = {
  qos: QOS,
  retain: "boolean",
  ...MESSAGE_PROPERTY_RULES,
  topicAlias: [1, U16_MAX],
  signal: "AbortSignal",
};

/** The last argument of `request`. */
export const ASK_RULES: RulesFor<AskOptions> = (({ correlationData: _none, ...others }) => ({
  ...others,
  timeoutMs: [1, TIMER_MS_MAX],
}))(PUBLISH_RULES);

/** A message with its topic. */
export const MESSAGE_RULES: RulesFor<PublishMessage> = {
  topic: "string",
  payload: "string|Uint8Array",
  ...PUBLISH_RULES,
};

/** A Topic Filter with options of its own. */
export const TOPIC_FILTER_RULES: RulesFor<TopicFilterOptions> = {
  topicFilter: "string",
  qos: QOS,
  noLocal: "boolean",
  retainAsPublished: "boolean",
  retainHandling: [0, 2],
};

const { topicFilter: _, ...FILTER_OPTION_RULES } = TOPIC_FILTER_RULES;

/** The last argument of `subscribe`. */
export const SUBSCRIBE_RULES: RulesFor<SubscribeOptions> = {
  ...FILTER_OPTION_RULES,
  subscriptionIdentifier: [1, 268_435_455],
  userProperties: "Array",
  bufferMessagesMax: [0, COUNT_MAX],
  overflow: new Set(["dropOldest", "dropNewest", "fail"]),
  signal: "AbortSignal",
};

/** The argument of `ping` and `reauthenticate`. */
export const REQUEST_RULES: RulesFor<RequestOptions> = { signal: "AbortSignal" };

/** The last argument of `unsubscribe`. */
export const UNSUBSCRIBE_RULES: RulesFor<UnsubscribeOptions> = {
  userProperties: "Array",
  signal: "AbortSignal",
};

/** The argument of `disconnect`. */
export const DISCONNECT_RULES: RulesFor<DisconnectOptions> = {
  reasonCode: [0, 255],
  reasonString: "string",
  sessionExpiryIntervalSeconds: [0, U32_MAX],
  userProperties: "Array",
};

/** An address in parts. */
export function addressRules(hasPort: boolean): RulesFor<ServerAddressOptions> {
  return { protocol: "string", host: "string", port: [hasPort ? 1 : 0, U16_MAX], path: "string" };
}

const WILL_RULES: RulesFor<WillOptions> = {
  topic: "string",
  payload: "string|Uint8Array",
  qos: QOS,
  retain: "boolean",
  willDelayIntervalSeconds: [0, U32_MAX],
  ...MESSAGE_PROPERTY_RULES,
};

/** What the handler of `authentication` gives, where it is not the data alone. */
export const AUTHENTICATION_WORDS_RULES: RulesFor<AuthenticationWords> = {
  data: "Uint8Array",
  reasonString: "string",
  userProperties: "Array",
};

const AUTHENTICATION_RULES: RulesFor<AuthenticationOptions> = {
  method: "string",
  handler: "function",
};

/** The option `reconnect`, where it is not true or false. */
export const RECONNECT_RULES: RulesFor<ReconnectOptions> = {
  initialDelayMs: [0, TIMER_MS_MAX],
  delayMaxMs: [0, TIMER_MS_MAX],
  attemptsMax: [1, COUNT_MAX],
  retryFirstConnect: "boolean",
};

const TLS_RULES: RulesFor<TlsOptions> = {
  ca: "string|Uint8Array|Array",
  cert: "string|Uint8Array",
  key: "string|Uint8Array",
  pfx: "Uint8Array",
  passphrase: "string",
  rejectUnauthorized: "boolean",
  servername: "string",
  alpn: "Array",
  minVersion: new Set(["TLSv1.2", "TLSv1.3"]),
  ciphers: "string",
  checkServerIdentity: "function",
};

const WEB_SOCKET_RULES: RulesFor<WebSocketOptions> = { headers: "Object", protocols: "Array" };

/** The options of a client. */
export const CLIENT_RULES: OptionRules & RulesFor<ClientOptions> = {
  clientId: "string",
  protocolVersion: new Set([5, 4, 3]),
  cleanStart: "boolean",
  keepAliveSeconds: [0, U16_MAX],
  userName: "string|function",
  password: "string|Uint8Array|function",
  will: WILL_RULES,
  sessionExpiryIntervalSeconds: [0, U32_MAX],
  receiveMaximum: [1, U16_MAX],
  maximumPacketSize: [1, U32_MAX],
  topicAliasMaximum: [0, U16_MAX],
  outgoingTopicAliasMaximum: [0, U16_MAX],
  requestResponseInformation: "boolean",
  requestProblemInformation: "boolean",
  userProperties: "Array",
  authentication: AUTHENTICATION_RULES,
  connectTimeoutMs: [1, TIMER_MS_MAX],
  pingrespTimeoutMs: [1, TIMER_MS_MAX],
  requestTimeoutMs: [1, TIMER_MS_MAX],
  reconnect: "boolean|Object",
  manualAcknowledge: "boolean",
  queueMessagesMax: [0, COUNT_MAX],
  queueBytesMax: [0, COUNT_MAX],
  clock: "Object",
  unclaimedMessagesMax: [0, COUNT_MAX],
  signal: "AbortSignal",
  tls: TLS_RULES,
  addressFamily: new Set([4, 6]),
  localAddress: "string",
  proxy: "string|URL",
  logger: "unknown",
  webSocket: WEB_SOCKET_RULES,
  transport: "function",
  strict: "boolean",
  resubscribeReasonCodes: "Array",
};
