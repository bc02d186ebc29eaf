import { isTopicFilterIn, parseSharedSubscription } from "@anax/protocol";
import type { ProtocolVersion } from "@anax/protocol";
import type { CoreOptions } from "../core-options.ts";
import { levelCount } from "../routing/level-count.ts";

const TOPIC_FILTER_INVALID = 0x8f;

/** A Topic Filter taken apart. */
export interface ReadFilter {
  readonly topicFilter: string;
  readonly shareName: string | undefined;
}

/**
 * Takes a filter apart; the Reason Code if it is not taken here. What is not well formed has ended the connection of a client
 * already, but programs may still bring it. `version` is that of whose filter it is.
 */
export function readFilter(
  filter: string,
  options: CoreOptions,
  version: ProtocolVersion = 5,
): ReadFilter | number {
  const shared = parseSharedSubscription(filter, version);
  if (shared === "invalid") return TOPIC_FILTER_INVALID;
  const topicFilter = shared?.topicFilter ?? filter;
  const isValid =
    isTopicFilterIn(version, topicFilter) && levelCount(topicFilter) <= options.topicLevelsMax;
  return isValid ? { topicFilter, shareName: shared?.shareName } : TOPIC_FILTER_INVALID;
}
