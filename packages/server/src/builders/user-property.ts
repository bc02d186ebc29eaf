import { MqttConfigurationError } from "@anax/protocol";

/** A value of a User Property: text, or its bytes in UTF-8, as MQTTnet takes both. */
export type UserPropertyValue = string | Uint8Array;

/** The value as text. Throws `MqttConfigurationError` for bytes that are no UTF-8. */
export function textOfValue(value: UserPropertyValue): string {
  if (typeof value === "string") return value;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch (cause) {
    throw new MqttConfigurationError("the bytes of a User Property are no UTF-8", { cause });
  }
}
