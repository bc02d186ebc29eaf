/** `@anax/client/builders`: fluent builders with the method names of MQTTnet. */
export { MqttApplicationMessageBuilder } from "./application-message-builder.ts";
export { MqttClientFactory, MqttFactory } from "./client-factory.ts";
export {
  type AddressFamily,
  type MqttClientCredentialsProvider,
  type MqttClientOptions,
  MqttClientOptionsBuilder,
  type MqttClientTcpOptions,
} from "./client-options-builder.ts";
export {
  type CertificateValidationEvent,
  type ClientCertificate,
  MqttClientTlsOptionsBuilder,
  type SslProtocol,
} from "./client-tls-options-builder.ts";
export { MqttClientWithHandlers } from "./client-with-handlers.ts";
export { MqttClientDisconnectOptionsBuilder } from "./disconnect-options-builder.ts";
export type { Duration } from "./duration.ts";
export {
  type MqttClientSubscribeOptions,
  MqttClientSubscribeOptionsBuilder,
  type MqttClientUnsubscribeOptions,
  MqttClientUnsubscribeOptionsBuilder,
  type TopicFilterSource,
} from "./subscribe-options-builder.ts";
export { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";
export type { UserPropertyValue } from "./user-property.ts";
export {
  type MqttClientWebSocketOptions,
  MqttClientWebSocketOptionsBuilder,
  MqttClientWebSocketProxyOptionsBuilder,
} from "./web-socket-options-builder.ts";
