/** The Topic Filter of a Shared Subscription, `$share/ShareName/filter`, taken apart. */
import type { ProtocolVersion } from "../packets/protocol-version.ts";
import { SHARE_PREFIX, shareFault } from "./topic-rules.ts";
import { isTopicFilter, type TopicFilter } from "./topic-filter.ts";

/** The two parts of a Shared Subscription's Topic Filter. */
export interface SharedSubscription {
  /** Name of the group; at least one character, no `/`, `+` or `#`. */
  readonly shareName: string;
  /** What Topic Names are matched against. */
  readonly topicFilter: TopicFilter;
}

/**
 * Takes a Shared Subscription's Topic Filter apart. Undefined if it does not begin with `$share/`, or before MQTT 5.0 has not
 * the form of one, so is that of a Non-shared Subscription; "invalid" if it is one and breaks a rule [MQTT-4.8.2-1]
 * [MQTT-4.8.2-2].
 * @param version that of the connection, 5 by default
 */
export function parseSharedSubscription(
  filter: string,
  version: ProtocolVersion = 5,
): SharedSubscription | "invalid" | undefined {
  if (!filter.startsWith(SHARE_PREFIX)) return undefined;
  if (version !== 5 && shareFault(filter) !== undefined) return undefined;
  if (!isTopicFilter(filter)) return "invalid";
  const slash = filter.indexOf("/", SHARE_PREFIX.length);
  const topicFilter = filter.slice(slash + 1);
  if (!isTopicFilter(topicFilter)) return "invalid";
  return { shareName: filter.slice(SHARE_PREFIX.length, slash), topicFilter };
}
