import { MqttClientWithHandlers } from "./client-with-handlers.ts";
import { MqttApplicationMessageBuilder } from "./application-message-builder.ts";
import { MqttClientOptionsBuilder } from "./client-options-builder.ts";
import type { MqttClientOptions } from "./client-options-builder.ts";
import { MqttClientDisconnectOptionsBuilder } from "./disconnect-options-builder.ts";
import {
  MqttClientSubscribeOptionsBuilder,
  MqttClientUnsubscribeOptionsBuilder,
} from "./subscribe-options-builder.ts";
import { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";

/** Makes clients and builders, as MQTTnet's factory does. */
export class MqttClientFactory {
  /**
   * A client that `connect` is given the options of, or that has them from the start. Throws `MqttConfigurationError` for
   * options that were not built, or cannot be.
   */
  createMqttClient(options?: MqttClientOptions | null): MqttClientWithHandlers {
    return new MqttClientWithHandlers(options);
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

/** The name of the factory in older versions. */
export class MqttFactory extends MqttClientFactory {}
