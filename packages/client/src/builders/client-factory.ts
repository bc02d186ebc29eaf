import { MqttConfigurationError } from "@anax/protocol";
import { MqttClient } from "../client.ts";
import { requireOptions } from "../validation.ts";
import { MqttApplicationMessageBuilder } from "./application-message-builder.ts";
import { MqttClientOptionsBuilder } from "./client-options-builder.ts";
import type { MqttClientOptions } from "./client-options-builder.ts";
import { MqttClientDisconnectOptionsBuilder } from "./disconnect-options-builder.ts";
import {
  MqttClientSubscribeOptionsBuilder,
  MqttClientUnsubscribeOptionsBuilder,
} from "./subscribe-options-builder.ts";
import { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";

const NO_OPTIONS =
  "createMqttClient takes what MqttClientOptionsBuilder.build gives: a client is made with its options, and connect takes none";

/** Makes clients and builders, as MQTTnet's factory does. A client is made with its options, not connected with them. */
export class MqttClientFactory {
  /** Throws `MqttConfigurationError` for options that were not built, or cannot be. */
  createMqttClient(options: MqttClientOptions): MqttClient {
    requireOptions(options ?? {}, { server: "unknown", options: "Object" });
    if (!options) throw new MqttConfigurationError(NO_OPTIONS);
    return new MqttClient(options.server, options.options);
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
