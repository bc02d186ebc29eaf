/** What stands for something of the client in the topics of a rule. */
import type { AccessClient } from "../core/access/authorizer.ts";

const PART = /%c|%u|\{([A-Za-z][A-Za-z0-9_]*)\}/gu;
/** What would be more than text in a filter. */
const SPECIAL = /[+#/\0]/u;
/** Values that one claim in the topic of a rule may have: what is listed in a token. */
const VALUES_MAX = 1_000;

/** A topic of a rule with a letter in the place of each part; undefined if braces are left. */
export function withoutParts(topic: string): string | undefined {
  const text = topic.replace(PART, "x");
  return /[{}]/u.test(text) ? undefined : text;
}

export function hasParts(topic: string): boolean {
  return topic.search(PART) >= 0;
}

/**
 * The filters that a topic with parts is for this client, by levels. A part that the client has nothing for makes it none. A value that would
 * be more than text, or nothing, is bad: a rule that denies then matches whatever is in its place, and one that allows nothing.
 */
export function filtersFor(topic: string, client: AccessClient, isAllowed: boolean): string[][] {
  let filters: string[][] = [[]];
  for (const [index, level] of topic.split("/").entries()) {
    const values = levelsFor(level, index, client, isAllowed);
    filters = values.flatMap((value) => filters.map((levels) => [...levels, value]));
    if (filters.length > VALUES_MAX) return isAllowed ? [] : [["#"]];
  }
  return filters;
}

/** What one level may be. */
function levelsFor(
  level: string,
  index: number,
  client: AccessClient,
  isAllowed: boolean,
): readonly string[] {
  let texts: readonly string[] = [""];
  let end = 0;
  let isBad = false;
  for (const match of level.matchAll(PART)) {
    const [part, claim] = match;
    const before = level.slice(end, match.index);
    end = match.index + part.length;
    const values = valuesOf(part, claim, client);
    const good = values.filter((value) => value !== "" && !SPECIAL.test(value));
    if (good.length < values.length) isBad = true;
    texts = good.flatMap((value) => texts.map((text) => text + before + value));
    if (texts.length > VALUES_MAX) return isAllowed ? [] : ["+"];
  }
  if (end === 0) return [level];
  // Topics that begin with $ are for those who name them.
  const found = texts
    .map((text) => text + level.slice(end))
    .filter((text) => !(index === 0 && text.startsWith("$") && !level.startsWith("$")));
  const isLeftOut = isBad || found.length < texts.length;
  return isLeftOut && !isAllowed ? ["+"] : found;
}

function valuesOf(
  part: string,
  claim: string | undefined,
  client: AccessClient,
): readonly string[] {
  if (part === "%c") return [client.clientId];
  if (part === "%u") return client.userName === undefined ? [] : [client.userName];
  const { claims = {} } = client;
  const value: unknown =
    claim !== undefined && Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((one) =>
    typeof one === "string" || typeof one === "number" ? [String(one)] : [],
  );
}
