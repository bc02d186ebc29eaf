/** `@anax/client/builders`: fluent builders with the method names of MQTTnet. */
export { MqttApplicationMessageBuilder } from "./application-message-builder.ts";
export { MqttClientFactory } from "./client-factory.ts";
export { type MqttClientOptions, MqttClientOptionsBuilder } from "./client-options-builder.ts";
export { MqttClientDisconnectOptionsBuilder } from "./disconnect-options-builder.ts";
export {
  type MqttClientSubscribeOptions,
  MqttClientSubscribeOptionsBuilder,
  type MqttClientUnsubscribeOptions,
  MqttClientUnsubscribeOptionsBuilder,
  type TopicFilterSource,
} from "./subscribe-options-builder.ts";
export { type MqttTopicFilter, MqttTopicFilterBuilder } from "./topic-filter-builder.ts";
