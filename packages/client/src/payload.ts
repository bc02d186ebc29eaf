/** Payloads as the caller may write them. */
import { MqttConfigurationError } from "./core/errors.ts";

const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/**
 * The bytes of a payload; text is encoded as UTF-8.
 * @throws MqttConfigurationError when it is neither text nor bytes
 */
export function payloadBytes(payload: string | Uint8Array | undefined): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  if (typeof payload === "string") return encoder.encode(payload);
  if (payload === undefined) return NO_BYTES;
  throw new MqttConfigurationError("payload must be a string or a Uint8Array");
}
