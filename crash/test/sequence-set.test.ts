import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SequenceSet } from "../ledger/sequence-set.ts";

describe("a sequence set", () => {
  it("has what was added, in whatever order, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (values) => {
        const set = new SequenceSet();
        const plain = new Set<number>();
        for (const value of values) {
          set.add(value);
          plain.add(value);
          for (let other = 0; other <= 41; other += 1)
            expect(set.has(other)).toBe(plain.has(other));
        }
        let last = 0;
        while (plain.has(last + 1)) last += 1;
        expect(set.contiguousFrom(1)).toBe(last);
      }),
    );
  });
});
