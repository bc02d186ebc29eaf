/** `@anax/server/builders`: fluent builders with the method names of MQTTnet. */
export {
  type ExchangeEnhancedAuthenticationOptions,
  ExchangeEnhancedAuthenticationOptionsFactory,
} from "./authentication-options-factory.ts";
export { MqttApplicationMessageBuilder } from "./application-message-builder.ts";
export {
  MqttServerClientDisconnectOptionsBuilder,
  MqttServerStopOptionsBuilder,
} from "./disconnect-options-builder.ts";
export type {
  ApplicationMessageInterceptorContext,
  ClientMessageQueueInterceptorContext,
  OlderInterceptor,
  SubscriptionInterceptorContext,
  UnsubscriptionInterceptorContext,
} from "./older-interceptors.ts";
export type { Duration } from "./duration.ts";
export { MqttFactory, MqttServerFactory } from "./server-factory.ts";
export {
  MqttServerOptionsBuilder,
  type PendingMessagesOverflowStrategy,
  type RetainedMessageStorage,
} from "./server-options-builder.ts";
export { MqttServerWithHandlers } from "./server-with-handlers.ts";
export { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";
export type { UserPropertyValue } from "./user-property.ts";
