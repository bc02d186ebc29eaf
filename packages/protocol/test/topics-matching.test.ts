import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filterCoversFilter, topicMatchesFilter } from "../src/topics/matching.ts";
import { isTopicFilter } from "../src/topics/topic-filter.ts";

describe("matching a Topic Name against a Topic Filter", () => {
  test.each([
    ["sport/tennis/player1/#", "sport/tennis/player1"],
    ["sport/tennis/player1/#", "sport/tennis/player1/ranking"],
    ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"],
    ["sport/#", "sport"],
    ["sport/#", "sport/"],
    ["sport/#", "sport/tennis"],
    ["#", "a"],
    ["#", "/"],
    ["#", "a/b/c"],
    ["sport/tennis/+", "sport/tennis/player1"],
    ["sport/+", "sport/"],
    ["sport/+", "sport/x"],
    ["+/+", "/finance"],
    ["/+", "/finance"],
    ["+", "finance"],
    ["+/monitor/Clients", "a/monitor/Clients"],
    ["$SYS/#", "$SYS/monitor/Clients"],
    ["$SYS/#", "$SYS"],
    ["$SYS/monitor/+", "$SYS/monitor/Clients"],
    ["Accounts", "Accounts"],
    ["a/+/c", "a//c"],
    ["a/+/#", "a/b"],
    ["a/$b/+", "a/$b/c"],
    ["+/$b", "a/$b"],
  ])("[MQTT-3.3.2-3] %j matches %j", (filter, topic) => {
    expect(topicMatchesFilter(topic, filter)).toBe(true);
  });

  test.each([
    ["sport/tennis/player1/#", "sport/tennis/player2"],
    ["sport/tennis/player1/#", "sport/tennis"],
    ["sport/#", "sports"],
    ["sport/#", "spor"],
    ["sport/tennis/+", "sport/tennis/player1/ranking"],
    ["sport/+", "sport"],
    ["+/+", "finance"],
    ["/+", "finance"],
    ["+", "/finance"],
    ["Accounts", "ACCOUNTS"],
    ["Accounts", "Account"],
    ["Account", "Accounts"],
    ["a/+/#", "a"],
    ["a", "a/"],
    ["a/", "a"],
  ])("%j does not match %j", (filter, topic) => {
    expect(topicMatchesFilter(topic, filter)).toBe(false);
  });

  test.each([
    ["#", "$SYS/x"],
    ["+", "$SYS"],
    ["+/x", "$SYS/x"],
    ["+/#", "$SYS/x"],
    ["+/monitor/Clients", "$SYS/monitor/Clients"],
  ])("[MQTT-4.7.2-1] %j, which begins with a wildcard, does not match %j", (filter, topic) => {
    expect(topicMatchesFilter(topic, filter)).toBe(false);
  });

  test("[MQTT-4.7.3-4] does not normalize", () => {
    expect(topicMatchesFilter("e\u0301", "\u00e9")).toBe(false);
  });

  test("does not recurse: a topic of 30000 levels matches", () => {
    const topic = Array.from({ length: 30_000 }, () => "a").join("/");
    const filter = Array.from({ length: 30_000 }, () => "+").join("/");
    expect(topicMatchesFilter(topic, filter)).toBe(true);
    expect(topicMatchesFilter(topic, `${filter}/#`)).toBe(true);
    expect(topicMatchesFilter(topic, `${filter}/+`)).toBe(false);
  });

  test("gives what a naive matcher gives, level by level", () => {
    const level = fc.constantFrom("a", "b", "ab", "", "$s");
    const filterLevel = fc.constantFrom("a", "b", "ab", "", "$s", "+", "+");
    const filter = fc
      .tuple(fc.array(filterLevel, { maxLength: 4 }), fc.constantFrom([], ["#"]))
      .map(([levels, end]) => [...levels, ...end])
      .filter((levels) => levels.length > 0);
    const topic = fc.array(level, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(topic, filter, (topicLevels, filterLevels) => {
        expect(topicMatchesFilter(topicLevels.join("/"), filterLevels.join("/"))).toBe(
          naiveMatches(topicLevels, filterLevels),
        );
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("a filter that covers another", () => {
  test.each([
    ["#", "a/b"],
    ["#", "+/#"],
    ["+/#", "#"],
    ["/+/#", "/#"],
    ["+/+/#", "/#"],
    ["a/#", "a"],
    ["a/#", "a/+/b"],
    ["a/+", "a/b"],
    ["+/b", "a/b"],
    ["$SYS/#", "$SYS/+/x"],
  ])("%j covers %j", (wider, narrower) => {
    expect(filterCoversFilter(wider, narrower)).toBe(true);
  });

  test.each([
    ["a/b", "a/+"],
    ["a/+", "a/#"],
    ["+", "#"],
    ["a/+/#", "a/#"],
    ["#", "$SYS/x"],
    ["+/x", "$SYS/x"],
    ["a/#", "#"],
    ["a", "b"],
  ])("%j does not cover %j", (wider, narrower) => {
    expect(filterCoversFilter(wider, narrower)).toBe(false);
  });

  test("matches all that the other matches: all filters of 3 levels, all topics of 4", () => {
    const filters = sequences(["a", "", "$s", "+", "#"], 3).filter(isTopicFilter);
    const topics = sequences(["a", "", "$s", "other"], 4).filter((topic) => topic !== "");
    const matched = filters.map((filter) => {
      return topics.map((topic) => topicMatchesFilter(topic, filter));
    });
    const wrong: string[] = [];
    for (const [w, wider] of filters.entries()) {
      for (const [n, narrower] of filters.entries()) {
        const covers = topics.every((_, t) => !matched[n]?.[t] || matched[w]?.[t]);
        if (filterCoversFilter(wider, narrower) !== covers) wrong.push(`${wider} > ${narrower}`);
      }
    }
    expect(filters.length).toBeGreaterThan(90);
    expect(wrong).toEqual([]);
  });
});

function naiveMatches(topic: readonly string[], filter: readonly string[]): boolean {
  const isReserved = topic[0]?.startsWith("$") ?? false;
  if (isReserved && (filter[0] === "+" || filter[0] === "#")) return false;
  return restMatches(topic, filter);
}

function restMatches(topic: readonly string[], filter: readonly string[]): boolean {
  const [level, ...filterRest] = filter;
  if (level === "#") return true;
  if (level === undefined || topic.length === 0) return level === undefined && topic.length === 0;
  return (level === "+" || level === topic[0]) && restMatches(topic.slice(1), filterRest);
}

/** All texts of one to `lengthMax` of these levels. */
function sequences(levels: readonly string[], lengthMax: number): string[] {
  if (lengthMax === 1) return [...levels];
  const shorter = sequences(levels, lengthMax - 1);
  return [...levels, ...levels.flatMap((level) => shorter.map((rest) => `${level}/${rest}`))];
}
