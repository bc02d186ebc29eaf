/** Payloads as the caller may write them. */
import { requireType } from "./validation.ts";

const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/**
 * The bytes of a payload; text is encoded as UTF-8, and what is absent has none.
 * @throws MqttConfigurationError when it is neither text nor bytes
 */
export function payloadBytes(payload: string | Uint8Array | null | undefined): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  if (typeof payload === "string") return encoder.encode(payload);
  if (payload === undefined || payload === null) return NO_BYTES;
  requireType(payload, "string|Uint8Array", "payload");
  // A Uint8Array of another realm, such as a frame's.
  return Uint8Array.from(payload);
}
