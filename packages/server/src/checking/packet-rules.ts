/** Rules for what ends up in a packet: the codec says what can be sent, so that nothing is judged twice. */
import {
  ByteWriter,
  encodeProperties,
  parseTopicFilter,
  parseTopicName,
  reasonCodeSender,
  showValue,
} from "@anax/protocol";
import type {
  OptionRule,
  PropertiesByOwner,
  PropertyOwner,
  ReasonCodePacketType,
} from "@anax/protocol";
import { asError } from "../errors.ts";

/** What is wrong with a value, to stand behind its name; undefined if nothing is. */
export type ValueRule = (value: unknown) => string | undefined;

/** A property of a packet. */
export function property<Owner extends PropertyOwner>(
  owner: Owner,
  name: keyof PropertiesByOwner[Owner] & string,
): ValueRule {
  return (value) => {
    try {
      // The codec checks what it is given, whatever the types say.
      const properties = { [name]: value } as PropertiesByOwner[Owner];
      encodeProperties(new ByteWriter(), owner, properties);
      return undefined;
    } catch (error) {
      return withoutName(name, asError(error).message);
    }
  };
}

/** What the codec says, as it stands behind the name. */
function withoutName(name: string, message: string): string {
  return message.startsWith(`${name} `)
    ? message.slice(name.length + 1)
    : `cannot be sent: ${message}`;
}

/** A Reason Code that a server may put into that packet [MQTT-3.14.2-1] [MQTT-3.2.2-8]. */
export function reasonCodeOf(packetType: ReasonCodePacketType): ValueRule {
  return (value) => {
    const sender = typeof value === "number" ? reasonCodeSender(value, packetType) : undefined;
    if (sender === "server" || sender === "both") return undefined;
    return `${showValue(value)} is no Reason Code that a server sends in ${packetType.toUpperCase()}`;
  };
}

/** 0, 1 or 2. */
export const QOS: OptionRule = new Set([0, 1, 2]);

/** A topic that can be published to [MQTT-3.3.2-2]. */
export const TOPIC_NAME: OptionRule = (value) => topicFault(value, parseTopicName);

/** A Topic Filter, that of a Shared Subscription too. */
export const TOPIC_FILTER: ValueRule = (value) => topicFault(value, parseTopicFilter);

function topicFault(value: unknown, parse: (text: string) => unknown): string | undefined {
  if (typeof value !== "string") return `must be of type string, not ${typeof value}`;
  try {
    parse(value);
    return undefined;
  } catch (error) {
    return `cannot be: ${asError(error).message}`;
  }
}

/** True if the memory of the bytes was transferred: they are none now, and cannot be copied. */
function isDetached(bytes: Uint8Array): boolean {
  try {
    bytes.at(0);
    return false;
  } catch {
    return true;
  }
}

/** What a payload may be. */
export const PAYLOAD: OptionRule = (value) => {
  if (typeof value === "string") return undefined;
  if (value instanceof Uint8Array)
    return isDetached(value) ? "has been given to another thread" : undefined;
  return `must be text or a Uint8Array, not of type ${typeof value}`;
};
