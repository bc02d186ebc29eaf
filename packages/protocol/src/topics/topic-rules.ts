/**
 * What is wrong with a string as a Topic Name or Topic Filter, in words; undefined if nothing is.
 * The time follows the length of the string, whatever it holds. Nothing is normalized
 * [MQTT-4.7.3-4].
 */

/** Largest length of a Topic Name or Topic Filter, in bytes of UTF-8 [MQTT-4.7.3-3]. */
export const TOPIC_BYTES_MAX = 65_535;

const NUL = 0;
const HASH = 0x23;
const PLUS = 0x2b;
const SLASH = 0x2f;

/** Why this is no Topic Name; undefined if it is one. */
export function topicNameFault(value: string): string | undefined {
  const fault = textFault(value);
  if (fault !== undefined) return fault;
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charCodeAt(index);
    if (character === PLUS || character === HASH) {
      return "wildcards are allowed in Topic Filters only [MQTT-4.7.0-1]";
    }
  }
  return undefined;
}

/** Why this is no Topic Filter, that of a Shared Subscription included; undefined if it is one. */
export function topicFilterFault(value: string): string | undefined {
  return textFault(value) ?? wildcardFault(value) ?? shareFault(value);
}

function textFault(value: string): string | undefined {
  if (value.length === 0) return "it must have at least one character [MQTT-4.7.3-1]";
  let bytes = value.length;
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charCodeAt(index);
    if (character === NUL) return "U+0000 is not allowed [MQTT-4.7.3-2]";
    if (character < 0x80) continue;
    bytes += character < 0x800 ? 1 : 2;
    if (character < 0xd800 || character > 0xdfff) continue;
    if (character > 0xdbff || !isLowSurrogate(value.charCodeAt(index + 1))) {
      return "a surrogate without its other half has no UTF-8 [MQTT-1.5.4-1]";
    }
    // A pair is two characters of JavaScript and four bytes: two counted at the start, two here.
    index += 1;
  }
  if (bytes <= TOPIC_BYTES_MAX) return undefined;
  return `it must not take more than ${TOPIC_BYTES_MAX} bytes of UTF-8 [MQTT-4.7.3-3]`;
}

function isLowSurrogate(character: number): boolean {
  return character >= 0xdc00 && character <= 0xdfff;
}

function wildcardFault(value: string): string | undefined {
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charCodeAt(index);
    if (character !== PLUS && character !== HASH) continue;
    const opensLevel = index === 0 || value.charCodeAt(index - 1) === SLASH;
    const isLast = index === value.length - 1;
    if (character === HASH && !(opensLevel && isLast)) {
      return "# must be the whole of the last level [MQTT-4.7.1-1]";
    }
    if (character === PLUS && !(opensLevel && (isLast || value.charCodeAt(index + 1) === SLASH))) {
      return "+ must be the whole of its level [MQTT-4.7.1-2]";
    }
  }
  return undefined;
}

/** What a Shared Subscription's Topic Filter begins with [MQTT-4.8.2-1]. */
export const SHARE_PREFIX = "$share/";

/** A share of a share is refused too: nothing could be meant by it. */
function shareFault(value: string): string | undefined {
  if (!value.startsWith(SHARE_PREFIX)) return undefined;
  const slash = value.indexOf("/", SHARE_PREFIX.length);
  const shareName = value.slice(SHARE_PREFIX.length, slash === -1 ? value.length : slash);
  if (shareName === "") return "the ShareName must have at least one character [MQTT-4.8.2-1]";
  if (shareName.includes("+") || shareName.includes("#")) {
    return "the ShareName must not hold a wildcard [MQTT-4.8.2-2]";
  }
  const hasFilter = slash !== -1 && slash < value.length - 1;
  if (!hasFilter || value.startsWith(SHARE_PREFIX, slash + 1)) {
    return "the ShareName must be followed by / and a Topic Filter [MQTT-4.8.2-2]";
  }
  return undefined;
}

/**
 * The error for a value that the caller supplied; a long value is shown by its beginning.
 * @param what the kind of value, as a sentence begins: "Topic Name".
 */
export function topicTypeError(what: string, value: string, fault: string): TypeError {
  const shown =
    value.length > 80 ? `${JSON.stringify(value.slice(0, 80))}...` : JSON.stringify(value);
  return new TypeError(`${what} ${shown} is not valid: ${fault}`);
}
