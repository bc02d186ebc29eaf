import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isHashed, numberKey, numberOfKey, sha256, topicKey, topicOfKey } from "../src/keys.ts";
import { changedSharedRow, decodeSharedRow, encodeSharedRow } from "../src/shared-row.ts";

const NUMBER = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe("keys of numbers", () => {
  it("give the number back", () => {
    fc.assert(
      fc.property(NUMBER, (value) => {
        expect(numberOfKey(numberKey(value))).toBe(value);
      }),
    );
  });

  it("are ordered as the numbers are", () => {
    fc.assert(
      fc.property(NUMBER, NUMBER, (left, right) => {
        const order = Buffer.compare(numberKey(left), numberKey(right));
        expect(order).toBe(Math.sign(left - right));
      }),
    );
  });
});

describe("keys of topics", () => {
  it("are the topic itself as long as LMDB has room for it", () => {
    const topic = "t".repeat(510);
    const key = topicKey(Buffer.from(topic), sha256);
    expect(key).toHaveLength(511);
    expect(isHashed(key)).toBe(false);
    expect(topicOfKey(key)).toBe(topic);
  });

  it("are a hash beyond that, which is never taken for a topic", () => {
    const key = topicKey(Buffer.from("t".repeat(511)), sha256);
    expect(isHashed(key)).toBe(true);
    expect(key).toHaveLength(33);
    expect(isHashed(topicKey(Buffer.from("\u0001"), sha256))).toBe(false);
  });
});

describe("rows that long topics share", () => {
  const rows = fc.dictionary(fc.string({ minLength: 1, unit: "grapheme" }), fc.uint8Array());

  it("come back as they were", () => {
    fc.assert(
      fc.property(rows, (record) => {
        const map = new Map(Object.entries(record));
        const found = [...decodeSharedRow(encodeSharedRow(map))];
        expect(found.map(([topic, row]) => [topic, [...row]])).toEqual(
          [...map].map(([topic, row]) => [topic, [...row]]),
        );
      }),
    );
  });

  it("are gone when the last one is", () => {
    const row = changedSharedRow(undefined, new Map([["a", Uint8Array.of(1)]]));
    expect(changedSharedRow(row, new Map([["a", undefined]]))).toBeUndefined();
    expect(changedSharedRow(undefined, new Map([["a", undefined]]))).toBeUndefined();
  });

  it("are refused when they are cut off", () => {
    const row = encodeSharedRow(new Map([["a", Uint8Array.of(1, 2, 3)]]));
    expect(() => decodeSharedRow(row.subarray(0, -1))).toThrow("cut off");
  });
});
