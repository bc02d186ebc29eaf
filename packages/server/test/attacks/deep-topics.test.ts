import { afterEach, describe, expect, it } from "vitest";
import { RetainedCursor } from "../../src/core/retained/retained-cursor.ts";
import { SubscriptionTree } from "../../src/core/routing/subscription-tree.ts";
import { CoreHarness, publishPacket, subscribe, subscribePacket } from "../support/core-harness.ts";
import { countCalls, stopCounting } from "./call-counter.ts";

/** What the length of a string in MQTT allows. */
const SLASHES = "/".repeat(65_535);

afterEach(stopCounting);

describe("where an operator allows 128 levels, a topic of 65 536 is refused by itself, and the connection stays:", () => {
  it("in PUBLISH, retained or not", () => {
    const harness = new CoreHarness({ topicLevelsMax: 128 });
    const peer = harness.connect("attacker");
    for (const retain of [false, true, false]) {
      peer.send(publishPacket(SLASHES, "a", { qos: 1, packetIdentifier: 1, retain }));
      expect(peer.receiveOne("puback").reasonCode).toBe(0x90);
    }
    peer.send(publishPacket(SLASHES, "a"), publishPacket(SLASHES, "a"));
    expect(harness.core.retained.count).toBe(0);
    expect(peer.isEnded).toBe(false);
    expect(harness.reports).toEqual([]);
  });

  it("in SUBSCRIBE and UNSUBSCRIBE, shared or not", () => {
    const harness = new CoreHarness({ topicLevelsMax: 128 });
    const peer = harness.connect("attacker");
    const filters = [SLASHES, `$share/g${SLASHES.slice(8)}`, `${"+/".repeat(32_000)}#`, "fine"];
    expect(subscribe(peer, ...filters).reasonCodes).toEqual([0x8f, 0x8f, 0x8f, 2]);
    peer.send({ type: "unsubscribe", packetIdentifier: 2, topicFilters: filters });
    expect(peer.receiveOne("unsuback").reasonCodes).toEqual([0x11, 0x11, 0x11, 0]);
    expect(harness.reports).toEqual([]);
  });

  it("in a Will", () => {
    const harness = new CoreHarness({ topicLevelsMax: 128 });
    const topic = SLASHES.slice(0, 60_000);
    const will = { topic, payload: new Uint8Array(0), qos: 0, retain: true } as const;
    const peer = harness.connecting("attacker", { will });
    expect(peer.receiveOne("connack").reasonCode).toBe(0x90);
  });
});

describe("topics of as many levels as there can be are taken, and nothing recurses by them:", () => {
  const deep = `a${"/a".repeat(32_767)}`;

  it("publishing, subscribing, retaining and their ends", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("attacker");
    const filters = [deep, `+${"/+".repeat(32_767)}`, `a${"/a".repeat(30_000)}/#`];
    expect(subscribe(peer, ...filters).reasonCodes).toEqual([2, 2, 2]);
    peer.send(publishPacket(deep, "live", { retain: true }));
    expect(peer.receiveTexts()).toEqual(["live"]);
    for (const topicFilter of filters) {
      subscribe(peer, topicFilter);
      expect(peer.receiveTexts()).toEqual(["live"]);
    }
    peer.send({ type: "unsubscribe", packetIdentifier: 2, topicFilters: filters });
    expect(peer.receiveOne("unsuback").reasonCodes).toEqual([0, 0, 0]);
    peer.send(publishPacket(deep, "", { retain: true }));
    expect(harness.core.retained.count).toBe(0);
    expect(harness.reports).toEqual([]);
  });

  it("[MQTT-4.7.3-3] slashes alone", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    expect(subscribe(peer, SLASHES).reasonCodes).toEqual([2]);
    peer.send(publishPacket(SLASHES, "first"), publishPacket(SLASHES, "second"));
    expect(peer.receiveTexts()).toEqual(["first", "second"]);
  });

  it("a Will", () => {
    const harness = new CoreHarness();
    const reader = harness.connect("reader");
    subscribe(reader, "#");
    const topic = deep.slice(0, 60_001);
    const will = { topic, payload: Uint8Array.of(0x77), qos: 0, retain: true } as const;
    harness.connect("attacker", { will }).cut();
    expect(reader.receiveTexts()).toEqual(["w"]);
  });
});

describe("the filters of one session", () => {
  const filters = Array.from({ length: 10 }, (_, index) => `${index}${"/a".repeat(32_000)}`);

  it("have a limit for the levels of all, so that few bytes do not fill the memory", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("attacker");
    const reasonCodes = subscribe(peer, ...filters, "few/levels").reasonCodes;
    expect(reasonCodes).toEqual([2, 2, 2, 2, 2, 2, 0x97, 0x97, 0x97, 0x97, 2]);
    // One that is there already may be asked for again, and one that goes makes room.
    expect(subscribe(peer, ...filters.slice(0, 7)).reasonCodes).toEqual([2, 2, 2, 2, 2, 2, 0x97]);
    peer.send({ type: "unsubscribe", packetIdentifier: 2, topicFilters: filters.slice(0, 1) });
    expect(peer.receiveOne("unsuback").reasonCodes).toEqual([0]);
    expect(subscribe(peer, ...filters.slice(0, 2)).reasonCodes).toEqual([2, 2]);
  });

  it("may be one of as many levels as there can be, however few subscriptions are allowed", () => {
    const harness = new CoreHarness({ subscriptionsPerSessionMax: 1 });
    expect(subscribe(harness.connect("c"), SLASHES, "b").reasonCodes).toEqual([2, 0x97]);
  });
});

/** Filters of one topic, each level of which is the literal or `+`: `count` different ones. */
function overlappingFilters(count: number, levels: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    Array.from({ length: levels }, (__, level) =>
      level < 30 && ((index >> (level % 8)) & 1) === 1 ? "+" : "a",
    ).join("/"),
  );
}

describe("hundreds of filters of + that all match a topic of 128 levels", () => {
  it("cost as many steps as they have nodes, not as many as they have combinations", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("attacker");
    const filters = overlappingFilters(256, 128);
    expect(new Set(filters).size).toBe(256);
    expect(new Set(subscribe(peer, ...filters).reasonCodes)).toEqual(new Set([2]));
    const lookUps = countCalls(Map.prototype, "get");
    peer.send(publishPacket(`a${"/a".repeat(127)}`, "x"));
    expect(peer.receiveTexts()).toEqual(["x"]);
    // One look-up for each node on the way, and a few for the packet itself.
    expect(lookUps.count).toBeLessThan(256 * 128 + 5_000);
  });

  it("cost nothing for a topic beside them", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("attacker");
    subscribe(peer, ...overlappingFilters(256, 128));
    const lookUps = countCalls(Map.prototype, "get");
    peer.send(publishPacket("b/b", "x"));
    expect(lookUps.count).toBeLessThan(20);
  });

  it("cost a walk once, not with each message", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("attacker");
    subscribe(peer, ...overlappingFilters(256, 128));
    const walks = countCalls(SubscriptionTree.prototype, "walk");
    const message = publishPacket(`a${"/a".repeat(127)}`, "x");
    peer.send(message, message);
    // In parts, of which each turn has some: far fewer than the 32 768 nodes.
    const once = walks.count;
    expect(once).toBeGreaterThan(0);
    expect(once).toBeLessThan(500);
    for (let index = 0; index < 100; index += 1) peer.send(message, message);
    expect(walks.count).toBe(once);
  });

  it("leave nothing behind when they end", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("attacker");
    subscribe(peer, ...overlappingFilters(256, 128));
    peer.cut();
    const lookUps = countCalls(Map.prototype, "get");
    harness.inject({ topic: `a${"/a".repeat(127)}` });
    expect(lookUps.count).toBeLessThan(20);
    expect(harness.core.statistics.subscriptionsCurrent).toBe(0);
  });
});

/** Steps over retained messages that one turn of the loop may take, whoever asks. */
const STEPS_PER_TURN_MAX = 20_000;

/** A server with 8 000 retained messages. */
function withRetained(): CoreHarness {
  const harness = new CoreHarness();
  for (let index = 0; index < 8_000; index += 1)
    harness.inject({ topic: `t${index}`, retain: true, payload: Uint8Array.of(0x70) });
  return harness;
}

describe("filters that walk over many retained messages do not hold up a turn of the loop:", () => {
  it("one that finds nothing, asked for again and again in one chunk", () => {
    const harness = withRetained();
    const peer = harness.connect("attacker");
    const step = countCalls(RetainedCursor.prototype, "step");
    const packets = Array.from({ length: 1_000 }, () => subscribePacket("+/none"));
    peer.sendChunk(...packets);
    expect(step.count).toBeLessThan(STEPS_PER_TURN_MAX);
    harness.settle();
    expect(peer.receive()).toHaveLength(1_000);
  });

  it("many in one SUBSCRIBE", () => {
    const harness = withRetained();
    const peer = harness.connect("attacker");
    const step = countCalls(RetainedCursor.prototype, "step");
    const filters = Array.from({ length: 1_000 }, (_, index) => `+/none${index}`);
    peer.sendChunk(subscribePacket(...filters));
    expect(step.count).toBeLessThan(STEPS_PER_TURN_MAX);
  });

  it("those of many clients, each of which comes to its turn", () => {
    const harness = withRetained();
    const peers = Array.from({ length: 60 }, (_, index) => harness.connect(`attacker ${index}`));
    const late = harness.connect("late");
    const step = countCalls(RetainedCursor.prototype, "step");
    for (const peer of peers) peer.sendChunk(subscribePacket("+/none"));
    late.sendChunk(subscribePacket("t7999"));
    expect(step.count).toBeLessThan(STEPS_PER_TURN_MAX);
    const { core } = harness;
    const flush = core.flush.bind(core);
    let turnsUntilLate = 0;
    core.flush = () => {
      if (core.statistics.publishesSent === 0) turnsUntilLate += 1;
      step.count = 0;
      flush();
      expect(step.count).toBeLessThan(STEPS_PER_TURN_MAX);
    };
    harness.settle();
    expect(late.receive()).toMatchObject([{ type: "suback" }, { type: "publish" }]);
    // Long before the 480 000 steps of the others were done, which take 30 turns.
    expect(turnsUntilLate).toBeLessThan(25);
  });

  it("and a # gets them all", () => {
    const harness = withRetained();
    const peer = harness.connect("reader");
    peer.send(subscribePacket({ topicFilter: "#", qos: 0 }));
    expect(peer.receive()).toHaveLength(8_001);
  });
});

describe("a SUBSCRIBE with ten thousand wildcard filters that all find retained messages", () => {
  it("costs a number of steps that grows with them, not with their square", () => {
    const harness = new CoreHarness();
    harness.inject({ topic: "a/b", retain: true, payload: Uint8Array.of(1) });
    const peer = harness.connect("attacker");
    const compared = countCalls(Array.prototype, "findIndex", (self) =>
      Array.isArray(self) ? self.length : 0,
    );
    const filters = Array.from({ length: 2_000 }, (_, index) => `+/none${index}`);
    peer.sendChunk(subscribePacket(...filters));
    peer.sendChunk(subscribePacket(...filters));
    expect(compared.count).toBeLessThan(20_000);
  });
});

describe("long topics that come once each", () => {
  it("reach who subscribes to them, before and after subscriptions change", () => {
    const harness = new CoreHarness();
    const [reader, writer] = [harness.connect("reader"), harness.connect("writer")];
    const long = `first level/${"x".repeat(60_000)}`;
    subscribe(reader, "first level/#");
    for (let index = 0; index < 100; index += 1)
      writer.send(publishPacket(`${long}${index}`, String(index)));
    expect(reader.receivePublishes()).toHaveLength(100);
    subscribe(reader, `${long}1`, `${long.slice(0, -1)}/#`);
    writer.send(publishPacket(`${long}1`, "still"), publishPacket(`${long}1`, "still"));
    expect(reader.receiveTexts()).toEqual(["still", "still"]);
    reader.send({ type: "unsubscribe", packetIdentifier: 1, topicFilters: ["first level/#"] });
    writer.send(publishPacket(`${long}2`, "no"), publishPacket(`${long}1`, "yes"));
    expect(reader.receive()).toMatchObject([{ type: "unsuback" }, { type: "publish" }]);
  });
});

describe("topics that each cost thousands of steps to match", () => {
  it("make a client that sends many of them in one read wait for its next turn", () => {
    const harness = new CoreHarness();
    // Each look at the clock finds a turn's time gone.
    harness.msPerLook = 10;
    const peer = harness.connect("attacker");
    subscribe(peer, ...overlappingFilters(256, 128));
    const topics = Array.from({ length: 100 }, (_, index) => `a${"/a".repeat(126)}/${index}`);
    peer.sendChunk(...topics.map((topic) => publishPacket(topic, "x")));
    expect(harness.core.turn.waiting).toBe(1);
    harness.settle();
    expect(harness.core.turn.waiting).toBe(0);
  });
});
