/**
 * What is wrong with a string as a Topic Name or Topic Filter: the tag of the statement that it breaks;
 * undefined if it breaks none. The words stand apart, in `topic-type-error.ts`, so that who wants no more than yes or
 * no need not load them. The time follows the length of the string, whatever it holds. Nothing is
 * normalized [MQTT-4.7.3-4].
 */

import { encodedLength } from "#utf8";

/** The tag of a statement about Topic Names and Topic Filters. */
export type TopicFault =
  | "MQTT-1.5.4-1"
  | "MQTT-4.7.0-1"
  | "MQTT-4.7.1-1"
  | "MQTT-4.7.1-2"
  | "MQTT-4.7.3-1"
  | "MQTT-4.7.3-2"
  | "MQTT-4.7.3-3"
  | "MQTT-4.8.2-1"
  | "MQTT-4.8.2-2";

/** Largest length of a Topic Name or Topic Filter, in bytes of UTF-8 [MQTT-4.7.3-3]. */
export const TOPIC_BYTES_MAX = 65_535;

const LONE_SURROGATE = /\p{Surrogate}/u;
const WILDCARD = /[+#]/;
const MISPLACED_HASH = /[^/]#|#./s;
const MISPLACED_PLUS = /[^/]\+|\+[^/]/;

/** Why this is no Topic Name; undefined if it is one. */
export function topicNameFault(value: string): TopicFault | undefined {
  return textFault(value) ?? (WILDCARD.test(value) ? "MQTT-4.7.0-1" : undefined);
}

/** Why this is no Topic Filter, that of a Shared Subscription included; undefined if it is one. */
export function topicFilterFault(value: string): TopicFault | undefined {
  return textFault(value) ?? wildcardFault(value) ?? shareFault(value);
}

function textFault(value: string): TopicFault | undefined {
  if (value === "") return "MQTT-4.7.3-1";
  if (value.includes("\0")) return "MQTT-4.7.3-2";
  if (LONE_SURROGATE.test(value)) return "MQTT-1.5.4-1";
  return encodedLength(value) > TOPIC_BYTES_MAX ? "MQTT-4.7.3-3" : undefined;
}

function wildcardFault(value: string): TopicFault | undefined {
  if (MISPLACED_HASH.test(value)) return "MQTT-4.7.1-1";
  return MISPLACED_PLUS.test(value) ? "MQTT-4.7.1-2" : undefined;
}

/** What a Shared Subscription's Topic Filter begins with [MQTT-4.8.2-1]. */
export const SHARE_PREFIX = "$share/";

/** A share of a share is refused too: nothing could be meant by it. */
function shareFault(value: string): TopicFault | undefined {
  if (!value.startsWith(SHARE_PREFIX)) return undefined;
  const slash = value.indexOf("/", SHARE_PREFIX.length);
  const shareName = value.slice(SHARE_PREFIX.length, slash === -1 ? value.length : slash);
  if (shareName === "") return "MQTT-4.8.2-1";
  if (WILDCARD.test(shareName)) {
    return "MQTT-4.8.2-2";
  }
  const hasFilter = slash !== -1 && slash < value.length - 1;
  if (!hasFilter || value.startsWith(SHARE_PREFIX, slash + 1)) {
    return "MQTT-4.8.2-2";
  }
  return undefined;
}
