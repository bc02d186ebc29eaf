import { MqttClient } from "../client.ts";
import { MqttApplicationMessageBuilder } from "./application-message-builder.ts";
import { MqttClientOptionsBuilder } from "./client-options-builder.ts";
import type { MqttClientOptions } from "./client-options-builder.ts";
import { MqttClientDisconnectOptionsBuilder } from "./disconnect-options-builder.ts";
import {
  MqttClientSubscribeOptionsBuilder,
  MqttClientUnsubscribeOptionsBuilder,
} from "./subscribe-options-builder.ts";
import { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";

/** Makes clients and builders, as MQTTnet's factory does. A client is made with its options, not connected with them. */
export class MqttClientFactory {
  createMqttClient({ server, options }: MqttClientOptions): MqttClient {
    return new MqttClient(server, options);
  }

  createClientOptionsBuilder(): MqttClientOptionsBuilder {
    return new MqttClientOptionsBuilder();
  }

  createClientDisconnectOptionsBuilder(): MqttClientDisconnectOptionsBuilder {
    return new MqttClientDisconnectOptionsBuilder();
  }

  createSubscribeOptionsBuilder(): MqttClientSubscribeOptionsBuilder {
    return new MqttClientSubscribeOptionsBuilder();
  }

  createUnsubscribeOptionsBuilder(): MqttClientUnsubscribeOptionsBuilder {
    return new MqttClientUnsubscribeOptionsBuilder();
  }

  createTopicFilterBuilder(): MqttTopicFilterBuilder {
    return new MqttTopicFilterBuilder();
  }

  createApplicationMessageBuilder(): MqttApplicationMessageBuilder {
    return new MqttApplicationMessageBuilder();
  }
}
