import type { Message } from "@anax/client";

/** What of a message can be printed: all that the client tells, but not what it can do. */
export type ReceivedMessage = Pick<
  Message,
  | "topic"
  | "payload"
  | "qos"
  | "retain"
  | "packetIdentifier"
  | "contentType"
  | "responseTopic"
  | "correlationData"
  | "userProperties"
  | "subscriptionIdentifiers"
  | "messageExpiryIntervalSeconds"
  | "payloadFormatIndicator"
>;

/** Makes what is printed for a message that came `timeMs` milliseconds after 1970, line feed not included. */
export type MessagePrinter = (message: ReceivedMessage, timeMs: number) => string | Uint8Array;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes as text; undefined if they are no UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes as text, in which U+FFFD stands for what is no UTF-8. */
export function readableTextOf(bytes: Uint8Array): string {
  return lenientUtf8.decode(bytes);
}

/** The bytes as hexadecimal digits, two each, lower case. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
