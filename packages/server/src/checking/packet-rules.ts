/** Rules for what ends up in a packet: the codec says what can be sent, so that nothing is judged twice. */
import {
  ByteWriter,
  encodeProperties,
  isTopicFilter,
  isTopicName,
  parseTopicFilter,
  parseTopicName,
  reasonCodeSender,
} from "@anax/protocol";
import type { PropertiesByOwner, PropertyOwner, ReasonCodePacketType } from "@anax/protocol";
import { asError } from "../errors.ts";
import { oneOf, rule, shown } from "./rules.ts";
import type { Rule } from "./rules.ts";

/** A property of a packet. */
export function property<Owner extends PropertyOwner>(
  owner: Owner,
  name: keyof PropertiesByOwner[Owner] & string,
): Rule {
  return {
    fault(value) {
      try {
        // The codec checks what it is given, whatever the types say.
        const properties = { [name]: value } as PropertiesByOwner[Owner];
        encodeProperties(new ByteWriter(), owner, properties);
        return undefined;
      } catch (error) {
        return withoutName(name, asError(error).message);
      }
    },
  };
}

/** What the codec says, as it stands behind the name. */
function withoutName(name: string, message: string): string {
  return message.startsWith(`${name} `)
    ? message.slice(name.length + 1)
    : `cannot be sent: ${message}`;
}

/** A Reason Code that a server may put into that packet [MQTT-3.14.2-1] [MQTT-3.2.2-8]. */
export function reasonCodeOf(packetType: ReasonCodePacketType): Rule {
  return rule(`a Reason Code that a server sends in ${packetType.toUpperCase()}`, (value) => {
    const sender = typeof value === "number" ? reasonCodeSender(value, packetType) : undefined;
    return sender === "server" || sender === "both";
  });
}

/** 0, 1 or 2. */
export const QOS: Rule = oneOf(0, 1, 2);

/** A topic that can be published to [MQTT-3.3.2-2]. */
export const TOPIC_NAME: Rule = {
  fault(value) {
    if (typeof value !== "string") return `is ${shown(value)}, not a text`;
    return isTopicName(value) ? undefined : faultOf(() => parseTopicName(value));
  },
};

/** A Topic Filter, that of a Shared Subscription too. */
export const TOPIC_FILTER: Rule = {
  fault(value) {
    if (typeof value !== "string") return `is ${shown(value)}, not a text`;
    return isTopicFilter(value) ? undefined : faultOf(() => parseTopicFilter(value));
  },
};

function faultOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return `is wrong: ${asError(error).message}`;
  }
}

/** What a payload may be. */
export const PAYLOAD: Rule = rule("a text or a Uint8Array", (value) => {
  return typeof value === "string" || value instanceof Uint8Array;
});
