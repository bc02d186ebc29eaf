import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../src/errors.ts";
import { IncomingTopicAliases, OutgoingTopicAliases } from "../src/flow/topic-aliases.ts";

describe("incoming Topic Aliases", () => {
  test("[MQTT-3.3.2-10] [MQTT-3.3.2-12] may be any from 1 to the maximum, and given anew", () => {
    const aliases = new IncomingTopicAliases(65_535);
    aliases.set(1, "a");
    aliases.set(65_535, "b");
    expect([aliases.get(1), aliases.get(65_535)]).toEqual(["a", "b"]);
    aliases.set(1, "c");
    expect(aliases.get(1)).toBe("c");
  });

  test.each([0, 4, 65_535])(
    "[MQTT-3.3.2-8] [MQTT-3.3.2-9] [MQTT-3.3.2-11] are refused with 0x94 outside of 1..3: %d",
    (alias) => {
      const aliases = new IncomingTopicAliases(3);
      expect(reasonCode(() => aliases.set(alias, "a"))).toBe(0x94);
      expect(reasonCode(() => aliases.get(alias))).toBe(0x94);
    },
  );

  test("[MQTT-3.1.2-27] are refused when the maximum is 0", () => {
    expect(reasonCode(() => new IncomingTopicAliases(0).set(1, "a"))).toBe(0x94);
  });

  test("[MQTT-3.3.2-7] stand for nothing on a new connection: 0x82", () => {
    new IncomingTopicAliases(3).set(1, "a");
    expect(reasonCode(() => new IncomingTopicAliases(3).get(1))).toBe(0x82);
  });
});

describe("outgoing Topic Aliases", () => {
  test("send the topic along the first time only", () => {
    const aliases = new OutgoingTopicAliases(2);
    expect(choose(aliases, "a")).toEqual([1, true]);
    expect(choose(aliases, "a")).toEqual([1, false]);
    expect(choose(aliases, "b")).toEqual([2, true]);
    expect(choose(aliases, "a")).toEqual([1, false]);
  });

  test("[MQTT-3.1.2-27] are not used when the maximum is 0", () => {
    expect(choose(new OutgoingTopicAliases(0), "a")).toEqual([0, true]);
  });

  test("replace the topic that was not used for longest", () => {
    const aliases = new OutgoingTopicAliases(3);
    for (const topic of ["a", "b", "c", "a"]) choose(aliases, topic);
    expect(choose(aliases, "d")).toEqual([2, true]);
    expect(choose(aliases, "a")).toEqual([1, false]);
    expect(choose(aliases, "b")).toEqual([3, true]);
  });

  test("replace with a maximum of 1 too", () => {
    const aliases = new OutgoingTopicAliases(1);
    expect(choose(aliases, "a")).toEqual([1, true]);
    expect(choose(aliases, "b")).toEqual([1, true]);
    expect(choose(aliases, "b")).toEqual([1, false]);
    expect(choose(aliases, "a")).toEqual([1, true]);
  });

  test("or keep the first topics", () => {
    const aliases = new OutgoingTopicAliases(1, "keepFirst");
    expect(choose(aliases, "a")).toEqual([1, true]);
    expect(choose(aliases, "b")).toEqual([0, true]);
    expect(choose(aliases, "a")).toEqual([1, false]);
  });

  test("send the topic along again when the packet was not sent", () => {
    const aliases = new OutgoingTopicAliases(2);
    expect(choose(aliases, "a")).toEqual([1, true]);
    aliases.unsent(1);
    aliases.unsent(2);
    expect(choose(aliases, "a")).toEqual([1, true]);
    expect(choose(aliases, "a")).toEqual([1, false]);
  });

  test.each([-1, 65_536, 0.5])("have a maximum from 0 to 65535, not %d", (maximum) => {
    expect(() => new OutgoingTopicAliases(maximum)).toThrow(RangeError);
    expect(() => new IncomingTopicAliases(maximum)).toThrow(RangeError);
  });

  test("use up to 65535 aliases", () => {
    const aliases = new OutgoingTopicAliases(65_535);
    for (let count = 1; count <= 65_535; count += 1) aliases.choose(`topic ${count}`);
    expect(choose(aliases, "topic 65535")).toEqual([65_535, false]);
    expect(choose(aliases, "one more")).toEqual([1, true]);
    expect(choose(aliases, "topic 2")).toEqual([2, false]);
  });
});

test("[MQTT-3.1.2-26] both ends always mean the same topic, at the least cost", () => {
  const publish = fc.tuple(fc.nat(8), fc.constantFrom("sent", "sent", "sent", "lost"));
  const publishList = fc.array(publish, { size: "+1" });
  const replacement = fc.constantFrom("leastRecentlyUsed" as const, "keepFirst" as const);
  fc.assert(
    fc.property(fc.nat(5), replacement, publishList, (maximum, policy, publishes) => {
      const outgoing = new OutgoingTopicAliases(maximum, policy);
      const incoming = new IncomingTopicAliases(maximum);
      /** The topics that have an alias, the one used last at the end. */
      let recent: string[] = [];
      const known = new Set<string>();
      for (const [number, fate] of publishes) {
        const topic = `t/${number}`;
        const keepsOld = policy === "keepFirst" && recent.length === maximum;
        const isGiven = maximum > 0 && (!keepsOld || recent.includes(topic));
        if (isGiven) recent = [...recent.filter((other) => other !== topic), topic].slice(-maximum);
        for (const other of known) if (!recent.includes(other)) known.delete(other);
        const [alias, topicNeeded] = choose(outgoing, topic);
        expect(alias > 0).toBe(isGiven);
        expect(topicNeeded).toBe(!known.has(topic));
        known.delete(topic);
        if (fate === "lost") {
          outgoing.unsent(alias);
          continue;
        }
        if (isGiven) known.add(topic);
        if (isGiven && topicNeeded) incoming.set(alias, topic);
        expect(isGiven ? incoming.get(alias) : topic).toBe(topic);
      }
    }),
  );
});

function choose(aliases: OutgoingTopicAliases, topic: string): [number, boolean] {
  const alias = aliases.choose(topic);
  return [alias, aliases.topicNeeded];
}

function reasonCode(action: () => unknown): number {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error.reasonCode;
  }
  throw new Error("no ProtocolError was thrown");
}
