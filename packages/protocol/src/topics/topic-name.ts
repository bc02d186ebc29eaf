/** Topic Names: what a message is published to. No wildcards. */
import { topicNameFault } from "./topic-rules.ts";
import { topicTypeError } from "./topic-type-error.ts";

declare const topicNameBrand: unique symbol;

/**
 * A string that was checked to be a Topic Name; made by `parseTopicName` and `isTopicName` only.
 */
export type TopicName = string & { readonly [topicNameBrand]: true };

/**
 * Whether this is a Topic Name: 1 to 65535 bytes of UTF-8, no U+0000, no lone surrogate, no + or #
 * [MQTT-4.7.0-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3].
 */
export function isTopicName(value: string): value is TopicName {
  return topicNameFault(value) === undefined;
}

/**
 * The same string as a Topic Name.
 * @throws TypeError that names the value and the rule it breaks.
 */
export function parseTopicName(value: string): TopicName {
  const fault = topicNameFault(value);
  if (fault !== undefined) throw topicTypeError("Topic Name", value, fault);
  return value as TopicName;
}
