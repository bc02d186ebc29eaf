/** `@anax/client`: an MQTT client for Node and browsers. The public names, listed by hand. */
export type {
  AuthenticationAnswer,
  AuthenticationChallenge,
  AuthenticationOptions,
  AuthenticationStart,
  AuthenticationStep,
  AuthenticationSuccess,
  AuthenticationWords,
} from "./authentication/authentication.ts";
export { scramSha256 } from "./authentication/scram.ts";
export type { ScramAuthentication, ScramCredentials } from "./authentication/scram.ts";
export { MqttClient } from "./client.ts";
export type { CancelCall, Clock } from "./clock.ts";
export { connect } from "./connect.ts";
export type { ConnectResult } from "./core/connect-result.ts";
export { MqttConfigurationError } from "@anax/protocol";
export {
  MqttConnectError,
  MqttDisconnectedError,
  MqttError,
  MqttNotSupportedError,
  MqttQueueFullError,
  MqttReasonError,
  MqttServerFaultError,
  MqttTimeoutError,
} from "./core/errors.ts";
export type { ErrorDetails, ReasonDetails } from "./core/errors.ts";
export type { AcknowledgeOptions, Message, MessageFields } from "./core/message.ts";
export type { PacketDirection } from "./core/output.ts";
export type {
  ClientEvents,
  ConnectingEvent,
  DisconnectedEvent,
  EventHandler,
  PacketEvent,
  Registration,
} from "./events.ts";
export type {
  AskOptions,
  ClientOptions,
  DisconnectOptions,
  OverflowPolicy,
  PasswordSource,
  PublishMessage,
  PublishOptions,
  PublishResult,
  ReconnectOptions,
  RequestOptions,
  SubscribeOptions,
  TopicFilterOptions,
  TopicFilters,
  UnsubscribeOptions,
  UnsubscribeResult,
  WillOptions,
} from "./options.ts";
export type { LogLevel, LogRecord, Logger } from "./logger.ts";
export { parseServerAddress } from "./parse-server-address.ts";
export type {
  ParsedAddress,
  ServerAddress,
  ServerAddressOptions,
  TransportProtocol,
} from "./server-address.ts";
export type { MessageHandler, Subscription, SubscriptionResult } from "./subscription.ts";
export type {
  ServerCertificate,
  SocketOptions,
  TlsOptions,
  Transport,
  TransportEvents,
  TransportFactory,
  TransportRequest,
  WebSocketOptions,
} from "./transports/transport.ts";
