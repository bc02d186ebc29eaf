import type { UserProperties } from "@anax/protocol";
import type { DisconnectOptions } from "../management/server-clients.ts";
import type { StopOptions } from "../stop-options.ts";
import { millisecondsOf } from "./duration.ts";
import type { Duration } from "./duration.ts";
import { textOfValue } from "./user-property.ts";
import type { UserPropertyValue } from "./user-property.ts";

type Draft = { -readonly [Name in keyof DisconnectOptions]: DisconnectOptions[Name] };

/** Builds what a client is told that `clients.disconnect` sends away. */
export class MqttServerClientDisconnectOptionsBuilder {
  readonly #draft: Draft = {};

  withReasonCode(reasonCode: number): this {
    this.#draft.reasonCode = reasonCode;
    return this;
  }

  withReasonString(reasonString: string): this {
    this.#draft.reasonString = reasonString;
    return this;
  }

  withServerReference(serverReference: string): this {
    this.#draft.serverReference = serverReference;
    return this;
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: UserPropertyValue): this {
    const { userProperties = [] } = this.#draft;
    this.#draft.userProperties = [...userProperties, [name, textOfValue(value)]];
    return this;
  }

  /** All of them, in the place of those before. */
  withUserProperties(userProperties: UserProperties): this {
    this.#draft.userProperties = userProperties;
    return this;
  }

  build(): DisconnectOptions {
    return { ...this.#draft };
  }
}

/** Builds what `stop` is given. */
export class MqttServerStopOptionsBuilder {
  #disconnect: DisconnectOptions = {};
  #deadlineMs: number | undefined;

  /** What clients are told. */
  withDefaultClientDisconnectOptions(
    options: DisconnectOptions | ((builder: MqttServerClientDisconnectOptionsBuilder) => unknown),
  ): this {
    if (typeof options === "function") {
      const builder = new MqttServerClientDisconnectOptionsBuilder();
      options(builder);
      this.#disconnect = builder.build();
    } else this.#disconnect = options;
    return this;
  }

  /** Time after which connections that do not close are cut. */
  withDeadline(deadline: Duration): this {
    this.#deadlineMs = millisecondsOf(deadline);
    return this;
  }

  build(): StopOptions {
    const deadline = this.#deadlineMs === undefined ? {} : { deadlineMs: this.#deadlineMs };
    return { ...this.#disconnect, ...deadline };
  }
}
