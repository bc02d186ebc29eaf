import type { UserProperties } from "@anax/protocol";
import type { ValidatingConnectionEvent } from "../events.ts";
import { textOfValue } from "./user-property.ts";
import type { UserPropertyValue } from "./user-property.ts";

/** What `exchangeEnhancedAuthentication` is given. */
export type ExchangeEnhancedAuthenticationOptions = Parameters<
  ValidatingConnectionEvent["exchangeEnhancedAuthentication"]
>[0];

type Draft = {
  -readonly [
    Name in keyof ExchangeEnhancedAuthenticationOptions
  ]: ExchangeEnhancedAuthenticationOptions[Name];
};

/** Builds one step of an enhanced authentication, for `event.exchangeEnhancedAuthentication`. */
export class ExchangeEnhancedAuthenticationOptionsFactory {
  readonly #draft: Draft = {};

  /** Text is sent as UTF-8. */
  withAuthenticationData(data: string | Uint8Array): this {
    this.#draft.authenticationData =
      typeof data === "string" ? new TextEncoder().encode(data) : data;
    return this;
  }

  withReasonString(reasonString: string): this {
    this.#draft.reasonString = reasonString;
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

  build(): ExchangeEnhancedAuthenticationOptions {
    return { ...this.#draft };
  }
}
