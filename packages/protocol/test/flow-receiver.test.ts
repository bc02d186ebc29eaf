import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Receiver as ReceiverByMap } from "../src/flow/receiver-by-map.ts";
import { Receiver as ReceiverByTable } from "../src/flow/receiver.ts";

describe.each([
  ["in Node", ReceiverByTable],
  ["in browsers", ReceiverByMap],
])("the Receiver of QoS 2 %s", (_platform, Receiver) => {
  test("[MQTT-4.3.3-10] takes a PUBLISH as new once, until its PUBREL", () => {
    const receiver = new Receiver();
    expect(receiver.receive(7)).toBe(true);
    expect(receiver.receive(7)).toBe(false);
    expect(receiver.receive(7)).toBe(false);
    expect(receiver.size).toBe(1);
    expect(receiver.has(7)).toBe(true);
  });

  test("[MQTT-4.3.3-12] takes a PUBLISH as new again after PUBREL and PUBCOMP", () => {
    const receiver = new Receiver();
    receiver.receive(7);
    expect(receiver.release(7)).toBe(true);
    expect(receiver.size).toBe(0);
    expect(receiver.receive(7)).toBe(true);
  });

  test("[MQTT-4.3.3-9] takes a PUBLISH as new again after it was refused and released", () => {
    const receiver = new Receiver();
    receiver.receive(7);
    receiver.release(7);
    expect(receiver.receive(7)).toBe(true);
  });

  test("[MQTT-4.3.3-11] knows a PUBREL for an identifier that is not open", () => {
    const receiver = new Receiver();
    expect(receiver.release(1)).toBe(false);
    receiver.receive(1);
    for (const other of [0, 9, 17, 65_535, 65_537]) expect(receiver.release(other)).toBe(false);
    expect(receiver.size).toBe(1);
  });

  test("keeps what is known of each message with its identifier, until PUBREL", () => {
    const receiver = new Receiver();
    const open = Array.from({ length: 200 }, (_, index) => (index * 8 + 1) % 65_536);
    for (const identifier of open) receiver.receive(identifier, identifier * 40_000);
    for (const identifier of open.slice(0, 100)) receiver.release(identifier);
    for (const identifier of open.slice(100)) {
      expect(receiver.contentOf(identifier)).toBe(identifier * 40_000);
    }
    expect(receiver.contentOf(1)).toBe(0);
    expect(receiver.receive(801, 5)).toBe(false);
    expect(receiver.contentOf(801)).toBe(801 * 40_000);
    receiver.replaceContent(801, 0xffff_ffff);
    receiver.replaceContent(1, 7);
    expect([receiver.contentOf(801), receiver.has(1)]).toEqual([0xffff_ffff, false]);
    receiver.restore(1);
    expect(receiver.contentOf(1)).toBe(0);
    receiver.clear();
    expect(receiver.contentOf(801)).toBe(0);
    receiver.invariants();
  });

  test("keeps apart identifiers that share a place in its table", () => {
    const receiver = new Receiver();
    for (const identifier of [1, 9, 17, 8]) expect(receiver.receive(identifier)).toBe(true);
    expect(receiver.release(9)).toBe(true);
    for (const identifier of [1, 17, 8]) expect(receiver.receive(identifier)).toBe(false);
    expect(receiver.has(9)).toBe(false);
    receiver.invariants();
  });

  test("can hold all identifiers, and is small again when all are released", () => {
    const receiver = new Receiver();
    for (let identifier = 1; identifier <= 65_535; identifier += 1) receiver.receive(identifier);
    expect(receiver.size).toBe(65_535);
    receiver.invariants();
    for (let identifier = 65_535; identifier >= 1; identifier -= 1) receiver.release(identifier);
    expect([...receiver.identifiers()]).toEqual([]);
    expect(receiver.receive(3)).toBe(true);
  });

  test("is rebuilt from its identifiers", () => {
    const receiver = new Receiver();
    for (const identifier of [65_535, 1, 300]) receiver.receive(identifier);
    const restored = new Receiver();
    for (const identifier of receiver.identifiers()) restored.restore(identifier);
    restored.restore(300);
    expect([...restored.identifiers()].toSorted((a, b) => a - b)).toEqual([1, 300, 65_535]);
    expect(restored.receive(300)).toBe(false);
  });

  test("forgets all when cleared", () => {
    const receiver = new Receiver();
    receiver.receive(1);
    receiver.clear();
    expect(receiver.size).toBe(0);
    expect(receiver.receive(1)).toBe(true);
  });

  test.each([0, -1, 65_536, 0.5, Number.NaN])(
    "refuses %d, which is no identifier",
    (identifier) => {
      const receiver = new Receiver();
      expect(() => receiver.receive(identifier)).toThrow(RangeError);
      expect(() => receiver.restore(identifier)).toThrow(RangeError);
      expect(receiver.has(identifier)).toBe(false);
    },
  );

  test("behaves like a set of numbers, also when they crowd at the same places", () => {
    const identifier = fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.nat(20).map((times) => 1 + 1_024 * times),
      fc.integer({ min: 65_500, max: 65_535 }),
      fc.integer({ min: 1, max: 65_535 }),
    );
    const step = fc.tuple(fc.constantFrom("receive", "receive", "release"), identifier);
    fc.assert(
      fc.property(fc.array(step, { size: "+2", maxLength: 1_000 }), (steps) => {
        const receiver = new Receiver();
        const model = new Set<number>();
        for (const [action, value] of steps) {
          const isOpen = model.has(value);
          const outcome = action === "receive" ? !receiver.receive(value) : receiver.release(value);
          strictEqual(outcome, isOpen);
          if (action === "receive") model.add(value);
          else model.delete(value);
        }
        receiver.invariants();
        expect(new Set(receiver.identifiers())).toEqual(model);
        expect(receiver.size).toBe(model.size);
      }),
    );
  });
});
