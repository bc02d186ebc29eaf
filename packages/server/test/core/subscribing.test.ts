import { describe, expect, it } from "vitest";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("SUBSCRIBE", () => {
  it("[MQTT-3.8.4-2] [MQTT-3.9.3-1] SUBACK has its identifier and a code for each filter in order", () => {
    const peer = new CoreHarness({ topicLevelsMax: 3 }).connect("c");
    const nested = "$share/g/$share/h/x";
    const filters = ["a", { topicFilter: "b", qos: 1 as const }, "a/b/c/d", nested, "#"];
    const packet = { ...subscribePacket(...filters), packetIdentifier: 77 };
    peer.send(packet);
    const suback = peer.receiveOne("suback");
    expect(suback.packetIdentifier).toBe(77);
    expect(suback.reasonCodes).toEqual([2, 1, 0x8f, 0x8f, 2]);
  });

  it("[MQTT-3.8.4-8] a message comes at the lower of its own and the granted QoS", () => {
    const harness = new CoreHarness();
    for (const granted of [0, 1, 2] as const) {
      const peer = harness.connect(`c${granted}`);
      subscribe(peer, { topicFilter: "a", qos: granted });
      for (const qos of [0, 1, 2] as const) {
        harness.inject({ topic: "a", qos });
        expect(peer.receiveOne("publish").qos).toBe(Math.min(qos, granted));
      }
    }
  });

  it("[MQTT-3.3.4-2] [MQTT-3.3.4-3] overlapping subscriptions give one copy, at the highest QoS, with all identifiers", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    peer.send({
      ...subscribePacket({ topicFilter: "a/#", qos: 0 }),
      properties: { subscriptionIdentifier: 3 },
    });
    peer.send({
      ...subscribePacket({ topicFilter: "a/+", qos: 2 }),
      properties: { subscriptionIdentifier: 300 },
    });
    peer.send(subscribePacket({ topicFilter: "a/b", qos: 1 }));
    peer.receive();
    harness.inject({ topic: "a/b", qos: 2 });
    const publish = peer.receiveOne("publish");
    expect(publish.qos).toBe(2);
    expect(publish.properties?.subscriptionIdentifiers?.toSorted()).toEqual([3, 300]);
  });

  it("[MQTT-3.8.4-3] the same filter again replaces the subscription", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    peer.send({ ...subscribePacket("a"), properties: { subscriptionIdentifier: 3 } });
    peer.send(subscribePacket({ topicFilter: "a", qos: 0 }));
    peer.receive();
    harness.inject({ topic: "a", qos: 2 });
    const publish = peer.receiveOne("publish");
    expect([publish.qos, publish.properties?.subscriptionIdentifiers]).toEqual([0, undefined]);
    expect(harness.core.statistics.subscriptionsCurrent).toBe(1);
  });

  it("[MQTT-3.8.3-3] No Local keeps a client's own messages from it, and no others", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, { topicFilter: "a", noLocal: true });
    for (let time = 0; time < 2; time += 1) peer.send(publishPacket("a", "own"));
    harness.connect("d").send(publishPacket("a", "other"));
    expect(peer.receiveTexts()).toEqual(["other"]);
  });

  it("a bridge of 3.1.1 gets no message of its own back, and sees RETAIN as it was published", () => {
    const harness = new CoreHarness();
    const bridge = harness.connect("b", { protocolVersion: 4, bridge: true });
    subscribe(bridge, "a");
    bridge.send(publishPacket("a", "own"));
    harness.inject({ topic: "a", retain: true });
    expect(bridge.receiveOne("publish")).toMatchObject({ payload: bytesOf(""), retain: true });
  });

  it("[MQTT-3.8.3-4] No Local on a Shared Subscription is a Protocol Error", () => {
    const peer = new CoreHarness().connect("c");
    const bytes = peer.encode(subscribePacket("$share/g/a"));
    peer.send(bytes.with(bytes.length - 1, 0x06));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x82);
  });

  it("[MQTT-4.7.2-1] wildcards at the first level do not match $ topics", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, "#", "+/x", { topicFilter: "$SYS/#", qos: 0 });
    harness.inject({ topic: "$SYS/x", payload: bytesOf("1") });
    harness.inject({ topic: "$other/x", payload: bytesOf("2") });
    expect(peer.receiveTexts()).toEqual(["1"]);
  });

  it("has a limit for each session", () => {
    const peer = new CoreHarness({ subscriptionsPerSessionMax: 2 }).connect("c");
    expect(subscribe(peer, "a", "b", "c", "a").reasonCodes).toEqual([2, 2, 0x97, 2]);
  });

  it("what the server does not offer is refused to 3.1.1 clients filter by filter", () => {
    const off = { wildcardSubscriptionAvailable: false, sharedSubscriptionAvailable: false };
    const peer = new CoreHarness(off).connect("c", { protocolVersion: 4 });
    expect(subscribe(peer, "a", "+", "$share/g/a").reasonCodes).toEqual([2, 0x80, 0x80]);
  });

  it.each([
    ["+", 0xa2],
    ["$share/g/a", 0x9e],
  ])(
    "what the server does not offer is a Protocol Error of 5.0 clients, which were told: %s",
    (filter, reasonCode) => {
      const off = { wildcardSubscriptionAvailable: false, sharedSubscriptionAvailable: false };
      const peer = new CoreHarness(off).connect("c");
      peer.send(subscribePacket(filter));
      expect(peer.receiveOne("disconnect").reasonCode).toBe(reasonCode);
    },
  );
});

describe("UNSUBSCRIBE", () => {
  it.each([4, 5] as const)(
    "[MQTT-3.10.4-1] [MQTT-3.10.4-5] version %i: ends what it names and answers for all",
    (protocolVersion) => {
      const harness = new CoreHarness();
      const peer = harness.connect("c", { protocolVersion });
      subscribe(peer, "a/+", "a/b");
      peer.send({ type: "unsubscribe", packetIdentifier: 9, topicFilters: ["a/+", "none"] });
      const unsuback = peer.receiveOne("unsuback");
      expect(unsuback.packetIdentifier).toBe(9);
      if (protocolVersion === 5) expect(unsuback.reasonCodes).toEqual([0, 0x11]);
      expect(harness.inject({ topic: "a/c" }).matched).toBe(0);
      expect(harness.inject({ topic: "a/b" }).matched).toBe(1);
    },
  );

  it("[MQTT-3.10.4-3] what is in flight is completed", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, "a");
    harness.inject({ topic: "a", qos: 2 });
    const { packetIdentifier } = peer.receiveOne("publish");
    peer.send({ type: "unsubscribe", packetIdentifier: 9, topicFilters: ["a"] });
    peer.send(
      acknowledgement("pubrec", packetIdentifier),
      acknowledgement("pubcomp", packetIdentifier),
    );
    expect(peer.receive().map(({ type }) => type)).toEqual(["unsuback", "pubrel"]);
  });
});

describe("retained messages", () => {
  function keeping(...topics: readonly string[]): CoreHarness {
    const harness = new CoreHarness();
    for (const topic of topics)
      harness.inject({ topic, retain: true, qos: 1, payload: bytesOf(topic) });
    return harness;
  }

  it("[MQTT-3.3.1-9] follow SUBACK with RETAIN set, one for each topic that matches", () => {
    const harness = keeping("a/b", "a/c", "a", "b", "$SYS/x");
    const peer = harness.connect("c");
    peer.send(subscribePacket("a/#"));
    const [suback, ...publishes] = peer.receive();
    expect(suback?.type).toBe("suback");
    expect(publishes.map((packet) => packet.type === "publish" && packet.retain)).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      publishes.map((packet) => (packet.type === "publish" ? packet.topic : "")).toSorted(),
    ).toEqual(["a", "a/b", "a/c"]);
  });

  it("[MQTT-3.3.1-6] [MQTT-3.3.1-7] an empty payload removes one and is itself only delivered", () => {
    const harness = keeping("a");
    const live = harness.connect("live");
    subscribe(live, { topicFilter: "a", retainHandling: 2 });
    harness.inject({ topic: "a", retain: true });
    expect(live.receiveOne("publish").payload).toHaveLength(0);
    expect(harness.core.retained.count).toBe(0);
    const late = harness.connect("late");
    subscribe(late, "a");
    expect(late.receive()).toEqual([]);
  });

  it.each([
    { retainHandling: 0 as const, expected: [1, 1] },
    { retainHandling: 1 as const, expected: [1, 0] },
    { retainHandling: 2 as const, expected: [0, 0] },
  ])(
    "[MQTT-3.3.1-10] [MQTT-3.3.1-11] Retain Handling $retainHandling gives $expected",
    ({ retainHandling, expected }) => {
      const peer = keeping("a").connect("c");
      const counts = expected.map(() => {
        subscribe(peer, { topicFilter: "a", retainHandling });
        return peer.receive().length;
      });
      expect(counts).toEqual(expected);
    },
  );

  it("[MQTT-3.3.1-12] [MQTT-3.3.1-13] RETAIN of a live message is kept where Retain As Published asks for it", () => {
    const harness = new CoreHarness();
    const plain = harness.connect("plain");
    const keeps = harness.connect("keeps");
    subscribe(plain, "a");
    subscribe(keeps, { topicFilter: "a", retainAsPublished: true });
    harness.inject({ topic: "a", retain: true, payload: bytesOf("x") });
    expect(plain.receiveOne("publish").retain).toBe(false);
    expect(keeps.receiveOne("publish").retain).toBe(true);
  });

  it("carry the subscription's own identifier [MQTT-3.3.4-3]", () => {
    const harness = keeping("a");
    const peer = harness.connect("c");
    peer.send({ ...subscribePacket("a"), properties: { subscriptionIdentifier: 5 } });
    const [, publish] = peer.receive();
    expect(publish).toMatchObject({ properties: { subscriptionIdentifiers: [5] } });
  });

  it("keep to Receive Maximum, and the rest follows", () => {
    const topics = Array.from({ length: 5 }, (_, index) => `a/${index}`);
    const peer = keeping(...topics).connect("c", { properties: { receiveMaximum: 2 } });
    subscribe(peer, "a/#");
    const seen: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const publishes = peer.receivePublishes();
      expect(publishes.length).toBeLessThanOrEqual(2);
      seen.push(...publishes.map(({ topic }) => topic));
      for (const { packetIdentifier } of publishes)
        peer.send(acknowledgement("puback", packetIdentifier));
    }
    expect(seen.toSorted()).toEqual(topics);
  });

  it("that are published while others are still owed come once", () => {
    const harness = keeping("a/1", "a/2");
    const peer = harness.connect("c", { properties: { receiveMaximum: 1 } });
    subscribe(peer, "a/#");
    harness.inject({ topic: "a/2", retain: true, qos: 1, payload: bytesOf("new") });
    const seen: unknown[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      for (const { topic, retain, packetIdentifier } of peer.receivePublishes()) {
        seen.push([topic, retain]);
        peer.send(acknowledgement("puback", packetIdentifier));
      }
    }
    expect(seen).toEqual([
      ["a/1", true],
      ["a/2", false],
    ]);
  });

  it("[MQTT-3.8.4-5] come for the first of two equal filters in one packet", () => {
    const peer = keeping("a").connect("c");
    const filter = { topicFilter: "a", retainHandling: 1 } as const;
    subscribe(peer, filter, filter);
    expect(peer.receiveTexts()).toEqual(["a"]);
  });

  it("that were still owed when the link broke come when the session resumes", () => {
    const harness = keeping("a/1", "a/2", "a/3");
    const fields = {
      cleanStart: false,
      properties: { sessionExpiryIntervalSeconds: 100, receiveMaximum: 1 },
    };
    const first = harness.connect("c", fields);
    subscribe(first, "a/#");
    const seen = first.receivePublishes().map(({ topic }) => topic);
    first.cut();
    const second = harness.connect("c", fields);
    for (let turn = 0; turn < 3; turn += 1) {
      for (const publish of second.receivePublishes()) {
        if (!publish.duplicate) seen.push(publish.topic);
        second.send(acknowledgement("puback", publish.packetIdentifier));
      }
    }
    expect(seen.toSorted()).toEqual(["a/1", "a/2", "a/3"]);
  });

  it("have a limit in number and bytes; one more is not retained", () => {
    const harness = new CoreHarness({ retainedMessagesMax: 1 });
    const peer = harness.connect("c");
    const ask = (topic: string, packetIdentifier: number): string | undefined => {
      peer.send(publishPacket(topic, "x", { qos: 1, retain: true, packetIdentifier }));
      return peer.receiveOne("puback").properties?.reasonString;
    };
    const isNot =
      "delivered, but not retained: all clients may have 1 messages and 1073741824 bytes";
    expect([ask("a", 1), ask("b", 2), ask("a", 3)]).toEqual([undefined, isNot, undefined]);
  });
});

describe("Shared Subscriptions", () => {
  function group(harness: CoreHarness, size: number, fields = {}): ScriptedPeer[] {
    return Array.from({ length: size }, (_, index) => {
      const peer = harness.connect(`m${index}`, fields);
      subscribe(peer, "$share/g/a");
      return peer;
    });
  }

  it("[MQTT-4.8.2-4] each message goes to one member, in turns", () => {
    const harness = new CoreHarness();
    const members = group(harness, 3);
    for (let number = 0; number < 9; number += 1) harness.inject({ topic: "a", qos: 1 });
    expect(members.map((peer) => peer.receive().length)).toEqual([3, 3, 3]);
  });

  it("two groups and a plain subscription each get a copy", () => {
    const harness = new CoreHarness();
    const peers = ["$share/g/a", "$share/h/a", "a"].map((filter, index) => {
      const peer = harness.connect(`c${index}`);
      subscribe(peer, filter);
      return peer;
    });
    expect(harness.inject({ topic: "a" }).matched).toBe(3);
    expect(peers.map((peer) => peer.receive().length)).toEqual([1, 1, 1]);
  });

  it("and a plain one of the same client give a copy each", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, "$share/g/a", "$share/h/+", "#");
    harness.connect("p").send(publishPacket("a", "x"), publishPacket("a", "x"));
    expect(peer.receiveTexts()).toHaveLength(6);
  });

  it("get no retained messages", () => {
    const harness = new CoreHarness();
    harness.inject({ topic: "a", retain: true, payload: bytesOf("x") });
    const [member] = group(harness, 1);
    expect(member?.receive()).toEqual([]);
  });

  it("prefer members that are there and keep up", () => {
    const harness = new CoreHarness();
    const members = group(harness, 3, lasting());
    members[0]?.cut();
    members[1]?.freeze();
    harness.inject({ topic: "a", qos: 1 });
    for (let number = 0; number < 4; number += 1) harness.inject({ topic: "a", qos: 1 });
    expect(members[2]?.receive().length).toBeGreaterThanOrEqual(4);
    expect(harness.core.sessions.get("m0")?.queue.length).toBe(0);
  });

  it("[MQTT-3.1.2-24] a message that is too large for one member goes to another, live and in runs", () => {
    for (const hooks of [{}, { interceptingClientEnqueue: () => undefined }]) {
      const harness = new CoreHarness({}, hooks);
      const small = harness.connect("small", { properties: { maximumPacketSize: 40 } });
      const large = harness.connect("large");
      for (const peer of [small, large]) subscribe(peer, "$share/g/a");
      const publisher = harness.connect("p");
      const texts = ["1", "x".repeat(40), "2", "y".repeat(40), "z".repeat(32), "w".repeat(33)];
      // The first finds the way of the topic out; those behind it in the same chunk are a run.
      publisher.send(...texts.map((text) => publishPacket("a", text)));
      publisher.send(...texts.map((text) => publishPacket("a", text)));
      const [few, many] = [small.receiveTexts(), large.receiveTexts()];
      expect([...few, ...many].toSorted()).toEqual([...texts, ...texts].toSorted());
      expect(few.every((text) => text.length <= 34)).toBe(true);
      expect(few.length).toBeGreaterThan(1);
      expect(harness.core.statistics.messagesDropped).toBe(0);
    }
  });

  it("[MQTT-3.1.2-24] what is too large for a member that comes back goes to another", () => {
    for (const hooks of [{}, { interceptingOutboundPacket: () => undefined }]) {
      const harness = new CoreHarness({}, hooks);
      const [first] = group(harness, 1, {
        cleanStart: false,
        properties: { sessionExpiryIntervalSeconds: 100, receiveMaximum: 1 },
      });
      const texts = ["sent", "x".repeat(40), "small", "y".repeat(40)];
      for (const text of texts) harness.inject({ topic: "a", qos: 1, payload: bytesOf(text) });
      expect(first?.receiveTexts()).toEqual(["sent"]);
      first?.cut();
      const other = harness.connect("other");
      subscribe(other, "$share/g/a");
      const properties = { maximumPacketSize: 40, sessionExpiryIntervalSeconds: 100 };
      const again = harness.connect("m0", { cleanStart: false, properties });
      expect(other.receiveTexts()).toEqual([texts[1], texts[3]]);
      expect(again.receiveTexts()).toEqual(["sent", "small"]);
      expect(harness.core.statistics.messagesDropped).toBe(0);
      expect(harness.core.statistics.queuedMessagesCurrent).toBe(0);
    }
  });

  it("[MQTT-3.1.2-24] what it was sent already and is too large now does too, but for QoS 2", () => {
    const harness = new CoreHarness();
    const [first] = group(harness, 1, lasting());
    for (const qos of [1, 2] as const)
      harness.inject({ topic: "a", qos, payload: bytesOf(`${qos}`.repeat(40)) });
    expect(first?.receiveTexts()).toHaveLength(2);
    first?.cut();
    const other = harness.connect("other");
    subscribe(other, "$share/g/a");
    const properties = { maximumPacketSize: 40, sessionExpiryIntervalSeconds: 100 };
    const again = harness.connect("m0", { cleanStart: false, properties });
    expect(other.receiveTexts()).toEqual(["1".repeat(40)]);
    expect(again.receiveTexts()).toEqual([]);
    expect(harness.core.statistics.messagesDropped).toBe(1);
  });

  it("[MQTT-3.1.2-25] a message that is too large for all members is dropped", () => {
    const harness = new CoreHarness();
    const properties = { maximumPacketSize: 40 };
    const members = ["one", "two"].map((name) => harness.connect(name, { properties }));
    for (const member of members) subscribe(member, "$share/g/a");
    harness.inject({ topic: "a", qos: 1, payload: new Uint8Array(40) });
    expect(members.flatMap((member) => member.receive())).toEqual([]);
    expect(harness.core.statistics.messagesDropped).toBe(1);
  });

  it("[MQTT-4.8.2-5] what a member whose session ends leaves goes to another, but for QoS 2 that it was sent", () => {
    const harness = new CoreHarness();
    const [first] = group(harness, 1, { properties: { receiveMaximum: 2 } });
    for (const [index, qos] of ([1, 2, 1, 2] as const).entries()) {
      harness.inject({ topic: "a", qos, payload: bytesOf(String(index + 1)) });
    }
    expect(first?.receiveTexts()).toEqual(["1", "2"]);
    const second = harness.connect("second");
    subscribe(second, "$share/g/a");
    first?.cut();
    expect(second.receiveTexts()).toEqual(["1", "3", "4"]);
    expect(harness.core.statistics.queuedMessagesCurrent).toBe(0);
  });

  it("a member that comes back to its session gets its own messages, and no other member does", () => {
    const harness = new CoreHarness();
    const [first] = group(harness, 1, lasting());
    harness.inject({ topic: "a", qos: 1, payload: bytesOf("1") });
    const second = harness.connect("second");
    subscribe(second, "$share/g/a");
    first?.cut();
    expect(second.receive()).toEqual([]);
    expect(harness.connect("m0", lasting()).receiveTexts()).toEqual(["1"]);
  });
});
