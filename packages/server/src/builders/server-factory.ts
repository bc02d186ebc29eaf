import type { MqttServerOptions } from "../options.ts";
import { MqttApplicationMessageBuilder } from "./application-message-builder.ts";
import {
  MqttServerClientDisconnectOptionsBuilder,
  MqttServerStopOptionsBuilder,
} from "./disconnect-options-builder.ts";
import { MqttServerOptionsBuilder } from "./server-options-builder.ts";
import { MqttServerWithHandlers } from "./server-with-handlers.ts";
import { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";

/** Makes servers and builders, as MQTTnet's factory does. */
export class MqttServerFactory {
  createMqttServer(options: MqttServerOptions): MqttServerWithHandlers {
    return new MqttServerWithHandlers(options);
  }

  createServerOptionsBuilder(): MqttServerOptionsBuilder {
    return new MqttServerOptionsBuilder();
  }

  createMqttServerStopOptionsBuilder(): MqttServerStopOptionsBuilder {
    return new MqttServerStopOptionsBuilder();
  }

  createMqttServerClientDisconnectOptionsBuilder(): MqttServerClientDisconnectOptionsBuilder {
    return new MqttServerClientDisconnectOptionsBuilder();
  }

  createApplicationMessageBuilder(): MqttApplicationMessageBuilder {
    return new MqttApplicationMessageBuilder();
  }

  createTopicFilterBuilder(): MqttTopicFilterBuilder {
    return new MqttTopicFilterBuilder();
  }
}
