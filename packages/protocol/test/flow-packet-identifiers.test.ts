import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PACKET_IDENTIFIER_MAX, PacketIdentifiers } from "../src/flow/packet-identifiers.ts";

describe("Packet Identifiers", () => {
  test("[MQTT-2.2.1-3] [MQTT-2.2.1-4] begin at 1 and are never 0", () => {
    const identifiers = new PacketIdentifiers();
    expect(identifiers.take()).toBe(1);
    expect(identifiers.take()).toBe(2);
    expect(identifiers.has(0)).toBe(false);
  });

  test("go round from 65535 to 1", () => {
    const identifiers = new PacketIdentifiers();
    for (let expected = 1; expected <= PACKET_IDENTIFIER_MAX; expected += 1) {
      const identifier = identifiers.take();
      if (identifier !== expected) throw new Error(`${identifier} instead of ${expected}`);
      identifiers.release(identifier);
    }
    expect(identifiers.take()).toBe(1);
  });

  test("[MQTT-2.2.1-4] pass over those that are held for ever, in a table that stays small", () => {
    const identifiers = new PacketIdentifiers();
    const held = new Set([identifiers.take(), identifiers.take(), identifiers.take()]);
    for (let round = 0; round < 200_000; round += 1) {
      const identifier = identifiers.take();
      if (identifier === 0 || held.has(identifier)) throw new Error(`${identifier} is in use`);
      identifiers.release(identifier);
    }
    expect(identifiers.count).toBe(3);
    expect(identifiers.capacity).toBe(8);
    identifiers.invariants();
  });

  test("can all be in use: then there is none, until one is given back", () => {
    const identifiers = new PacketIdentifiers();
    const taken = new Set<number>();
    for (let count = 0; count < PACKET_IDENTIFIER_MAX; count += 1) taken.add(identifiers.take());
    expect(taken.size).toBe(PACKET_IDENTIFIER_MAX);
    expect(taken.has(0)).toBe(false);
    expect(identifiers.take()).toBe(0);
    identifiers.invariants();
    expect(identifiers.release(40_000)).toBe(true);
    expect(identifiers.take()).toBe(40_000);
    expect(identifiers.take()).toBe(0);
  });

  test("cost nothing before the first use, and after all of many were given back", () => {
    const identifiers = new PacketIdentifiers();
    expect(identifiers.capacity).toBe(0);
    for (let count = 1; count <= 5_000; count += 1) identifiers.take();
    expect(identifiers.capacity).toBe(8_192);
    for (let identifier = 1; identifier <= 5_000; identifier += 1) identifiers.release(identifier);
    expect(identifiers.capacity).toBe(0);
    expect(identifiers.take()).toBe(5_001);
  });

  test("can be reserved one by one, however far apart", () => {
    const identifiers = new PacketIdentifiers();
    expect(identifiers.reserve(2)).toBe(true);
    expect(identifiers.reserve(32_770)).toBe(true);
    expect(identifiers.reserve(65_535)).toBe(true);
    expect(identifiers.reserve(2)).toBe(false);
    identifiers.invariants();
    expect([identifiers.take(), identifiers.take()]).toEqual([1, 3]);
  });

  test.each([0, -1, 65_536, 1.5, Number.NaN])("cannot be %d", (identifier) => {
    const identifiers = new PacketIdentifiers();
    identifiers.take();
    expect(() => identifiers.reserve(identifier)).toThrow(RangeError);
    expect(identifiers.has(identifier)).toBe(false);
    expect(identifiers.release(identifier)).toBe(false);
  });

  test("behave like a set of numbers", () => {
    const near = fc.integer({ min: 1, max: 80 });
    const value = fc.oneof(near, fc.integer({ min: 1, max: PACKET_IDENTIFIER_MAX }));
    const action = fc.constantFrom("take", "take", "take", "release", "reserve");
    fc.assert(
      fc.property(fc.array(fc.tuple(action, value), { size: "+1" }), (steps) => {
        const identifiers = new PacketIdentifiers();
        const model = new Set<number>();
        for (const [next, identifier] of steps) {
          const outcome = act(identifiers, next, identifier);
          expect(outcome).toBe(actOnModel(model, next, { identifier, outcome }));
          expect(identifiers.count).toBe(model.size);
          expect(identifiers.has(identifier)).toBe(model.has(identifier));
        }
        identifiers.invariants();
      }),
    );
  });
});

type Action = "take" | "release" | "reserve";

function act(identifiers: PacketIdentifiers, action: Action, identifier: number): number | boolean {
  if (action === "take") return identifiers.take();
  return action === "release" ? identifiers.release(identifier) : identifiers.reserve(identifier);
}

/** What the outcome ought to be; which identifier is taken is free, as long as it was. */
function actOnModel(
  model: Set<number>,
  action: Action,
  { identifier, outcome }: { identifier: number; outcome: number | boolean },
): number | boolean | "a free identifier" {
  if (action === "release") return model.delete(identifier);
  const taken = action === "reserve" ? identifier : Number(outcome);
  const isFree = taken >= 1 && taken <= PACKET_IDENTIFIER_MAX && !model.has(taken);
  model.add(taken);
  if (action === "reserve") return isFree;
  return isFree ? taken : "a free identifier";
}
