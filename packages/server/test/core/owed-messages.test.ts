import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AddressBook, slotIn } from "../../src/core/owed/address-book.ts";
import type { Address } from "../../src/core/owed/delivery.ts";
import { WaitingMessages } from "../../src/core/journal/waiting-messages.ts";
import { MessageTable, NONE } from "../../src/core/journal/message-table.ts";
import { NumberIndex } from "../../src/core/journal/number-index.ts";
import { messageFromApplication } from "../../src/core/message/message.ts";
import type { Message } from "../../src/core/message/message.ts";
import { SharedGroup } from "../../src/core/routing/shared-subscriptions.ts";

function message(text: string): Message {
  const payload = new TextEncoder().encode(text);
  return messageFromApplication({ topic: "t", payload, qos: 1, retain: false }, "p", 0);
}

const text = ({ bytes, payloadStart }: Message): string =>
  new TextDecoder().decode(bytes.slice(payloadStart));

describe("AddressBook", () => {
  const groups = [undefined, new SharedGroup("g", "a"), new SharedGroup("g", "a")];
  const addresses = fc.record({
    qos: fc.constantFrom<1 | 2>(1, 2),
    retain: fc.boolean(),
    subscriptionIdentifiers: fc.option(fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }), {
      nil: undefined,
    }),
    group: fc.constantFrom(...groups),
  });

  it("makes a number of a slot and an address, and both of the number", () => {
    const book = new AddressBook();
    fc.assert(
      fc.property(fc.nat(2 ** 29 - 1), addresses, (slot, address: Address) => {
        const code = book.code(slot, address) ?? Number.NaN;
        strictEqual(slotIn(code), slot);
        const { group, ...rest } = book.address(code);
        expect({ ...rest, group: undefined }).toEqual({ ...address, group: undefined });
        strictEqual(group, address.group);
      }),
    );
    expect(book.size).toBeLessThan(1_000);
  });

  it("has no room for addresses without end", () => {
    const book = new AddressBook();
    const code = (identifier: number): number | undefined =>
      book.code(1, {
        qos: 1,
        retain: false,
        subscriptionIdentifiers: [identifier],
        group: undefined,
      });
    for (let identifier = 1; identifier <= 4_096; identifier += 1)
      expect(code(identifier)).toBeDefined();
    expect(code(4_097)).toBeUndefined();
    expect(code(7)).toBeDefined();
    book.beginAnew();
    expect(code(4_097)).toBeDefined();
  });
});

describe("MessageTable", () => {
  it("keeps each row apart, and each list in one piece, whatever is added and removed", () => {
    const steps = fc.array(fc.tuple(fc.nat(9), fc.nat(2)), { maxLength: 3_000 });
    fc.assert(
      fc.property(steps, (all) => {
        const table = new MessageTable();
        const model = new Map<number, { number: number; list: number }>();
        const firsts = [NONE, NONE, NONE];
        let next = 1;
        for (const [dice, list] of all) {
          const [oldest] = model;
          if (dice < 6 || oldest === undefined) {
            const slot = table.add(next, next % 1_000, next % 500);
            table.link(slot, firsts[list] ?? NONE);
            firsts[list] = slot;
            model.set(slot, { number: next, list });
            next += 1;
          } else {
            const [slot, row] = oldest;
            firsts[row.list] = table.unlink(slot, firsts[row.list] ?? NONE);
            table.remove(slot);
            model.delete(slot);
          }
        }
        strictEqual(table.count, model.size);
        for (const [slot, row] of model) strictEqual(table.number(slot), row.number);
        for (const [list, first] of firsts.entries()) {
          const slots: number[] = [];
          for (let slot = first; slot !== NONE; slot = table.next(slot)) slots.push(slot);
          const expected = [...model].filter(([, row]) => row.list === list).map(([slot]) => slot);
          expect(new Set(slots)).toEqual(new Set(expected));
          expect(slots).toHaveLength(expected.length);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("NumberIndex", () => {
  it("finds what a Map would find", () => {
    const numbers = fc.oneof(fc.nat(5_000), fc.constantFrom(2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1));
    fc.assert(
      fc.property(fc.array(fc.tuple(numbers, fc.nat()), { maxLength: 3_000 }), (entries) => {
        const index = new NumberIndex();
        const model = new Map(entries.map(([number, slot]) => [number + 1, slot]));
        for (const [number, slot] of entries) index.set(number + 1, slot);
        strictEqual(index.size, model.size);
        for (const [number, slot] of model) strictEqual(index.get(number), slot);
        expect(index.get(2 ** 40)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });
});

describe("WaitingMessages", () => {
  it("gives each message back as it was, whoever else has gone", () => {
    const waiting = new WaitingMessages();
    const model = new Map<number, string>();
    for (let index = 0; index < 20_000; index += 1) {
      const value = `${index} ${"x".repeat(index % 90)}`;
      model.set(waiting.hold(message(value)), value);
      // Every hundredth stays for long.
      for (const [slot, held] of model) {
        if (model.size < 500) break;
        if (Number(held.split(" ")[0]) % 100 === 0) continue;
        waiting.messages.letGo(slot);
        model.delete(slot);
      }
    }
    expect(waiting.messages.live).toBe(model.size);
    for (const [slot, value] of model) strictEqual(text(waiting.messages.message(slot)), value);
  });

  it("does not keep whole chunks for the few that wait for long", () => {
    const waiting = new WaitingMessages();
    const long: number[] = [];
    for (let index = 0; index < 100_000; index += 1) {
      const slot = waiting.hold(message("x".repeat(100)));
      if (index % 1_000 === 0) long.push(slot);
      else waiting.messages.letGo(slot);
    }
    let bytes = 0;
    for (const batch of waiting.messages.batches.values()) bytes += batch.bytes;
    // A hundred messages of less than 150 bytes, of fifteen megabytes that went through.
    expect(bytes).toBeLessThan(3 * 65_536);
    for (const slot of long) waiting.messages.letGo(slot);
    expect(waiting.messages.live).toBe(0);
  });

  it("keeps a message once for all who wait for it", () => {
    const waiting = new WaitingMessages();
    const one = message("1");
    const slot = waiting.hold(one);
    expect(waiting.hold(one)).toBe(slot);
    waiting.messages.letGo(slot);
    expect(text(waiting.messages.message(slot))).toBe("1");
    waiting.messages.letGo(slot);
    expect(waiting.messages.live).toBe(0);
  });
});
