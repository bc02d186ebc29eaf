/**
 * What is wrong with a string as a Topic Name or Topic Filter: the tag of the statement that it breaks;
 * undefined if it breaks none. The words stand apart, in `topic-type-error.ts`, so that who wants no more than yes or
 * no need not load them. The time follows the length of the string, whatever it holds. Nothing is
 * normalized [MQTT-4.7.3-4].
 */

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

const NUL = 0;
const HASH = 0x23;
const PLUS = 0x2b;
const SLASH = 0x2f;

/** Why this is no Topic Name; undefined if it is one. */
export function topicNameFault(value: string): TopicFault | undefined {
  const fault = textFault(value);
  if (fault !== undefined) return fault;
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charCodeAt(index);
    if (character === PLUS || character === HASH) {
      return "MQTT-4.7.0-1";
    }
  }
  return undefined;
}

/** Why this is no Topic Filter, that of a Shared Subscription included; undefined if it is one. */
export function topicFilterFault(value: string): TopicFault | undefined {
  return textFault(value) ?? wildcardFault(value) ?? shareFault(value);
}

function textFault(value: string): TopicFault | undefined {
  if (value.length === 0) return "MQTT-4.7.3-1";
  let bytes = value.length;
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charCodeAt(index);
    if (character === NUL) return "MQTT-4.7.3-2";
    if (character < 0x80) continue;
    bytes += character < 0x800 ? 1 : 2;
    if (character < 0xd800 || character > 0xdfff) continue;
    if (character > 0xdbff || !isLowSurrogate(value.charCodeAt(index + 1))) {
      return "MQTT-1.5.4-1";
    }
    // A pair is two characters of JavaScript and four bytes: two counted at the start, two here.
    index += 1;
  }
  if (bytes <= TOPIC_BYTES_MAX) return undefined;
  return "MQTT-4.7.3-3";
}

function isLowSurrogate(character: number): boolean {
  return character >= 0xdc00 && character <= 0xdfff;
}

function wildcardFault(value: string): TopicFault | undefined {
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charCodeAt(index);
    if (character !== PLUS && character !== HASH) continue;
    const opensLevel = index === 0 || value.charCodeAt(index - 1) === SLASH;
    const isLast = index === value.length - 1;
    if (character === HASH && !(opensLevel && isLast)) {
      return "MQTT-4.7.1-1";
    }
    if (character === PLUS && !(opensLevel && (isLast || value.charCodeAt(index + 1) === SLASH))) {
      return "MQTT-4.7.1-2";
    }
  }
  return undefined;
}

/** What a Shared Subscription's Topic Filter begins with [MQTT-4.8.2-1]. */
export const SHARE_PREFIX = "$share/";

/** A share of a share is refused too: nothing could be meant by it. */
function shareFault(value: string): TopicFault | undefined {
  if (!value.startsWith(SHARE_PREFIX)) return undefined;
  const slash = value.indexOf("/", SHARE_PREFIX.length);
  const shareName = value.slice(SHARE_PREFIX.length, slash === -1 ? value.length : slash);
  if (shareName === "") return "MQTT-4.8.2-1";
  if (shareName.includes("+") || shareName.includes("#")) {
    return "MQTT-4.8.2-2";
  }
  const hasFilter = slash !== -1 && slash < value.length - 1;
  if (!hasFilter || value.startsWith(SHARE_PREFIX, slash + 1)) {
    return "MQTT-4.8.2-2";
  }
  return undefined;
}
