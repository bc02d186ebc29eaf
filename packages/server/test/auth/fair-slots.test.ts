import { describe, expect, it } from "vitest";
import { FairQueue } from "../../src/auth/fair-queue.ts";
import { FairSlots } from "../../src/auth/fair-slots.ts";
import type { FairSlotLimits } from "../../src/auth/fair-slots.ts";
import { MqttServerBusyError } from "../../src/errors.ts";

const ann = { address: "10.0.0.1", userName: "ann" };
const stranger = (number: number, address = "10.0.0.9"): { address: string; userName: string } => ({
  address,
  userName: `guess ${number}`,
});

describe("a fair queue", () => {
  function taken(queue: FairQueue<string>): string[] {
    const items: string[] = [];
    for (let item = queue.take(); item !== undefined; item = queue.take()) items.push(item);
    return items;
  }

  it("has addresses take turns", () => {
    const queue = new FairQueue<string>(10);
    for (const number of [1, 2, 3]) queue.add(stranger(number), `s${number}`);
    queue.add(ann, "ann");
    expect(taken(queue)).toEqual(["s1", "ann", "s2", "s3"]);
  });

  it("has the users of one address take turns", () => {
    const queue = new FairQueue<string>(10);
    for (const number of [1, 2, 3]) queue.add({ ...ann, userName: "guessed" }, `g${number}`);
    queue.add(ann, "ann");
    expect(taken(queue)).toEqual(["g1", "ann", "g2", "g3"]);
  });

  it("takes a place from who has most of them when it is full", () => {
    const queue = new FairQueue<string>(3);
    for (const number of [1, 2, 3])
      expect(queue.add(stranger(number), `s${number}`)).toBeUndefined();
    expect(queue.add(stranger(4), "s4")).toBe("s4");
    expect(queue.add(ann, "ann")).toBe("s3");
    expect(queue.add(stranger(5), "s5")).toBe("s5");
    expect(taken(queue)).toEqual(["s1", "ann", "s2"]);
  });

  it("takes it from the user who has most of them at that address", () => {
    const queue = new FairQueue<string>(3);
    for (const number of [1, 2, 3]) queue.add({ ...ann, userName: "guessed" }, `g${number}`);
    expect(queue.add(ann, "ann")).toBe("g3");
  });

  it("lets those out that are not wanted", () => {
    const queue = new FairQueue<string>(3);
    for (const number of [1, 2, 3]) queue.add(stranger(number), `s${number}`);
    expect(queue.sweep((item) => item === "s2")).toEqual(["s1", "s3"]);
    expect(taken(queue)).toEqual(["s2"]);
  });
});

/** Work that ends when a test says so. */
class Works {
  readonly begun: string[] = [];
  readonly #ends: (() => void)[] = [];

  work(name: string): () => Promise<string> {
    return () => {
      this.begun.push(name);
      return new Promise((resolve) => this.#ends.push(() => resolve(name)));
    };
  }

  async endOne(): Promise<void> {
    this.#ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function slots(limits: Partial<FairSlotLimits>): FairSlots {
  return new FairSlots({ atOnce: 1, waitingMax: 100, waitMs: 5_000, what: "an answer", ...limits });
}

describe("fair slots", () => {
  it("do a few at a time", async () => {
    const [checks, works] = [slots({ atOnce: 2 }), new Works()];
    const results = [1, 2, 3, 4].map((number) =>
      checks.run(stranger(number), works.work(String(number))),
    );
    expect(works.begun).toEqual(["1", "2"]);
    await works.endOne();
    expect(works.begun).toEqual(["1", "2", "3"]);
    for (let count = 0; count < 3; count += 1) await works.endOne();
    expect(await Promise.all(results)).toEqual(["1", "2", "3", "4"]);
  });

  it("refuse at once what the queue has no place for", async () => {
    const [checks, works] = [slots({ atOnce: 1, waitingMax: 1 }), new Works()];
    const first = checks.run(stranger(1), works.work("1"));
    const second = checks.run(stranger(2), works.work("2"));
    await expect(checks.run(stranger(3), works.work("3"))).rejects.toThrow(MqttServerBusyError);
    await works.endOne();
    await works.endOne();
    expect(await Promise.all([first, second])).toEqual(["1", "2"]);
    expect(works.begun).toEqual(["1", "2"]);
  });

  it("leave those whose client has gone, before a newcomer is refused", async () => {
    const [checks, works] = [slots({ atOnce: 1, waitingMax: 2 }), new Works()];
    const first = checks.run(stranger(1), works.work("1"));
    let isAwaited = true;
    const gone = [2, 3].map((number) =>
      checks
        .run({ ...stranger(number), isAwaited: () => isAwaited }, works.work("gone"))
        .catch((error: unknown) => error),
    );
    isAwaited = false;
    const last = checks.run(stranger(4), works.work("4"));
    for (const error of await Promise.all(gone)) expect(error).toBeInstanceOf(MqttServerBusyError);
    await works.endOne();
    await works.endOne();
    expect(await Promise.all([first, last])).toEqual(["1", "4"]);
    expect(works.begun).toEqual(["1", "4"]);
  });

  it("leave what has waited too long", async () => {
    const [checks, works] = [slots({ atOnce: 1, waitMs: 0 }), new Works()];
    const first = checks.run(stranger(1), works.work("1"));
    const late = checks.run(stranger(2), works.work("2"));
    const refusal = late.catch((error: unknown) => error);
    await works.endOne();
    expect(await refusal).toMatchObject({ message: "an answer did not come in time" });
    expect(await first).toBe("1");
  });

  it("keep nothing of those who were served, and take no longer for thousands that wait", async () => {
    const [checks, works] = [slots({ waitingMax: 2_000 }), new Works()];
    const first = checks.run(ann, works.work("first"));
    let refused = 0;
    for (let number = 0; number < 20_000; number += 1) {
      const guess = stranger(number, `10.1.${number % 200}.1`);
      checks.run(guess, works.work("guess")).catch(() => (refused += 1));
    }
    const honest = checks.run({ ...ann, userName: "bob" }, works.work("bob"));
    for (let count = 0; count < 202; count += 1) await works.endOne();
    // One round of all addresses, and it was its turn.
    expect([await first, await honest]).toEqual(["first", "bob"]);
    expect(refused).toBe(18_001);
  });

  it("go on after a check that failed", async () => {
    const checks = slots({ atOnce: 1 });
    await expect(checks.run(ann, () => Promise.reject(new Error("broken")))).rejects.toThrow(
      "broken",
    );
    expect(await checks.run(ann, () => Promise.resolve("next"))).toBe("next");
  });
});
