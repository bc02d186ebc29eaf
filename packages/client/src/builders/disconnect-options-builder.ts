import type { UserProperties } from "@anax/protocol";
import { withoutUndefined } from "../core/without-undefined.ts";
import type { DisconnectOptions } from "../options.ts";
import { textOfValue } from "./user-property.ts";
import type { UserPropertyValue } from "./user-property.ts";

type Draft = { -readonly [Name in keyof DisconnectOptions]: DisconnectOptions[Name] };

/** Builds what `disconnect` is given. */
export class MqttClientDisconnectOptionsBuilder {
  readonly #draft: Draft = {};

  withReason(reasonCode: number): this {
    this.#draft.reasonCode = reasonCode;
    return this;
  }

  withReasonString(reasonString: string): this {
    this.#draft.reasonString = reasonString;
    return this;
  }

  /** 0: what CONNECT said stays. */
  withSessionExpiryInterval(seconds: number): this {
    this.#draft.sessionExpiryIntervalSeconds = seconds || undefined;
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
    return withoutUndefined(this.#draft);
  }
}
