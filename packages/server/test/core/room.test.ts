import { describe, expect, it } from "vitest";
import type { QoS } from "@anax/protocol";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { acknowledgement, CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const SMALL: Partial<CoreOptions> = { queueMessagesMax: 10, inFlightMax: 5 };
const ROOM = 15;

/** A client that gets at most five messages at a time. */
function reader(
  harness: CoreHarness,
  clientId: string,
  filter: string,
  qos: QoS = 1,
): ScriptedPeer {
  const peer = harness.connect(clientId);
  subscribe(peer, { topicFilter: filter, qos });
  return peer;
}

/** One QoS 1 message of a publisher; true if it was acknowledged with success. */
function publish(peer: ScriptedPeer, topic: string, text: string, packetIdentifier = 1): void {
  peer.send(publishPacket(topic, text, { qos: 1, packetIdentifier }));
}

/** Takes all that has come and acknowledges it; gives the texts. */
function take(peer: ScriptedPeer): string[] {
  const texts: string[] = [];
  for (const packet of peer.receive()) {
    if (packet.type !== "publish") continue;
    texts.push(new TextDecoder().decode(packet.payload));
    const identifier = packet.packetIdentifier ?? 0;
    if (packet.qos === 1) peer.send(acknowledgement("puback", identifier));
    if (packet.qos === 2)
      peer.send(acknowledgement("pubrec", identifier), acknowledgement("pubcomp", identifier));
  }
  return texts;
}

/** Takes until nothing more comes. */
function drain(peer: ScriptedPeer): string[] {
  const texts: string[] = [];
  for (let some = take(peer); some.length > 0; some = take(peer)) texts.push(...some);
  return texts;
}

function acknowledged(peer: ScriptedPeer): number[] {
  return peer
    .receive()
    .flatMap((packet) => (packet.type === "puback" ? [packet.reasonCode ?? 0] : []));
}

/** Fills the queue of whoever gets `topic`, by publishers that are acknowledged. */
function fill(harness: CoreHarness, topic: string, count = ROOM): void {
  const peer = harness.connect("filler");
  for (let index = 0; index < count; index += 1) publish(peer, topic, `f${index}`, index + 1);
  expect(acknowledged(peer)).toHaveLength(count);
}

/** Clients whose connections end without DISCONNECT, with Wills of QoS 1. */
function die(harness: CoreHarness, count: number, payload: Uint8Array): void {
  const dying = Array.from({ length: count }, (_item, index) =>
    harness.connect(`d${index}`, {
      will: { topic: `will/${index}`, payload, qos: 1, retain: false },
    }),
  );
  for (const peer of dying) peer.cut();
}

describe("a burst of many publishers to one client that reads", () => {
  const hooks: [string, Hooks][] = [
    ["in runs", {}],
    ["singly", { interceptingClientEnqueue: () => undefined }],
  ];
  for (const [name, hook] of hooks) {
    it(`arrives whole, ${name}, each publisher's acknowledgement waiting for it`, () => {
      const harness = new CoreHarness(SMALL, hook);
      const receiver = reader(harness, "r", "a/#");
      const publishers = Array.from({ length: 200 }, (_item, index) =>
        harness.connect(`p${index}`),
      );
      for (const [index, peer] of publishers.entries()) publish(peer, `a/${index}`, `m${index}`);
      expect(publishers.filter((peer) => acknowledged(peer).length > 0)).toHaveLength(ROOM);
      expect(harness.core.rooms.messages).toBe(200 - ROOM);
      const texts = drain(receiver);
      expect(texts).toEqual(publishers.map((_peer, index) => `m${index}`));
      const later = publishers.slice(ROOM).flatMap(acknowledged);
      expect(later).toEqual(Array.from({ length: 200 - ROOM }, () => 0));
      expect(harness.core.statistics.messagesDropped).toBe(0);
      expect(harness.core.rooms).toMatchObject({ messages: 0, bytes: 0 });
      harness.advance(20_000);
      expect(harness.core.rooms.size).toBe(0);
      expect(harness.core.works.count).toBe(0);
      expect(harness.reports).toEqual([]);
    });
  }

  it("arrives once at QoS 2, and in order for each publisher", () => {
    const harness = new CoreHarness(SMALL);
    const receiver = reader(harness, "r", "a", 2);
    const publishers = Array.from({ length: 30 }, (_item, index) => harness.connect(`p${index}`));
    for (let round = 1; round <= 3; round += 1)
      for (const [index, peer] of publishers.entries())
        peer.send(publishPacket("a", `${index} ${round}`, { qos: 2, packetIdentifier: round }));
    const texts = drain(receiver);
    expect(texts).toHaveLength(90);
    expect(new Set(texts).size).toBe(90);
    for (const index of publishers.keys())
      expect(texts.filter((text) => text.startsWith(`${index} `))).toEqual([
        `${index} 1`,
        `${index} 2`,
        `${index} 3`,
      ]);
  });

  it("arrives whole where it is of Wills, which keep no publisher waiting", () => {
    const harness = new CoreHarness(SMALL);
    const receiver = reader(harness, "r", "will/#");
    const dying = Array.from({ length: 100 }, (_item, index) =>
      harness.connect(`d${index}`, {
        will: { topic: `will/${index}`, payload: Uint8Array.of(65), qos: 1, retain: false },
      }),
    );
    for (const peer of dying) peer.cut();
    expect(harness.core.rooms).toMatchObject({ messages: 0, wills: 100 - ROOM });
    harness.advance(2_000);
    expect(harness.core.statistics).toMatchObject({ messagesDropped: 0, receiversSlow: 0 });
    expect(drain(receiver)).toHaveLength(100);
    expect(harness.core.works.count).toBe(0);
    expect(harness.core.rooms).toMatchObject({ wills: 0, willBytes: 0 });
  });

  it("arrives whole where it is of Wills larger than all that may wait of publishers, for as long as the client takes some", () => {
    const harness = new CoreHarness({
      ...SMALL,
      queueBytesMax: 200_000,
      roomWaitBytesMax: 300_000,
      roomWaitMs: 3_000,
    });
    const receiver = reader(harness, "r", "will/#");
    const payload = new Uint8Array(60_000);
    die(harness, 40, payload);
    expect(harness.core.rooms.willBytes).toBeGreaterThan(1_500_000);
    let count = 0;
    // Five at a time, every two seconds: sixteen in all.
    for (let round = 0; round < 10; round += 1) {
      harness.advance(2_000);
      for (const packet of receiver.receive()) {
        if (packet.type !== "publish") continue;
        count += 1;
        receiver.sendChunk(acknowledgement("puback", packet.packetIdentifier ?? 0));
      }
    }
    count += drain(receiver).length;
    expect(count).toBe(40);
    expect(harness.core.statistics).toMatchObject({ messagesDropped: 0, receiversSlow: 0 });
  });

  it("waits no longer than roomWaitMs where it is of Wills and the client takes nothing, nor beyond the total", () => {
    const harness = new CoreHarness({ ...SMALL, roomWaitMs: 3_000 });
    reader(harness, "r", "will/#");
    die(harness, 40, Uint8Array.of(65));
    harness.advance(2_999);
    expect(harness.core.rooms.wills).toBe(40 - ROOM);
    harness.advance(1);
    expect(harness.core.rooms.wills).toBe(0);
    expect(harness.core.statistics.messagesDroppedQueue).toBe(40 - ROOM);
    const limits = { queueBytesMax: 50_000, backlogTotalBytesMax: 100_000 };
    const bounded = new CoreHarness({ ...SMALL, ...limits });
    reader(bounded, "r", "will/#");
    die(bounded, 60, new Uint8Array(10_000));
    expect(bounded.core.rooms.willBytes).toBeLessThan(100_000);
    expect(bounded.core.rooms.wills).toBeGreaterThan(0);
    expect(bounded.core.statistics.messagesDropped).toBeGreaterThan(0);
  });

  it("goes on in several turns where hundreds wait", () => {
    const ports = { budget: { ms: Infinity, steps: 1 } };
    const limits = { queueMessagesMax: 300, inFlightMax: 300 };
    const harness = new CoreHarness(limits, {}, undefined, ports);
    const receiver = harness.connect("r", { properties: { receiveMaximum: 300 } });
    subscribe(receiver, { topicFilter: "a", qos: 1 });
    const { core } = harness;
    const message = { topic: "a", payload: Uint8Array.of(65), qos: 1, retain: false } as const;
    const failed = (error: unknown): never => {
      throw error;
    };
    for (let index = 0; index < 850; index += 1) core.inject(message, {}, () => undefined, failed);
    harness.settle();
    expect(core.rooms.messages).toBe(250);
    for (const packet of receiver.receive())
      if (packet.type === "publish")
        receiver.sendChunk(acknowledgement("puback", packet.packetIdentifier ?? 0));
    let most = 0;
    for (let before = core.rooms.messages; before > 0; before = core.rooms.messages) {
      harness.turn();
      most = Math.max(most, before - core.rooms.messages);
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(50);
    expect(drain(receiver)).toHaveLength(550);
  });

  it("keeps one copy of a Will, from CONNECT until it is sent", () => {
    const harness = new CoreHarness();
    harness.connect("d", {
      will: { topic: "will", payload: new Uint8Array(10_000), qos: 1, retain: false },
    });
    const { will, bytes } = harness.core.sessions.get("d")?.will ?? {};
    expect(bytes?.length).toBeLessThan(10_100);
    expect(will?.payload.buffer).toBe(bytes?.buffer);
  });
});

describe("a client that does not keep up", () => {
  it("keeps publishers waiting for holdBackMs in ten seconds, then its queue overflows, which is counted", () => {
    const harness = new CoreHarness({ ...SMALL, holdBackMs: 1_000 });
    reader(harness, "r", "a");
    fill(harness, "a");
    const peer = harness.connect("p");
    publish(peer, "a", "late");
    harness.advance(999);
    expect(acknowledged(peer)).toEqual([]);
    harness.advance(1);
    expect(acknowledged(peer)).toEqual([0]);
    expect(harness.core.statistics).toMatchObject({ messagesDroppedQueue: 1, receiversSlow: 1 });
    // It is slow now: nothing waits for it.
    publish(peer, "a", "later", 2);
    expect(acknowledged(peer)).toEqual([0]);
    expect(harness.core.statistics.messagesDroppedQueue).toBe(2);
  });

  it("uses up its time once, though it takes a little now and then", () => {
    const harness = new CoreHarness({ ...SMALL, holdBackMs: 1_000 });
    const receiver = reader(harness, "r", "a");
    fill(harness, "a");
    // It has room again, and is full again, several times.
    const waitedMs: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const peer = harness.connect(`p${round}`);
      publish(peer, "a", "x");
      let ms = 0;
      for (; acknowledged(peer).length === 0 && ms < 5_000; ms += 100) harness.advance(100);
      waitedMs.push(ms);
      drain(receiver);
      fill(harness, "a");
    }
    expect(waitedMs[0]).toBe(1_000);
    expect(waitedMs.slice(1).every((ms) => ms <= 100)).toBe(true);
    harness.advance(10_000);
    const peer = harness.connect("again");
    // One shows that it is still full, the next one waits.
    publish(peer, "a", "y", 1);
    publish(peer, "a", "z", 2);
    expect(acknowledged(peer)).toEqual([0]);
  });

  it("uses up its time beside others that keep publishers waiting: together they have it once", () => {
    const harness = new CoreHarness({ ...SMALL, holdBackMs: 1_000 });
    for (let index = 0; index < 20; index += 1) reader(harness, `r${index}`, "a");
    fill(harness, "a");
    const publisher = harness.connect("p");
    const waitedMs = [1, 2, 3, 4].map((identifier) => {
      publish(publisher, "a", "x", identifier);
      let ms = 0;
      for (; acknowledged(publisher).length === 0 && ms < 9_000; ms += 100) harness.advance(100);
      return ms;
    });
    expect(waitedMs).toEqual([1_000, 0, 0, 0]);
    expect(harness.core.statistics.receiversSlow).toBe(20);
  });

  it("does not use it up while it turns its queue over once a second", () => {
    const harness = new CoreHarness({ ...SMALL, roomWaitMs: 60_000 });
    const receiver = reader(harness, "r", "a");
    fill(harness, "a");
    const publishers = Array.from({ length: 100 }, (_item, index) => harness.connect(`p${index}`));
    for (const peer of publishers) publish(peer, "a", "x");
    // Five of ten each 300 milliseconds.
    for (let round = 0; round < 40; round += 1) {
      harness.advance(300);
      take(receiver);
    }
    expect(harness.core.statistics).toMatchObject({ messagesDropped: 0, receiversSlow: 0 });
    expect(publishers.flatMap(acknowledged)).toHaveLength(100);
  });

  it("does not use it up while the server itself is late: all arrives", () => {
    const harness = new CoreHarness(SMALL);
    const receiver = reader(harness, "r", "a/#");
    const quick = harness.connect("quick");
    const publishers = Array.from({ length: 200 }, (_item, index) => harness.connect(`p${index}`));
    for (const [index, peer] of publishers.entries()) publish(peer, `a/${index}`, `m${index}`);
    const texts: string[] = [];
    // Five messages in each turn, and turns of 200 ms: eight seconds.
    for (let turn = 0; turn < 40; turn += 1) {
      quick.sendChunk({ type: "pingreq" });
      harness.delay(200);
      harness.advance(0);
      texts.push(...take(receiver));
    }
    expect(texts).toEqual(publishers.map((_peer, index) => `m${index}`));
    expect(harness.core.statistics).toMatchObject({ messagesDropped: 0, receiversSlow: 0 });
  });

  it("keeps no message waiting for longer than roomWaitMs", () => {
    const harness = new CoreHarness({ ...SMALL, holdBackMs: 60_000, roomWaitMs: 3_000 });
    reader(harness, "r", "a");
    fill(harness, "a");
    const peer = harness.connect("p");
    publish(peer, "a", "late");
    harness.advance(2_999);
    expect(acknowledged(peer)).toEqual([]);
    harness.advance(1);
    expect(acknowledged(peer)).toEqual([0]);
  });

  it("does not make one that reads at once pay for the time for which messages waited for it", () => {
    const harness = new CoreHarness({ ...SMALL, roomWaitMs: 1_000 });
    reader(harness, "slow", "a");
    const prompt = reader(harness, "prompt", "a");
    fill(harness, "a");
    drain(prompt);
    const publishers = Array.from({ length: 60 }, (_item, index) => harness.connect(`p${index}`));
    for (const peer of publishers) publish(peer, "a", "x");
    harness.advance(1_000);
    // All their time is over. It fills in the turn in which they go on, and they wait until it has taken some.
    expect(drain(prompt)).toHaveLength(60);
    expect(harness.core.statistics).toMatchObject({ messagesDroppedQueue: 60, receiversSlow: 1 });
    expect(publishers.flatMap(acknowledged)).toHaveLength(60);
  });

  it("has publishers refused with whenFull refuse, or closed before MQTT 5.0, and gets nothing of theirs", () => {
    const harness = new CoreHarness({ ...SMALL, whenFull: "refuse" });
    const receiver = reader(harness, "r", "a");
    fill(harness, "a");
    const [five, four] = [harness.connect("p5"), harness.connect("p4", { protocolVersion: 4 })];
    publish(five, "a", "late");
    publish(four, "a", "late");
    harness.advance(1_000);
    expect(acknowledged(five)).toEqual([0x97]);
    expect(four.isClosed).toBe(true);
    expect(drain(receiver)).toHaveLength(ROOM);
    expect(harness.core.statistics.messagesDropped).toBe(0);
  });
});

describe("nothing waits", () => {
  it("for a client that is away", () => {
    const harness = new CoreHarness(SMALL);
    const peer = harness.connect("r", {
      cleanStart: false,
      properties: { sessionExpiryIntervalSeconds: 60 },
    });
    subscribe(peer, { topicFilter: "a", qos: 1 });
    peer.cut();
    fill(harness, "a", 20);
    expect(harness.core.statistics.messagesDroppedQueue).toBe(10);
  });

  it("with roomWaitMs 0", () => {
    const harness = new CoreHarness({ ...SMALL, roomWaitMs: 0 });
    reader(harness, "r", "a");
    fill(harness, "a", 20);
    expect(harness.core.statistics.messagesDroppedQueue).toBe(5);
  });

  it("for a client whose connection has ended meanwhile", () => {
    const harness = new CoreHarness(SMALL);
    const receiver = reader(harness, "r", "a");
    fill(harness, "a");
    const peer = harness.connect("p");
    publish(peer, "a", "late");
    receiver.cut();
    harness.settle();
    expect(acknowledged(peer)).toHaveLength(1);
    expect(harness.core.rooms.size).toBe(0);
  });

  it("beyond roomWaitMessagesMax and roomWaitBytesMax", () => {
    for (const limit of [{ roomWaitMessagesMax: 2 }, { roomWaitBytesMax: 20 }]) {
      const harness = new CoreHarness({ ...SMALL, ...limit });
      reader(harness, "r", "a");
      fill(harness, "a");
      const peers = [1, 2, 3, 4].map((number) => harness.connect(`p${number}`));
      for (const peer of peers) publish(peer, "a", "text");
      expect(peers.filter((peer) => acknowledged(peer).length > 0)).toHaveLength(2);
    }
  });

  it("of QoS 0", () => {
    const harness = new CoreHarness(SMALL);
    reader(harness, "r", "a");
    fill(harness, "a");
    const peer = harness.connect("p");
    peer.send(publishPacket("a", "now"));
    publish(peer, "b", "then");
    expect(acknowledged(peer)).toHaveLength(1);
  });
});

describe("no circle stops anything", () => {
  function facing(): { harness: CoreHarness; pair: readonly [ScriptedPeer, ScriptedPeer] } {
    const harness = new CoreHarness(SMALL);
    const one = reader(harness, "one", "to/one");
    const two = reader(harness, "two", "to/two");
    fill(harness, "to/one");
    fill(harness, "to/two");
    publish(one, "to/two", "a");
    publish(two, "to/one", "b");
    return { harness, pair: [one, two] };
  }

  it("two clients that publish to each other, both full, which acknowledge nothing: both are slow after holdBackMs", () => {
    const { harness, pair } = facing();
    harness.advance(1_000);
    for (const peer of pair)
      expect(peer.receive().some(({ type }) => type === "puback")).toBe(true);
    expect(harness.core.works.count).toBe(0);
    expect(harness.core.statistics.receiversSlow).toBe(2);
  });

  it("two clients that publish to each other, both full, which acknowledge while their own messages wait: nothing is dropped", () => {
    const { harness, pair } = facing();
    expect(pair.map((peer) => drain(peer).at(-1))).toEqual(["b", "a"]);
    expect(harness.core.works.count).toBe(0);
    expect(harness.core.statistics).toMatchObject({ messagesDropped: 0, receiversSlow: 0 });
  });

  it("a client of which too much waits behind a message of its own to read its acknowledgements", () => {
    const { harness, pair } = facing();
    const [one, two] = pair;
    one.send(publishPacket("x", "y".repeat(70_000), { qos: 1, packetIdentifier: 9 }));
    // What waits for it goes on.
    publish(two, "to/one", "c", 2);
    harness.settle();
    const ids = two.receive().flatMap((p) => (p.type === "puback" ? [p.packetIdentifier] : []));
    expect(ids).toEqual([1, 2]);
  });

  it("a client that publishes to itself", () => {
    const harness = new CoreHarness(SMALL);
    const own = reader(harness, "own", "a");
    for (let number = 1; number <= 40; number += 1) publish(own, "a", "x", number);
    const pubacks = own.receive().filter(({ type }) => type === "puback");
    expect(pubacks).toHaveLength(40);
  });

  it("a shared subscription of which all members are full: the first that has room gets the message", () => {
    const harness = new CoreHarness(SMALL);
    const members = ["m1", "m2", "m3"].map((clientId) => reader(harness, clientId, "$share/g/a"));
    fill(harness, "a", 3 * ROOM);
    const peer = harness.connect("p");
    publish(peer, "a", "late");
    expect(acknowledged(peer)).toEqual([]);
    const texts = drain(members[1] as ScriptedPeer);
    expect(texts.at(-1)).toBe("late");
    expect(acknowledged(peer)).toEqual([0]);
    expect(harness.core.statistics.messagesDropped).toBe(0);
  });

  it("a shared subscription of which one member is full: the others get the messages", () => {
    const harness = new CoreHarness(SMALL);
    const [stuck, lively] = ["m1", "m2"].map((clientId) => reader(harness, clientId, "$share/g/a"));
    for (let index = 0; index < 60; index += 1) {
      fill(harness, "a", 1);
      drain(lively as ScriptedPeer);
    }
    expect(harness.core.statistics.messagesDropped).toBe(0);
    expect(stuck?.connection.session?.queue.length).toBeLessThanOrEqual(10);
  });

  it("what the member of a shared subscription that ends had goes to the one that has room", () => {
    const harness = new CoreHarness(SMALL);
    const leaver = reader(harness, "m1", "$share/g/a");
    fill(harness, "a", 6);
    for (const clientId of ["m2", "m3"]) {
      const member = reader(harness, clientId, "$share/g/a");
      subscribe(member, { topicFilter: clientId, qos: 1 });
    }
    fill(harness, "m3", 6);
    fill(harness, "m2", ROOM);
    leaver.send({ type: "disconnect", reasonCode: 0 });
    const lengths = ["m2", "m3"].map((id) => harness.core.sessions.get(id)?.queue.length);
    expect(lengths).toEqual([10, 7]);
  });
});
