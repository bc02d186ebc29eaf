/** Whether some Topic Name matches two Topic Filters. */

const DOLLAR = "$";
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

/** Whether some Topic Name matches both filters, which are well formed and no Shared Subscriptions. */
export function filtersOverlap(one: string, other: string): boolean {
  if (isDollarBesideWildcard(one, other) || isDollarBesideWildcard(other, one)) return false;
  let start = 0;
  let otherStart = 0;
  for (;;) {
    if (one[start] === HASH || other[otherStart] === HASH) return true;
    const end = endOfLevel(one, start);
    const otherEnd = endOfLevel(other, otherStart);
    const isWild = one[start] === PLUS || other[otherStart] === PLUS;
    if (!isWild && one.slice(start, end) !== other.slice(otherStart, otherEnd)) return false;
    if (end === one.length) return otherEnd === other.length || other.slice(otherEnd) === "/#";
    if (otherEnd === other.length) return one.slice(end) === "/#";
    start = end + 1;
    otherStart = otherEnd + 1;
  }
}

/** [MQTT-4.7.2-1] */
function isDollarBesideWildcard(one: string, other: string): boolean {
  return one.startsWith(DOLLAR) && (other.startsWith(PLUS) || other.startsWith(HASH));
}

function endOfLevel(filter: string, start: number): number {
  const slash = filter.indexOf("/", start);
  return slash === -1 ? filter.length : slash;
}
