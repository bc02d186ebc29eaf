/** Whether two Topic Filters have a Topic Name in common. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filtersOverlap, topicMatchesFilter } from "../src/index.ts";

describe("[MQTT-4.7.2-1] filtersOverlap", () => {
  it.each([
    ["a/#", "a/+", true],
    ["a/#", "a", true],
    ["a", "a/#", true],
    ["a/+", "+/b", true],
    ["a/+/c", "a/b/+", true],
    ["#", "a/b", true],
    ["a", "a", true],
    ["/", "+/+", true],
    ["a/+", "a", false],
    ["a/b", "a/c", false],
    ["a/b/c", "a/+", false],
    ["ab", "a", false],
    ["$SYS/#", "#", false],
    ["$SYS/#", "+/a", false],
    ["$SYS/#", "$SYS/a", true],
  ])("%s and %s: %s", (one, other, expected) => {
    expect(filtersOverlap(one, other)).toBe(expected);
    expect(filtersOverlap(other, one)).toBe(expected);
  });

  it("is true of any two filters that match one topic", () => {
    const level = fc.constantFrom("a", "b", "", "$a");
    const topics = fc
      .array(level, { minLength: 1, maxLength: 4 })
      .map((levels) => levels.join("/"));
    const wild = fc.constantFrom("a", "b", "", "$a", "+");
    const filters = fc
      .tuple(fc.array(wild, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([levels, isOpen]) => [...levels, ...(isOpen ? ["#"] : [])].join("/"))
      .filter((filter) => filter !== "");
    let both = 0;
    fc.assert(
      fc.property(topics, filters, filters, (topic, one, other) => {
        fc.pre(topic !== "");
        if (!topicMatchesFilter(topic, one) || !topicMatchesFilter(topic, other)) return;
        both += 1;
        expect(filtersOverlap(one, other)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect(both).toBeGreaterThan(20);
  });
});
