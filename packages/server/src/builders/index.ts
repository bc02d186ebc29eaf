/** `@anax/server/builders`: fluent builders with the method names of MQTTnet. */
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
export { MqttServerFactory } from "./server-factory.ts";
export {
  MqttServerOptionsBuilder,
  type PendingMessagesOverflowStrategy,
  type RetainedMessageStorage,
} from "./server-options-builder.ts";
export { MqttServerWithHandlers } from "./server-with-handlers.ts";
export { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";
