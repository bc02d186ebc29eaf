/**
 * What is wrong with a string as a Topic Name or Topic Filter: the tag of the statement that it breaks;
 * undefined if it breaks none. The words stand apart, in `topic-type-error.ts`, so that who wants no more than yes or
 * no need not load them. The time follows the length of the string, whatever it holds. Nothing is
 * normalized [MQTT-4.7.3-4].
 */

import { encodedLength } from "#utf8";
import type { ProtocolVersion } from "../packets/protocol-version.ts";

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
export function topicFilterFault(value: string, version: ProtocolVersion): TopicFault | undefined {
  return malformedFilterFault(value, version) ?? nestedShareFault(value);
}

/**
 * Why a packet with this Topic Filter is not well formed; undefined if it is. Before MQTT 5.0 what begins with `$share/` is a
 * filter like any other.
 */
export function malformedFilterFault(
  value: string,
  version: ProtocolVersion,
): TopicFault | undefined {
  const fault = textFault(value) ?? wildcardFault(value);
  return fault === undefined && version === 5 ? shareFault(value) : fault;
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

/** Why what begins with `$share/` is not of the form of a Shared Subscription; undefined if it is, or begins otherwise. */
export function shareFault(value: string): TopicFault | undefined {
  if (!value.startsWith(SHARE_PREFIX)) return undefined;
  const slash = endOfShareName(value);
  const shareName = value.slice(SHARE_PREFIX.length, slash);
  if (shareName === "") return "MQTT-4.8.2-1";
  const hasFilter = slash < value.length - 1;
  return WILDCARD.test(shareName) || !hasFilter ? "MQTT-4.8.2-2" : undefined;
}

/** A share of a share is well formed, but refused: nothing could be meant by it. */
function nestedShareFault(value: string): TopicFault | undefined {
  if (!value.startsWith(SHARE_PREFIX)) return undefined;
  return value.startsWith(SHARE_PREFIX, endOfShareName(value) + 1) ? "MQTT-4.8.2-2" : undefined;
}

function endOfShareName(value: string): number {
  const slash = value.indexOf("/", SHARE_PREFIX.length);
  return slash === -1 ? value.length : slash;
}
