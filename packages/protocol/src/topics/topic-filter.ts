/** Topic Filters: what is subscribed to. `+` stands for one level, `#` for the rest. */
import type { ProtocolVersion } from "../packets/protocol-version.ts";
import { topicFilterFault } from "./topic-rules.ts";
import { topicTypeError } from "./topic-type-error.ts";

declare const topicFilterBrand: unique symbol;

/**
 * A string that was checked to be a Topic Filter; made by `parseTopicFilter` and `isTopicFilter`
 * only.
 */
export type TopicFilter = string & { readonly [topicFilterBrand]: true };

/**
 * Whether this is a Topic Filter, that of a Shared Subscription included: 1 to 65535 bytes of
 * UTF-8, no U+0000, no lone surrogate, # only as the last level, + only as a whole level
 * [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3] [MQTT-4.8.2-1]
 * [MQTT-4.8.2-2].
 */
export function isTopicFilter(value: string): value is TopicFilter {
  return isTopicFilterIn(5, value);
}

/** As `isTopicFilter`, by the rules of that version: before 5.0 `$share/g` is a filter like any other. */
export function isTopicFilterIn(version: ProtocolVersion, value: string): value is TopicFilter {
  return topicFilterFault(value, version) === undefined;
}

/**
 * The same string as a Topic Filter.
 * @throws TypeError that names the value and the rule it breaks.
 */
export function parseTopicFilter(value: string): TopicFilter {
  const fault = topicFilterFault(value, 5);
  if (fault !== undefined) throw topicTypeError("Topic Filter", value, fault);
  return value as TopicFilter;
}
