import { isTopicFilter, parseSharedSubscription } from "@anax/protocol";
import type { CoreOptions } from "../core-options.ts";

const TOPIC_FILTER_INVALID = 0x8f;

/** A Topic Filter taken apart. */
export interface ReadFilter {
  readonly topicFilter: string;
  readonly shareName: string | undefined;
}

/** Takes a filter apart; the Reason Code if it is not valid here. */
export function readFilter(filter: string, options: CoreOptions): ReadFilter | number {
  const shared = parseSharedSubscription(filter);
  if (shared === "invalid") return TOPIC_FILTER_INVALID;
  const topicFilter = shared?.topicFilter ?? filter;
  const isValid =
    isTopicFilter(topicFilter) && topicFilter.split("/").length <= options.topicLevelsMax;
  return isValid ? { topicFilter, shareName: shared?.shareName } : TOPIC_FILTER_INVALID;
}
