import { MqttConfigurationError } from "@anax/protocol";
import type { Logger } from "../ports/logger.ts";
import type { MqttServerOptions } from "../options.ts";
import { MqttApplicationMessageBuilder } from "./application-message-builder.ts";
import { ExchangeEnhancedAuthenticationOptionsFactory } from "./authentication-options-factory.ts";
import {
  MqttServerClientDisconnectOptionsBuilder,
  MqttServerStopOptionsBuilder,
} from "./disconnect-options-builder.ts";
import { MqttServerOptionsBuilder } from "./server-options-builder.ts";
import { MqttServerWithHandlers } from "./server-with-handlers.ts";
import { MqttTopicFilterBuilder } from "./topic-filter-builder.ts";

/** Makes servers and builders, as MQTTnet's factory does. */
export class MqttServerFactory {
  /**
   * A server; with a logger as MQTTnet's factory takes it, or as the option of that name. Throws
   * `MqttConfigurationError` for two loggers, and as the constructor does.
   */
  createMqttServer(options: MqttServerOptions = {}, logger?: Logger): MqttServerWithHandlers {
    if (logger === undefined) return new MqttServerWithHandlers(options);
    if ("logger" in Object(options) && options.logger !== undefined)
      throw new MqttConfigurationError("there are two loggers: an option, and an argument");
    return new MqttServerWithHandlers({ ...options, logger });
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

  createExchangeExtendedAuthenticationOptionsBuilder(): ExchangeEnhancedAuthenticationOptionsFactory {
    return new ExchangeEnhancedAuthenticationOptionsFactory();
  }

  createApplicationMessageBuilder(): MqttApplicationMessageBuilder {
    return new MqttApplicationMessageBuilder();
  }

  createTopicFilterBuilder(): MqttTopicFilterBuilder {
    return new MqttTopicFilterBuilder();
  }
}

/** The name of the factory in older versions. */
export class MqttFactory extends MqttServerFactory {}
