/**
 * `@anax/protocol`: MQTT 3.1, 3.1.1 and 5.0 as pure values and functions. No socket, no timer, no
 * clock; the same code runs in Node and in browsers. The public names, listed by hand.
 */
// First, because gzip packs a bundle better in which the codec comes first.
export { decodeServerPacket, encodeClientPacketInto } from "./packets/client-codec.ts";
export { copyBytes } from "./bytes/copy-bytes.ts";
export { ByteReader } from "./bytes/byte-reader.ts";
export { ByteWriter } from "./bytes/byte-writer.ts";
export { decodeUtf8, encodedLength, encodeUtf8, encodeUtf8Into, validateUtf8 } from "#utf8";
export { decodeVarint, encodeVarintInto, VARINT_MAXIMUM, varintSize } from "./bytes/varint.ts";
export {
  MalformedPacketError,
  MqttConfigurationError,
  PeerError,
  ProtocolError,
} from "./errors.ts";
export {
  ClientKeepAlive,
  type ClientKeepAliveAction,
  type ClientKeepAliveOptions,
  ServerKeepAlive,
} from "./flow/keep-alive.ts";
export { PACKET_IDENTIFIER_MAX, PacketIdentifiers } from "./flow/packet-identifiers.ts";
export { Receiver } from "#receiver";
export { RECEIVE_MAXIMUM_DEFAULT, SendQuota } from "./flow/send-quota.ts";
export {
  type ExchangeState,
  type HeldBytes,
  type OpenExchange,
  type PubrecResult,
  Sender,
} from "#sender";
export {
  IncomingTopicAliases,
  OutgoingTopicAliases,
  type TopicAliasReplacement,
} from "./flow/topic-aliases.ts";
export { Framer } from "#framer";
export { optionFault } from "./options/option-fault.ts";
export type { OptionRule, OptionRules, RulesFor } from "./options/option-fault.ts";
export { showValue } from "./options/show-value.ts";
export { typeName } from "./options/type-name.ts";
export type {
  Acknowledgement,
  AcknowledgementProperties,
  AcknowledgementType,
} from "./packets/acknowledgement.ts";
export type { AuthPacket, AuthProperties } from "./packets/auth.ts";
export { decodePacket, encodePacket, encodePacketInto } from "./packets/codec.ts";
export type { ConnackPacket, ConnackProperties } from "./packets/connack.ts";
export { peekClientId, peekProtocolVersion } from "./packets/connect.ts";
export type { ConnectPacket, ConnectProperties, Will, WillProperties } from "./packets/connect.ts";
export { DEFAULT_DECODE_LIMITS } from "./packets/decode-limits.ts";
export type { DecodeLimits } from "./packets/decode-limits.ts";
export type { DisconnectPacket, DisconnectProperties } from "./packets/disconnect.ts";
export type { ClientPacket, Packet, ServerPacket } from "./packets/packet.ts";
export type { PingreqPacket } from "./packets/pingreq.ts";
export type { PingrespPacket } from "./packets/pingresp.ts";
export { decodeProperties, encodeProperties } from "./packets/properties.ts";
export { PROPERTIES } from "./packets/property-table.ts";
export type {
  PropertiesByOwner,
  PropertyDefinition,
  PropertyName,
  PropertyOwner,
  PropertyType,
} from "./packets/property-table.ts";
export type { ProtocolVersion } from "./packets/protocol-version.ts";
export type { PubackPacket } from "./packets/puback.ts";
export type { PubcompPacket } from "./packets/pubcomp.ts";
export type { PublishPacket, PublishProperties } from "./packets/publish.ts";
export type { PubrecPacket } from "./packets/pubrec.ts";
export type { PubrelPacket } from "./packets/pubrel.ts";
export type { QoS } from "./packets/qos.ts";
export { reasonCodeOfReturnCode, returnCodeOfReasonCode } from "./packets/return-code.ts";
export type { SubackPacket } from "./packets/suback.ts";
export type {
  SubscribePacket,
  SubscribeProperties,
  SubscriptionRequest,
} from "./packets/subscribe.ts";
export { hasWildcard } from "./packets/topic-bytes.ts";
export type { UnsubackPacket } from "./packets/unsuback.ts";
export type { UnsubscribePacket, UnsubscribeProperties } from "./packets/unsubscribe.ts";
export type { UserProperties } from "./packets/user-properties.ts";
export { REASON_CODES, ReasonCode, reasonCodeSender, reasonName } from "./reason-codes.ts";
export type {
  ReasonCodeDefinition,
  ReasonCodePacketType,
  ReasonCodeSender,
} from "./reason-codes.ts";
export { filterCoversFilter, filtersOverlap, topicMatchesFilter } from "./topics/matching.ts";
export { parseSharedSubscription, type SharedSubscription } from "./topics/shared-subscription.ts";
export {
  isTopicFilter,
  isTopicFilterIn,
  parseTopicFilter,
  type TopicFilter,
} from "./topics/topic-filter.ts";
export { isTopicName, parseTopicName, type TopicName } from "./topics/topic-name.ts";
export {
  type TopicParameterNames,
  type TopicParameters,
  type TopicTemplate,
  topicTemplate,
} from "./topics/topic-template.ts";
