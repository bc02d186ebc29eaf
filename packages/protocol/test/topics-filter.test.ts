import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSharedSubscription } from "../src/topics/shared-subscription.ts";
import { isTopicFilter, parseTopicFilter } from "../src/topics/topic-filter.ts";

describe("a Topic Filter", () => {
  test.each([
    "#",
    "+",
    "/",
    "//",
    "/#",
    "/+",
    "+/+",
    "+/tennis/#",
    "sport/+/player1",
    "sport/tennis/#",
    "a b",
    "$SYS/#",
    "$share",
    "$shared/x",
  ])("may be %j", (value) => {
    expect(isTopicFilter(value)).toBe(true);
    expect(parseTopicFilter(value)).toBe(value);
  });

  test.each(["sport/tennis#", "sport/tennis/#/ranking", "#/a", "a#", "#a", "##", "a/#/", "/#/#"])(
    "[MQTT-4.7.1-1] has # as the whole of its last level only: %j",
    (value) => {
      expect(isTopicFilter(value)).toBe(false);
      expect(() => parseTopicFilter(value)).toThrow(
        `Topic Filter "${value}" is not valid: # must be the whole of the last level`,
      );
    },
  );

  test.each(["sport+", "+a", "a/b+", "a/+b", "++", "a/++/b"])(
    "[MQTT-4.7.1-2] has + as a whole level only: %j",
    (value) => {
      expect(() => parseTopicFilter(value)).toThrow(/\+ must be the whole of its level/);
    },
  );

  test("[MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3] keeps the rules of all topics", () => {
    expect(() => parseTopicFilter("")).toThrow(/MQTT-4\.7\.3-1/);
    expect(() => parseTopicFilter("a/\0/#")).toThrow(/MQTT-4\.7\.3-2/);
    expect(isTopicFilter(`${"a".repeat(65_533)}/#`)).toBe(true);
    expect(() => parseTopicFilter(`${"a".repeat(65_534)}/#`)).toThrow(/MQTT-4\.7\.3-3/);
    expect(isTopicFilter("\ud800/#")).toBe(false);
  });

  test("is valid exactly if each of its levels is", () => {
    const level = fc.constantFrom("a", "", "+", "#", "a+", "#a", "$s");
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 4 }), (levels) => {
        const isValid = levels.every((text, index) => {
          return (
            !/[+#]/.test(text) || text === "+" || (text === "#" && index === levels.length - 1)
          );
        });
        expect(isTopicFilter(levels.join("/"))).toBe(isValid && levels.join("/") !== "");
      }),
    );
  });
});

describe("a Shared Subscription", () => {
  test.each([
    ["$share/g/a", "g", "a"],
    ["$share/g//finance", "g", "/finance"],
    ["$share/consumer group/#", "consumer group", "#"],
    ["$share/g//", "g", "/"],
    ["$share/$share/a/+", "$share", "a/+"],
  ])("[MQTT-4.8.2-1] [MQTT-4.8.2-2] is taken apart: %j", (filter, shareName, topicFilter) => {
    expect(parseSharedSubscription(filter)).toEqual({ shareName, topicFilter });
    expect(isTopicFilter(filter)).toBe(true);
  });

  test.each(["a", "$share", "$shared/g/a", "$SYS/share/a", "a/$share/g/b", "#", "$SHARE/g/a"])(
    "is not meant by %j",
    (filter) => {
      expect(parseSharedSubscription(filter)).toBeUndefined();
    },
  );

  test.each(["$share//a", "$share//", "$share/"])(
    "[MQTT-4.8.2-1] has a ShareName of at least one character: %j",
    (filter) => {
      expect(parseSharedSubscription(filter)).toBe("invalid");
      expect(() => parseTopicFilter(filter)).toThrow(/MQTT-4\.8\.2-1/);
    },
  );

  test.each(["$share/g", "$share/g/", "$share/+/x", "$share/g/$share/h/x", "$share/a+b/x"])(
    "[MQTT-4.8.2-2] has a ShareName without wildcards, then / and a Topic Filter: %j",
    (filter) => {
      expect(parseSharedSubscription(filter)).toBe("invalid");
      expect(isTopicFilter(filter)).toBe(false);
    },
  );

  test.each(["$share/a#/x", "$share/#", "$share/g/a#", "$share/g/#/a", "$share/g/\0"])(
    "[MQTT-4.7.1-1] keeps the rules of all Topic Filters: %j",
    (filter) => {
      expect(parseSharedSubscription(filter)).toBe("invalid");
    },
  );
});
