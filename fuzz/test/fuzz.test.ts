import { describe, expect, it } from "vitest";
import { fuzz } from "../fuzz.ts";
import { targets } from "../targets.ts";
import { tryUpgrade, upgrades } from "../upgrade.ts";

const all = await targets();

describe("spoilt input is read, or refused by the errors that are stated:", () => {
  it.each(all)("$name", async (target) => {
    const slow = ["rules", "upgrade", "jwt"].includes(target.name);
    await expect(fuzz(target, 1, slow ? 200 : 2_000)).resolves.toBeUndefined();
  });
});

describe("fuzzing", () => {
  it("sees a reader that fails, and says with which input", async () => {
    const failing = {
      name: "failing",
      seeds: [Uint8Array.of(1, 2, 3)],
      run(input: Uint8Array): void {
        if (input.length === 2) throw new RangeError("two");
      },
    };
    await expect(fuzz(failing, 1, 1_000)).rejects.toThrow(
      /^failing, seed 1: RangeError: two\n {2}input [0-9a-f]{4}$/u,
    );
  });

  it("reaches what is behind the refusals: a good request is let in", async () => {
    const before = upgrades();
    const upgrade = all.find(({ name }) => name === "upgrade");
    await tryUpgrade(upgrade?.seeds[0] ?? new Uint8Array(0));
    expect(upgrades()).toBe(before + 1);
  });
});
