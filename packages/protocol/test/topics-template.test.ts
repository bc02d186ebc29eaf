import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { topicMatchesFilter } from "../src/topics/matching.ts";
import type { TopicFilter } from "../src/topics/topic-filter.ts";
import type { TopicName } from "../src/topics/topic-name.ts";
import { type TopicParameterNames, topicTemplate } from "../src/topics/topic-template.ts";

const state = topicTemplate("devices/{id}/{kind}");

describe("a topic template", () => {
  test("binds values to a Topic Name", () => {
    expect(state.bind({ id: "42", kind: "temperature" })).toBe("devices/42/temperature");
    expect(topicTemplate("status").bind({})).toBe("status");
  });

  test("binds some values and leaves the others open", () => {
    const device = state.bindSome({ id: "42" });
    expect(device.text).toBe("devices/42/{kind}");
    expect(device.filter).toBe("devices/42/+");
    expect(device.bind({ kind: "humidity" })).toBe("devices/42/humidity");
    expect(device.match("devices/42/humidity")).toEqual({ kind: "humidity" });
    expect(device.match("devices/43/humidity")).toBeUndefined();
    expect(device.bindSome({ kind: "{kind}" }).bind({})).toBe("devices/42/{kind}");
  });

  test("extracts the values from a topic", () => {
    expect(state.match("devices/42/temperature")).toEqual({ id: "42", kind: "temperature" });
    expect(topicTemplate("status").match("status")).toEqual({});
  });

  test.each([
    "devices/42",
    "devices/42/temperature/x",
    "device/42/temperature",
    "devices//temperature",
    "devices/42/",
    "/devices/42/temperature",
    "",
  ])("does not match %j", (topic) => {
    expect(state.match(topic)).toBeUndefined();
  });

  test("has a filter, and one for all below", () => {
    expect(state.text).toBe("devices/{id}/{kind}");
    expect(state.filter).toBe("devices/+/+");
    expect(state.subtreeFilter).toBe("devices/+/+/#");
    expect(topicTemplate("{site}").subtreeFilter).toBe("+/#");
  });

  test.each(["", "a/b", "+", "#", "x#", "\0", "\ud800", "a".repeat(65_536)])(
    "refuses the value %j, which is not one level of a Topic Name",
    (id) => {
      expect(() => state.bind({ id, kind: "x" })).toThrow(TypeError);
      expect(() => state.bind({ id, kind: "x" })).toThrow(
        `Parameter "id" of topic template "devices/{id}/{kind}" cannot be ${JSON.stringify(id)}`,
      );
      expect(() => state.bindSome({ id })).toThrow(TypeError);
    },
  );

  test("[MQTT-4.7.3-3] refuses values that make the topic too long", () => {
    const half = "a".repeat(40_000);
    expect(() => state.bind({ id: half, kind: half })).toThrow(/MQTT-4\.7\.3-3/);
  });

  test("[MQTT-4.7.2-1] refuses $ at the start, where the filter would not match it", () => {
    const site = topicTemplate("{site}/{id}");
    expect(() => site.bind({ site: "$SYS", id: "x" })).toThrow(/MQTT-4\.7\.2-1/);
    expect(site.match("$SYS/x")).toBeUndefined();
    expect(site.bind({ site: "s", id: "$x" })).toBe("s/$x");
  });

  test.each([
    "devices/{id",
    "devices/id}",
    "devices/x{id}",
    "devices/{}",
    "devices/{a b}",
    "devices/{__proto__}",
    "devices/{{id}}",
    "devices/+/{id}",
    "devices/#",
    "{id}/{id}",
    "$share/{group}/a/{id}",
    "",
  ])("cannot be %j", (text) => {
    expect(() => topicTemplate(text)).toThrow(TypeError);
  });

  test("tells callers without types of a missing or unknown value", () => {
    const untyped: Record<string, string> = { id: "42" };
    const template = topicTemplate(String("devices/{id}/{constructor}"));
    expect(() => template.bind(untyped)).toThrow(/Parameter "constructor" .* cannot be undefined/);
    expect(() => template.bindSome({ Id: "42" })).toThrow(/no parameter "Id"/);
  });

  test("is inverse in bind and match, and its filter matches what it binds", () => {
    const value = fc.string({ unit: "binary", maxLength: 6 });
    fc.assert(
      fc.property(value, value, (id, kind) => {
        const values = { id, kind };
        const template = topicTemplate("{id}/x/{kind}");
        const topic = `${id}/x/${kind}`;
        const found = template.match(topic);
        const isBindable = !/^$|^\$|[/+#\0]/.test(id) && !/^$|[/+#\0]/.test(kind);
        expect(found).toEqual(isBindable ? values : undefined);
        if (!isBindable) return;
        expect(template.bind(values)).toBe(topic);
        expect(topicMatchesFilter(topic, template.filter)).toBe(true);
        expect(topicMatchesFilter(`${topic}/y`, template.subtreeFilter)).toBe(true);
        expect(topicMatchesFilter(topic, template.bindSome({ id }).filter)).toBe(true);
      }),
    );
  });
});

test("the type of a template knows the names of its parameters", () => {
  expectTypeOf<TopicParameterNames<"devices/{id}/{kind}">>().toEqualTypeOf<"id" | "kind">();
  expectTypeOf<TopicParameterNames<"{a}">>().toEqualTypeOf<"a">();
  expectTypeOf<TopicParameterNames<"plain/text">>().toEqualTypeOf<never>();
  expectTypeOf<TopicParameterNames<string>>().toEqualTypeOf<string>();
  expectTypeOf(state.bind({ id: "1", kind: "k" })).toEqualTypeOf<TopicName>();
  expectTypeOf(state.filter).toEqualTypeOf<TopicFilter>();
  expectTypeOf(state.match("x")).toEqualTypeOf<
    { readonly id: string; readonly kind: string } | undefined
  >();
  expectTypeOf(state.bindSome({ id: "1" }).match("x")).toEqualTypeOf<
    { readonly kind: string } | undefined
  >();
});

test("a wrong, missing or superfluous name does not compile", () => {
  // @ts-expect-error kind is missing
  expect(() => state.bind({ id: "1" })).toThrow(TypeError);
  // @ts-expect-error the name is id
  expect(() => state.bind({ Id: "1", kind: "k" })).toThrow(TypeError);
  // @ts-expect-error there is no parameter site
  expect(state.bind({ id: "1", kind: "k", site: "s" })).toBe("devices/1/k");
  // @ts-expect-error a number is no level
  expect(() => state.bind({ id: 1, kind: "k" })).toThrow(/cannot be 1: it must be a string/);
  // @ts-expect-error there is no parameter site
  expect(() => state.bindSome({ site: "s" })).toThrow(TypeError);
  // @ts-expect-error id is bound already
  expect(() => state.bindSome({ id: "1" }).bind({ id: "2" })).toThrow(TypeError);
  // @ts-expect-error there is no parameter site
  expect(state.match("devices/1/k")?.site).toBeUndefined();
});

test("a plain string is no Topic Name", () => {
  const acceptTopicName = (topic: TopicName): string => topic;
  expect(acceptTopicName(state.bind({ id: "1", kind: "k" }))).toBe("devices/1/k");
  // @ts-expect-error a string has to be checked first
  expect(acceptTopicName("devices/1/k")).toBe("devices/1/k");
  // @ts-expect-error a Topic Filter is no Topic Name
  expect(acceptTopicName(state.filter)).toBe("devices/+/+");
});
