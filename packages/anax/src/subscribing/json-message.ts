/** Messages as JSON: in our own words for `--json`, in those of mosquitto_sub for `%j` and `%J`. */
import type { UserProperties } from "@anax/protocol";
import { CommandError } from "../errors.ts";
import { visibleJson } from "../visible-text.ts";
import { isoTime } from "./local-time.ts";
import type { MessagePrinter, ReceivedMessage } from "./received-message.ts";
import { readableTextOf, textOf } from "./received-message.ts";

/** Over how many spaces deep JSON is laid out; 0 is one line. */
export type JsonIndent = 0 | 2;

/**
 * `--json`: topic, payload, QoS, retain flag, time, and the properties that are there, named as in the
 * client's API. A payload that is no UTF-8 is `payloadBase64` instead. Whatever cannot be seen is escaped.
 */
export function jsonPrinter(indent: JsonIndent): MessagePrinter {
  return (message, timeMs) => {
    const { payload, correlationData } = message;
    const text = textOf(payload);
    const fields = {
      time: new Date(timeMs).toISOString(),
      topic: message.topic,
      ...(text === undefined ? { payloadBase64: base64(payload) } : { payload: text }),
      qos: message.qos,
      retain: message.retain,
      packetIdentifier: message.packetIdentifier,
      payloadFormatIndicator: message.payloadFormatIndicator,
      messageExpiryIntervalSeconds: message.messageExpiryIntervalSeconds,
      contentType: message.contentType,
      responseTopic: message.responseTopic,
      ...(correlationData === undefined ? {} : correlation(correlationData)),
      userProperties: message.userProperties,
      subscriptionIdentifiers: message.subscriptionIdentifiers,
    };
    return visibleJson(JSON.stringify(fields, undefined, indent));
  };
}

/** `%j`: as mosquitto_sub writes it, the payload as text. */
export function mosquittoJson(
  message: ReceivedMessage,
  timeMs: number,
  indent: JsonIndent,
): string {
  const payload = readableTextOf(message.payload);
  const fields = { ...mosquittoFields(message, timeMs), payload };
  return visibleJson(JSON.stringify(fields, undefined, indent));
}

/** `%J`: the same with a payload that is JSON itself. Throws `CommandError` if it is none. */
export function mosquittoJsonInJson(
  message: ReceivedMessage,
  timeMs: number,
  indent: JsonIndent,
): string {
  const payload = parsedJson(message);
  const fields = { ...mosquittoFields(message, timeMs), payload };
  return visibleJson(JSON.stringify(fields, undefined, indent));
}

function parsedJson({ topic, payload }: ReceivedMessage): unknown {
  try {
    return JSON.parse(readableTextOf(payload));
  } catch (cause) {
    throw new CommandError(`the payload of a message on ${topic} is no JSON`, { cause });
  }
}

function mosquittoFields(message: ReceivedMessage, timeMs: number): object {
  const properties = mosquittoProperties(message);
  return {
    tst: isoTime(timeMs, "microseconds"),
    topic: message.topic,
    qos: message.qos,
    retain: message.retain ? 1 : 0,
    payloadlen: message.payload.length,
    mid: message.packetIdentifier,
    properties: Object.values(properties).some((value) => value !== undefined)
      ? properties
      : undefined,
  };
}

function mosquittoProperties(message: ReceivedMessage): object {
  const { correlationData, userProperties, subscriptionIdentifiers } = message;
  return {
    "subscription-identifier": subscriptionIdentifiers?.at(-1),
    "payload-format-indicator": message.payloadFormatIndicator,
    "message-expiry-interval": message.messageExpiryIntervalSeconds,
    "content-type": message.contentType,
    "response-topic": message.responseTopic,
    "correlation-data": correlationData === undefined ? undefined : readableTextOf(correlationData),
    "user-properties": userProperties === undefined ? undefined : valuesByKey(userProperties),
  };
}

/** User Properties may repeat a key, which an object cannot: the key then has a list of its values. */
function valuesByKey(userProperties: UserProperties): object {
  const values = new Map<string, string | readonly string[]>();
  for (const [key, value] of userProperties) {
    const before = values.get(key);
    values.set(key, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(values);
}

function correlation(data: Uint8Array): object {
  const text = textOf(data);
  return text === undefined ? { correlationDataBase64: base64(data) } : { correlationData: text };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
