import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTopicName, parseTopicName } from "../src/topics/topic-name.ts";

describe("a Topic Name", () => {
  test.each(["a", "/", "//", "a b", "a/b/c", "$SYS/x", "$share/g/a", "ü/水/🐝", "{id}", "\u0001"])(
    "may be %j",
    (value) => {
      expect(isTopicName(value)).toBe(true);
      expect(parseTopicName(value)).toBe(value);
    },
  );

  test("[MQTT-4.7.3-1] has at least one character", () => {
    expect(() => parseTopicName("")).toThrow(/Topic Name "" .*MQTT-4\.7\.3-1/);
  });

  test.each(["a/+/b", "+", "#", "a/#", "a+", "a#b"])(
    "[MQTT-4.7.0-1] [MQTT-3.3.2-2] holds no wildcard: %j",
    (value) => {
      expect(isTopicName(value)).toBe(false);
      expect(() => parseTopicName(value)).toThrow(TypeError);
      expect(() => parseTopicName(value)).toThrow(`Topic Name "${value}" is not valid: wildcards`);
    },
  );

  test("[MQTT-4.7.3-2] holds no U+0000", () => {
    expect(() => parseTopicName("a/\0")).toThrow(/MQTT-4\.7\.3-2/);
  });

  test("[MQTT-4.7.3-3] takes up to 65535 bytes of UTF-8, whatever the characters", () => {
    expect(isTopicName("a".repeat(65_535))).toBe(true);
    expect(isTopicName("a".repeat(65_536))).toBe(false);
    expect(isTopicName("ü".repeat(32_767))).toBe(true);
    expect(isTopicName("ü".repeat(32_768))).toBe(false);
    expect(isTopicName("水".repeat(21_845))).toBe(true);
    expect(isTopicName("水".repeat(21_846))).toBe(false);
    expect(isTopicName("🐝".repeat(16_383))).toBe(true);
    expect(isTopicName("🐝".repeat(16_384))).toBe(false);
  });

  test.each(["\ud800", "\udc00", "a\ud800/", "\udc00\ud800", "\ud800\ud800\udc00"])(
    "[MQTT-1.5.4-1] holds no half of a surrogate pair: %j",
    (value) => {
      expect(() => parseTopicName(value)).toThrow(/surrogate/);
    },
  );

  test("[MQTT-4.7.3-4] is not normalized: composed and decomposed letters stay as they are", () => {
    expect(parseTopicName("\u00e9")).not.toBe(parseTopicName("e\u0301"));
  });

  test("that is long is shown by its beginning in the error", () => {
    const message = catchMessage(() => parseTopicName(`${"a".repeat(70_000)}`));
    expect(message.length).toBeLessThan(250);
    expect(message).toContain(`"${"a".repeat(80)}"...`);
  });

  test("is valid exactly if Node can write it as UTF-8 and read it back within the rules", () => {
    const characters = fc.constantFrom(
      "a",
      "/",
      "+",
      "#",
      "\0",
      "ü",
      "水",
      "\ud83d",
      "\udc1d",
      "$",
    );
    fc.assert(
      fc.property(fc.array(characters, { maxLength: 8 }), (parts) => {
        const value = parts.join("");
        const isText = Buffer.from(value, "utf8").toString("utf8") === value;
        expect(isTopicName(value)).toBe(isText && value !== "" && !/[+#\0]/.test(value));
      }),
    );
  });
});

function catchMessage(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error("nothing was thrown");
}
