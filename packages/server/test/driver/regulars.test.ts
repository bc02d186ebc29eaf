import { describe, expect, it } from "vitest";
import { Regulars } from "../../src/driver/regulars.ts";
import type { Regular } from "../../src/driver/regulars.ts";

class One implements Regular {
  readAtMs = 0;
  reads = 0;
  isRegular = false;
  times = 0;

  setRegular(isRegular: boolean): void {
    this.isRegular = isRegular;
  }

  readNow(): void {
    this.times += 1;
  }
}

/** Has so many reads noted, so far apart. */
function talk(
  regulars: Regulars,
  one: One,
  { reads = 20, apartMs = 10, bytes = 20, fromMs = 1_000_000 } = {},
): number {
  let nowMs = fromMs;
  for (let index = 0; index < reads; index += 1) {
    regulars.note(one, bytes, nowMs);
    nowMs += apartMs;
  }
  return nowMs;
}

describe("connections that say a little again and again", () => {
  it("are read between reads of others, until they have been silent for a second", () => {
    const regulars = new Regulars();
    const one = new One();
    const nowMs = talk(regulars, one);
    expect(one.isRegular).toBe(true);
    regulars.readSome(nowMs);
    regulars.readSome(nowMs + 500);
    expect(one.times).toBe(2);
    regulars.readSome(nowMs + 2_000);
    expect(one).toMatchObject({ times: 2, isRegular: false });
    expect(regulars.size).toBe(0);
  });

  it.each([
    ["speaks seldom", { apartMs: 1_500 }],
    ["says much", { bytes: 5_000 }],
    ["has said little so far", { reads: 5 }],
    ["said all at once", { apartMs: 0 }],
  ])("are none of which one %s", (_about, fields) => {
    const regulars = new Regulars();
    const one = new One();
    regulars.readSome(talk(regulars, one, fields));
    expect(one).toMatchObject({ times: 0, isRegular: false });
  });

  it("are no longer regulars from when they say much", () => {
    const regulars = new Regulars();
    const one = new One();
    const nowMs = talk(regulars, one);
    regulars.note(one, 60_000, nowMs);
    regulars.readSome(nowMs);
    expect(one).toMatchObject({ times: 0, isRegular: false });
    regulars.readSome(talk(regulars, one, { fromMs: nowMs }));
    expect(one.times).toBe(1);
  });

  it("have their turns, some at a time, and are not more than a few hundred", () => {
    const regulars = new Regulars();
    const many = Array.from({ length: 300 }, () => new One());
    let nowMs = 0;
    for (const one of many) nowMs = talk(regulars, one);
    expect(regulars.size).toBe(256);
    regulars.readSome(nowMs);
    expect(many.filter(({ times }) => times > 0)).toHaveLength(32);
    for (let round = 1; round < 8; round += 1) regulars.readSome(nowMs);
    expect(many.filter(({ times }) => times === 1)).toHaveLength(256);
    const [first] = many;
    if (first !== undefined) regulars.forget(first);
    expect(regulars.size).toBe(255);
  });
});
