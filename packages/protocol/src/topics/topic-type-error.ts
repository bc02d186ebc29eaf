/** What to tell a caller whose Topic Name or Topic Filter breaks a rule. */
import { showValue } from "../options/show-value.ts";
import { TOPIC_BYTES_MAX } from "./topic-rules.ts";
import type { TopicFault } from "./topic-rules.ts";

const WORDS: Readonly<Record<TopicFault, string>> = {
  "MQTT-1.5.4-1": "a surrogate without its other half has no UTF-8",
  "MQTT-4.7.0-1": "wildcards are allowed in Topic Filters only",
  "MQTT-4.7.1-1": "# must be the whole of the last level",
  "MQTT-4.7.1-2": "+ must be the whole of its level",
  "MQTT-4.7.3-1": "it must have at least one character",
  "MQTT-4.7.3-2": "U+0000 is not allowed",
  "MQTT-4.7.3-3": `it must not take more than ${TOPIC_BYTES_MAX} bytes of UTF-8`,
  "MQTT-4.8.2-1": "the ShareName must have at least one character",
  "MQTT-4.8.2-2": "the ShareName must hold no wildcard, and / and a Topic Filter must follow it",
};

/** The rule in words, with its tag. */
export function faultInWords(fault: TopicFault): string {
  return `${WORDS[fault]} [${fault}]`;
}

/**
 * The error for a value that the caller supplied; a long value is shown by its beginning.
 * @param what the kind of value, as a sentence begins: "Topic Name".
 */
export function topicTypeError(what: string, value: string, fault: TopicFault): TypeError {
  return new TypeError(`${what} ${showValue(value)} is not valid: ${faultInWords(fault)}`);
}
