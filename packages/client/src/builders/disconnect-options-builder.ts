import type { DisconnectOptions } from "../options.ts";

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

  withSessionExpiryInterval(seconds: number): this {
    this.#draft.sessionExpiryIntervalSeconds = seconds;
    return this;
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: string): this {
    this.#draft.userProperties = [...(this.#draft.userProperties ?? []), [name, value]];
    return this;
  }

  build(): DisconnectOptions {
    return { ...this.#draft };
  }
}
