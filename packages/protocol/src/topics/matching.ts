/**
 * Whether a Topic Name matches a Topic Filter, whether one filter includes another, and whether two have a Topic Name in common.
 * All walk the characters once, without recursion, and take their arguments as checked
 * already. A Shared Subscription's filter is matched without its first two parts (see
 * `parseSharedSubscription`).
 */

const DOLLAR = 0x24;
const HASH = 0x23;
const PLUS = 0x2b;
const SLASH = 0x2f;

/** Whether this Topic Name matches this Topic Filter [MQTT-4.7.2-1] [MQTT-3.3.2-3]. */
export function topicMatchesFilter(topic: string, filter: string): boolean {
  if (topic.charCodeAt(0) === DOLLAR && startsWithWildcard(filter)) return false;
  let at = 0;
  for (let index = 0; index < filter.length; index += 1) {
    const character = filter.charCodeAt(index);
    if (character === HASH) return true;
    if (character === PLUS) at = endOfLevel(topic, at);
    else if (at < topic.length && topic.charCodeAt(at) === character) at += 1;
    else return at === topic.length && isParentOfRest(filter, index);
  }
  return at === topic.length;
}

/**
 * Whether every Topic Name that matches `narrower` matches `wider` too, as when a client that is
 * allowed `wider` subscribes to `narrower`.
 */
export function filterCoversFilter(wider: string, narrower: string): boolean {
  if (narrower.charCodeAt(0) === DOLLAR && startsWithWildcard(wider)) return false;
  const inner = withoutEmptyParent(narrower);
  let at = 0;
  for (let index = 0; index < wider.length; index += 1) {
    const character = wider.charCodeAt(index);
    if (character === HASH) return true;
    if (character === PLUS) {
      if (inner.charCodeAt(at) === HASH) return false;
      at = endOfLevel(inner, at);
    } else if (at < inner.length && inner.charCodeAt(at) === character) at += 1;
    else return at === inner.length && isParentOfRest(wider, index);
  }
  return at === inner.length;
}

/** Whether some Topic Name matches both filters [MQTT-4.7.2-1]. */
export function filtersOverlap(one: string, other: string): boolean {
  if (isDollarBesideWildcard(one, other) || isDollarBesideWildcard(other, one)) return false;
  let at = 0;
  let otherAt = 0;
  for (;;) {
    if (one.charCodeAt(at) === HASH || other.charCodeAt(otherAt) === HASH) return true;
    const end = endOfLevel(one, at);
    const otherEnd = endOfLevel(other, otherAt);
    const isWild = one.charCodeAt(at) === PLUS || other.charCodeAt(otherAt) === PLUS;
    if (!isWild && one.slice(at, end) !== other.slice(otherAt, otherEnd)) return false;
    if (end === one.length) return otherEnd === other.length || other.slice(otherEnd) === "/#";
    if (otherEnd === other.length) return one.slice(end) === "/#";
    at = end + 1;
    otherAt = otherEnd + 1;
  }
}

function isDollarBesideWildcard(one: string, other: string): boolean {
  return one.charCodeAt(0) === DOLLAR && startsWithWildcard(other);
}

/**
 * A Topic Name has at least one character, so a `#` that stands for nothing there stands for a
 * level.
 */
function withoutEmptyParent(filter: string): string {
  if (filter === "#") return "+/#";
  return filter === "/#" ? "/+/#" : filter;
}

function startsWithWildcard(filter: string): boolean {
  const first = filter.charCodeAt(0);
  return first === PLUS || first === HASH;
}

function endOfLevel(text: string, start: number): number {
  let index = start;
  while (index < text.length && text.charCodeAt(index) !== SLASH) index += 1;
  return index;
}

/** Whether only `/#` is left of the filter, which includes the parent level itself. */
function isParentOfRest(filter: string, index: number): boolean {
  return (
    index + 2 === filter.length &&
    filter.charCodeAt(index) === SLASH &&
    filter.charCodeAt(index + 1) === HASH
  );
}
