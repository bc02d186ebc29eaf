import { describe, expect, it } from "vitest";
import { Random } from "../random.ts";

function numbers(random: Random): number[] {
  return Array.from({ length: 50 }, () => random.between(1, 1_000));
}

describe("random decisions", () => {
  it("follow from the seed", () => {
    expect(numbers(new Random(7))).toEqual(numbers(new Random(7)));
    expect(numbers(new Random(7))).not.toEqual(numbers(new Random(8)));
  });

  it("do not depend on what another generator has decided", () => {
    const busy = new Random(7);
    const fork = busy.fork("a");
    const idle = new Random(7).fork("a");
    numbers(busy);
    expect(numbers(fork)).toEqual(numbers(idle));
    expect(numbers(new Random(7).fork("b"))).not.toEqual(numbers(new Random(7).fork("a")));
  });

  it("reach both ends of a range", () => {
    const random = new Random(1);
    const found = new Set(Array.from({ length: 500 }, () => random.between(3, 6)));
    expect(found).toEqual(new Set([3, 4, 5, 6]));
  });
});
