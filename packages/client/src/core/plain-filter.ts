const HASH = "#";
const PLUS = "+";

/** A Topic Filter as messages are matched with it: a Shared Subscription without its first two parts. */
export function plainFilter(topicFilter: string): string {
  return topicFilter.replace(/^\$share\/[^/]*\//, "");
}

/** Whether a Topic Filter has a wildcard. */
export function hasWildcard(topicFilter: string): boolean {
  return topicFilter.includes(PLUS) || topicFilter.includes(HASH);
}
