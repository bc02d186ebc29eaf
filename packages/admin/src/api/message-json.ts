import type { ApplicationMessage, InjectedApplicationMessage } from "@anax/server";
import type { Static } from "@sinclair/typebox";
import type { NEW_MESSAGE } from "./schemas.ts";

/** A message for JSON: its payload is text where it is UTF-8. Of a longer payload than `payloadBytesMax`, the beginning. */
export function messageJson(
  message: ApplicationMessage,
  payloadBytesMax: number = Infinity,
): object {
  const { topic, payload, qos, retain } = message;
  const { contentType, responseTopic, messageExpiryIntervalSeconds, userProperties } = message;
  return {
    topic,
    ...payloadJson(payload.subarray(0, payloadBytesMax), payload.length > payloadBytesMax),
    payloadBytes: payload.length,
    qos,
    retain,
    ...(contentType !== undefined && { contentType }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(messageExpiryIntervalSeconds !== undefined && { messageExpiryIntervalSeconds }),
    ...(userProperties !== undefined && {
      userProperties: userProperties.map(([name, value]): [string, string] => [name, value]),
    }),
  };
}

/** @param isCut a character may be cut in two at the end, and is left out then */
export function payloadJson(
  payload: Uint8Array,
  isCut: boolean,
): { payload: string } | { payloadBase64: string } {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return { payload: decoder.decode(payload, { stream: isCut }) };
  } catch {
    return { payloadBase64: Buffer.from(payload).toString("base64") };
  }
}

/** A message from JSON. Throws `RangeError` for two payloads. */
export function messageFromJson(given: Static<typeof NEW_MESSAGE>): InjectedApplicationMessage {
  const { payload, payloadBase64, ...rest } = given;
  if (payload !== undefined && payloadBase64 !== undefined)
    throw new RangeError("payload and payloadBase64 are two payloads; give one");
  const bytes =
    payloadBase64 === undefined ? new TextEncoder().encode(payload ?? "") : base64(payloadBase64);
  return { ...rest, payload: bytes };
}

function base64(text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "")) return bytes;
  throw new RangeError("payloadBase64 is not base64");
}
