/** `@anax/protocol`: MQTT 3.1, 3.1.1 and 5.0 as pure values and functions. The public names, listed by hand. */
export {
  ClientKeepAlive,
  type ClientKeepAliveAction,
  type ClientKeepAliveOptions,
  ServerKeepAlive,
} from "./flow/keep-alive.ts";
export { PACKET_IDENTIFIER_MAX, PacketIdentifiers } from "./flow/packet-identifiers.ts";
export { Receiver } from "./flow/receiver.ts";
export { RECEIVE_MAXIMUM_DEFAULT, SendQuota } from "./flow/send-quota.ts";
export { type ExchangeState, type OpenExchange, type PubrecResult, Sender } from "./flow/sender.ts";
export {
  IncomingTopicAliases,
  OutgoingTopicAliases,
  type TopicAliasReplacement,
} from "./flow/topic-aliases.ts";
export { filterCoversFilter, topicMatchesFilter } from "./topics/matching.ts";
export { parseSharedSubscription, type SharedSubscription } from "./topics/shared-subscription.ts";
export { isTopicFilter, parseTopicFilter, type TopicFilter } from "./topics/topic-filter.ts";
export { isTopicName, parseTopicName, type TopicName } from "./topics/topic-name.ts";
export {
  type TopicParameterNames,
  type TopicParameters,
  type TopicTemplate,
  topicTemplate,
} from "./topics/topic-template.ts";
