/** `@anax/client`: an MQTT client for Node and browsers. The public names, listed by hand. */
export type {
  AuthenticationAnswer,
  AuthenticationChallenge,
  AuthenticationOptions,
  AuthenticationStart,
  AuthenticationStep,
  AuthenticationSuccess,
} from "./authentication/authentication.ts";
export { scramSha256 } from "./authentication/scram.ts";
export type { ScramCredentials } from "./authentication/scram.ts";
export { MqttClient } from "./client.ts";
export type { CancelCall, Clock } from "./clock.ts";
export { connect } from "./connect.ts";
export type { ConnectResult } from "./core/connect-result.ts";
export {
  MqttConfigurationError,
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
export type { Message, MessageFields } from "./core/message.ts";
export type { PacketDirection } from "./core/output.ts";
export type {
  ClientEvents,
  DisconnectedEvent,
  EventHandler,
  PacketEvent,
  Registration,
} from "./events.ts";
export type {
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
  UnsubscribeOptions,
  UnsubscribeResult,
  WillOptions,
} from "./options.ts";
export { parseServerAddress } from "./parse-server-address.ts";
export type {
  ParsedAddress,
  ServerAddress,
  ServerAddressOptions,
  TransportProtocol,
} from "./server-address.ts";
export type { MessageHandler, Subscription, SubscriptionResult } from "./subscription.ts";
export type {
  TlsOptions,
  Transport,
  TransportEvents,
  TransportFactory,
  TransportRequest,
  WebSocketOptions,
} from "./transports/transport.ts";
