import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Sender as SenderByMap } from "../src/flow/sender-by-map.ts";
import { Sender as SenderByArrays } from "../src/flow/sender.ts";
import type { ExchangeState, Sender as FullSender } from "../src/flow/sender.ts";

/** What all implementations have. */
type AnySender<T> = Omit<FullSender<T>, "progress" | "heldBytes" | "last">;

const REFUSED = 0x87;

const ACTIONS = [
  "begin1",
  "begin1",
  "begin2",
  "begin2",
  "lend",
  "puback",
  "pubrec",
  "refuse",
  "pubcomp",
  "giveBack",
] as const;

interface Step {
  readonly action: (typeof ACTIONS)[number];
  readonly identifier: number;
  readonly item: number;
}

/** What a step answers: an identifier, "no", "release", or the item of what was finished. */
type Outcome = number | string | undefined;

interface ModelExchange {
  readonly state: ExchangeState | "lent";
  readonly item: number | undefined;
}

/** The same with a Map, whose order is the order of resumption. */
class ModelSender {
  readonly exchanges: Map<number, ModelExchange> = new Map();

  /** What the step ought to answer; which identifier is taken is free, as long as it was. */
  run({ action, identifier, item }: Step, outcome: Outcome): Outcome {
    if (action === "begin1") return this.take(outcome, { state: "awaitingPuback", item });
    if (action === "begin2") return this.take(outcome, { state: "awaitingPubrec", item });
    if (action === "lend") return this.take(outcome, { state: "lent", item: undefined });
    if (action === "puback") return this.finish(identifier, "awaitingPuback");
    if (action === "pubrec") return this.pubrec(identifier);
    if (action === "refuse") return this.finish(identifier, "awaitingPubrec");
    if (action === "pubcomp") return this.finish(identifier, "awaitingPubcomp");
    return this.finish(identifier, "lent");
  }

  take(outcome: Outcome, exchange: ModelExchange): Outcome {
    const identifier = Number(outcome);
    const isFree = identifier >= 1 && identifier <= 65_535 && !this.exchanges.has(identifier);
    this.exchanges.set(identifier, exchange);
    return isFree ? identifier : "a free identifier";
  }

  finish(identifier: number, state: ExchangeState | "lent"): Outcome {
    const exchange = this.exchanges.get(identifier);
    if (exchange?.state !== state) return "no";
    this.exchanges.delete(identifier);
    return exchange.item;
  }

  pubrec(identifier: number): Outcome {
    const exchange = this.exchanges.get(identifier);
    if (exchange?.state === "awaitingPubcomp") return "release";
    if (exchange?.state !== "awaitingPubrec") return "no";
    this.exchanges.delete(identifier);
    this.exchanges.set(identifier, { ...exchange, state: "awaitingPubcomp" });
    return "release";
  }

  resume(): unknown[] {
    return [...this.exchanges]
      .filter(([, { state }]) => state !== "lent")
      .map(([identifier, { state, item }]) => ({ identifier, state, item }));
  }
}

function run(sender: AnySender<number>, { action, identifier, item }: Step): Outcome {
  if (action === "begin1") return sender.begin(1, item);
  if (action === "begin2") return sender.begin(2, item);
  if (action === "lend") return sender.lend();
  if (action === "puback") return sender.puback(identifier) ? sender.finished : "no";
  if (action === "pubcomp") return sender.pubcomp(identifier) ? sender.finished : "no";
  if (action === "giveBack") return sender.giveBack(identifier) ? undefined : "no";
  return runPubrec(sender, identifier, action === "refuse" ? REFUSED : 0);
}

function runPubrec(sender: AnySender<number>, identifier: number, reasonCode: number): Outcome {
  const result = sender.pubrec(identifier, reasonCode);
  if (result === "unknown") return "no";
  return result === "finished" ? sender.finished : result;
}

function restart(sender: AnySender<number>, restarted: AnySender<number>): AnySender<number> {
  for (const { identifier, state, item } of sender.resume()) {
    restarted.restore(identifier, state, item);
  }
  return restarted;
}

describe.each([
  ["in Node", SenderByArrays],
  ["in browsers", SenderByMap],
])("%s", (_platform, Sender) => {
  describe("the Sender of QoS 1", () => {
    test("[MQTT-4.3.2-1] [MQTT-4.3.2-3] keeps a message until its PUBACK", () => {
      const sender = new Sender<string>();
      const identifier = sender.begin(1, "m");
      expect(identifier).toBe(1);
      expect(sender.state(identifier)).toBe("awaitingPuback");
      expect(sender.item(identifier)).toBe("m");
      expect(sender.inFlight).toBe(1);
      expect(sender.puback(identifier)).toBe(true);
      expect(sender.finished).toBe("m");
      expect(sender.inFlight).toBe(0);
      expect(sender.state(identifier)).toBeUndefined();
    });

    test("[MQTT-4.4.0-2] does not send it again after its PUBACK", () => {
      const sender = new Sender<string>();
      sender.puback(sender.begin(1, "m"));
      expect([...sender.resume()]).toEqual([]);
    });

    test("ignores acknowledgements of another kind, repeated, or for no exchange", () => {
      const sender = new Sender<string>();
      const identifier = sender.begin(1, "m");
      expect(sender.pubrec(identifier, 0)).toBe("unknown");
      expect(sender.pubrec(identifier, REFUSED)).toBe("unknown");
      expect(sender.pubcomp(identifier)).toBe(false);
      for (const other of [0, 2, 17, 65_535, 65_537, -15]) expect(sender.puback(other)).toBe(false);
      expect(sender.puback(identifier)).toBe(true);
      expect(sender.puback(identifier)).toBe(false);
      expect(sender.inFlight).toBe(0);
    });
  });

  describe("the Sender of QoS 2", () => {
    test("[MQTT-4.3.3-1] [MQTT-4.3.3-4] [MQTT-4.3.3-5] goes by PUBREC and PUBREL to PUBCOMP", () => {
      const sender = new Sender<string>();
      const identifier = sender.begin(2, "m");
      expect(sender.state(identifier)).toBe("awaitingPubrec");
      expect(sender.pubcomp(identifier)).toBe(false);
      expect(sender.puback(identifier)).toBe(false);
      expect(sender.pubrec(identifier, 0x10)).toBe("release");
      expect(sender.state(identifier)).toBe("awaitingPubcomp");
      expect(sender.inFlight).toBe(1);
      expect(sender.pubcomp(identifier)).toBe(true);
      expect(sender.finished).toBe("m");
      expect(sender.inFlight).toBe(0);
    });

    test("[MQTT-4.3.3-4] [MQTT-4.4.0-2] ends at a PUBREC of 0x80 or above", () => {
      const sender = new Sender<string>();
      expect(sender.pubrec(sender.begin(2, "last success"), 0x7f)).toBe("release");
      expect(sender.pubrec(sender.begin(2, "first failure"), 0x80)).toBe("finished");
      expect(sender.finished).toBe("first failure");
      expect([...sender.resume()].map(({ item }) => item)).toEqual(["last success"]);
    });

    test("answers a repeated PUBREC by PUBREL again, and ignores a refusal after it", () => {
      const sender = new Sender<string>();
      const identifier = sender.begin(2, "m");
      sender.pubrec(identifier, 0);
      expect(sender.pubrec(identifier, 0)).toBe("release");
      expect(sender.pubrec(identifier, REFUSED)).toBe("unknown");
      expect(sender.pubrec(9, 0)).toBe("unknown");
      expect(sender.pubcomp(identifier)).toBe(true);
    });

    test("[MQTT-4.3.3-6] never sends PUBLISH again after PUBREC, so its item can be let go", () => {
      const sender = new Sender<string>();
      const identifier = sender.begin(2, "m");
      sender.pubrec(identifier, 0);
      expect(sender.replaceItem(identifier, undefined)).toBe(true);
      expect([...sender.resume()]).toEqual([
        { identifier, state: "awaitingPubcomp", item: undefined },
      ]);
      expect(sender.replaceItem(identifier + 1, "x")).toBe(false);
      expect(sender.item(identifier + 1)).toBeUndefined();
    });
  });

  describe("resuming a Session", () => {
    test("[MQTT-4.4.0-1] [MQTT-4.6.0-1] sends PUBLISH again in the order of first sending", () => {
      const sender = new Sender<number>();
      for (let message = 0; message < 65_530; message += 1) sender.puback(sender.begin(1, message));
      const identifiers = Array.from({ length: 10 }, (_, message) => sender.begin(2, message));
      expect(identifiers.slice(4, 6)).toEqual([65_535, 1]);
      expect([...sender.resume()]).toEqual(
        identifiers.map((identifier, item) => ({ identifier, state: "awaitingPubrec", item })),
      );
    });

    test("[MQTT-4.6.0-4] sends PUBREL again in the order of the PUBRECs", () => {
      const sender = new Sender<string>();
      const [a, b, c] = [sender.begin(2, "a"), sender.begin(2, "b"), sender.begin(1, "c")];
      sender.pubrec(b, 0);
      sender.pubrec(a, 0);
      expect([...sender.resume()].map(({ identifier }) => identifier)).toEqual([c, b, a]);
    });

    test("can be paused, and leaves out what was acknowledged or begun meanwhile", () => {
      const sender = new Sender<string>();
      const [a, b, c] = [sender.begin(1, "a"), sender.begin(1, "b"), sender.begin(2, "c")];
      sender.begin(1, "d");
      const steps = sender.resume();
      expect(steps.next().value).toMatchObject({ identifier: a, item: "a" });
      sender.puback(b);
      sender.pubrec(c, 0);
      for (let count = 0; count < 100; count += 1) sender.begin(1, "later");
      expect([...steps].map(({ item }) => item)).toEqual(["d"]);
    });

    test("leaves out what was finished meanwhile, when nothing took its place", () => {
      const sender = new Sender<string>();
      sender.begin(1, "a");
      const b = sender.begin(1, "b");
      const steps = sender.resume();
      steps.next();
      sender.puback(b);
      expect([...steps]).toEqual([]);
    });

    test("leaves out an identifier that was given to another message meanwhile", () => {
      const sender = new Sender<string>();
      sender.begin(1, "first");
      sender.begin(1, "old");
      const steps = sender.resume();
      steps.next();
      sender.clear();
      sender.begin(1, "new");
      sender.begin(1, "new");
      expect([...steps]).toEqual([]);
    });

    test("gives what rebuilds the exchanges from storage", () => {
      const sender = new Sender<string>();
      sender.begin(1, "a");
      sender.pubrec(sender.begin(2, "b"), 0);
      sender.begin(2, "c");
      const restored = new Sender<string>();
      for (const { identifier, state, item } of sender.resume()) {
        restored.restore(identifier, state, item);
      }
      expect([...restored.resume()]).toEqual([...sender.resume()]);
      expect(restored.inFlight).toBe(3);
      expect(restored.begin(1, "d")).toBe(4);
      restored.invariants();
    });

    test("refuses to restore an identifier twice, or one that is none", () => {
      const sender = new Sender<string>();
      sender.restore(7, "awaitingPuback", "m");
      expect(() => sender.restore(7, "awaitingPubrec", "n")).toThrow(
        "Packet Identifier 7 is in use",
      );
      expect(() => sender.restore(0, "awaitingPubrec", "n")).toThrow(RangeError);
      expect([...sender.resume()]).toHaveLength(1);
    });
  });

  describe("identifiers lent to SUBSCRIBE and UNSUBSCRIBE", () => {
    test("[MQTT-2.2.1-3] are of the same set as those of PUBLISH, and no exchange", () => {
      const sender = new Sender<string>();
      const publish = sender.begin(1, "m");
      const subscribe = sender.lend();
      expect(subscribe).toBe(2);
      expect(sender.begin(2, "n")).toBe(3);
      expect(sender.inFlight).toBe(2);
      expect(sender.state(subscribe)).toBeUndefined();
      expect(sender.puback(subscribe)).toBe(false);
      expect(sender.pubrec(subscribe, 0)).toBe("unknown");
      expect(sender.replaceItem(subscribe, "x")).toBe(false);
      expect([...sender.resume()].map(({ item }) => item)).toEqual(["m", "n"]);
      expect(sender.giveBack(publish)).toBe(false);
      expect(sender.giveBack(subscribe)).toBe(true);
      expect(sender.giveBack(subscribe)).toBe(false);
    });

    test("are none when all identifiers are in use", () => {
      const sender = new Sender<number>();
      for (let count = 0; count < 65_535; count += 1) sender.begin(1, count);
      expect(sender.lend()).toBe(0);
      expect(sender.begin(2, 0)).toBe(0);
      sender.puback(1_000);
      expect(sender.lend()).toBe(1_000);
      sender.invariants();
    });
  });

  test("[MQTT-2.2.1-4] round and round past exchanges that are never acknowledged", () => {
    const sender = new Sender<string>();
    const held = [sender.begin(1, "held"), sender.begin(2, "held"), sender.lend()];
    for (let round = 0; round < 200_000; round += 1) {
      const identifier = sender.begin(1, "passing");
      if (held.includes(identifier) || !sender.puback(identifier)) throw new Error(`${identifier}`);
    }
    expect([...sender.resume()].map(({ item }) => item)).toEqual(["held", "held"]);
    sender.invariants();
  });

  test("clearing forgets all", () => {
    const sender = new Sender<string>();
    sender.begin(1, "m");
    sender.puback(sender.begin(1, "n"));
    sender.lend();
    sender.clear();
    expect([...sender.resume()]).toEqual([]);
    expect(sender.inFlight).toBe(0);
    expect(sender.finished).toBeUndefined();
    expect(sender.begin(1, "o")).toBe(1);
    sender.invariants();
  });

  test("the Sender does what a plain map does, also around 65535 and after a restart", () => {
    const step = fc.record({
      action: fc.constantFrom(...ACTIONS),
      /** Chooses among the identifiers in use, or is one itself. */
      choice: fc.nat(65_600),
      isExisting: fc.boolean(),
      isRestart: fc.integer({ min: 0, max: 50 }).map((value) => value === 0),
    });
    const used = fc.oneof(fc.nat(20), fc.integer({ min: 65_500, max: 65_534 }));
    fc.assert(
      fc.property(used, fc.array(step, { size: "+2", maxLength: 400 }), (usedCount, steps) => {
        let sender: AnySender<number> = new Sender<number>();
        const model = new ModelSender();
        for (let count = 0; count < usedCount; count += 1) sender.puback(sender.begin(1, 0));
        for (const [item, { action, choice, isExisting, isRestart }] of steps.entries()) {
          const inUse = [...model.exchanges.keys()];
          const identifier = (isExisting ? inUse[choice % inUse.length] : undefined) ?? choice;
          const outcome = run(sender, { action, identifier, item });
          strictEqual(outcome, model.run({ action, identifier, item }, outcome));
          if (isRestart && ![...model.exchanges.values()].some(({ state }) => state === "lent")) {
            sender = restart(sender, new Sender<number>());
          }
        }
        expect([...sender.resume()]).toEqual(model.resume());
        expect(sender.inFlight).toBe(model.resume().length);
        sender.invariants();
      }),
      { numRuns: 200 },
    );
  });
});

describe("progress", () => {
  test("grows with whatever happens to an exchange", () => {
    const sender = new SenderByArrays<string>();
    const seen = [sender.progress];
    const note = (): void => void seen.push(sender.progress);
    const first = sender.begin(1, "a");
    note();
    const second = sender.begin(2, "b");
    note();
    sender.puback(first);
    note();
    sender.pubrec(second, 0);
    note();
    sender.pubcomp(second);
    note();
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.toSorted((one, other) => one - other)).toEqual(seen);
    sender.puback(9);
    expect(sender.progress).toBe(seen.at(-1));
  });
});
