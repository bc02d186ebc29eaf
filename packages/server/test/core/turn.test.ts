import type { Packet } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import type { TurnBudget } from "../../src/core/turn/turn.ts";
import {
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "../support/core-harness.ts";

/** A turn of about sixteen packets or filters, however long they take. */
const TIGHT: TurnBudget = { ms: Infinity, steps: 1 };
const ENDLESS: TurnBudget = { ms: Infinity, steps: Infinity };

function withBudget(budget: TurnBudget): CoreHarness {
  return new CoreHarness({}, {}, undefined, { budget });
}

function filters(name: string, count: number): Packet {
  const names = Array.from({ length: count }, (_, index) => `${name}/${index}/+`);
  return subscribePacket(...names);
}

function unsubscribePacket(name: string, count: number): Packet {
  const topicFilters = Array.from({ length: count }, (_, index) => `${name}/${index}/+`);
  return { type: "unsubscribe", packetIdentifier: 2, topicFilters };
}

/** Turns until the harness has nothing left to do, and by how much `figure` changed at most in one of them. */
function changes(harness: CoreHarness, figure: () => number): { turns: number; most: number } {
  let turns = 0;
  let most = 0;
  for (let before = figure(); turns < 10_000; turns += 1) {
    harness.turn();
    const now = figure();
    most = Math.max(most, Math.abs(now - before));
    if (now === before && harness.core.turn.waiting === 0) break;
    before = now;
  }
  return { turns, most };
}

describe("a turn with a budget", () => {
  it("gives every client the same bytes as one without an end", () => {
    expect(transcript(TIGHT)).toEqual(transcript(ENDLESS));
  });

  it("takes acknowledgements and PINGREQ at once, however long it lasts already", () => {
    const harness = withBudget(TIGHT);
    const receiver = harness.connect("r", { properties: { receiveMaximum: 1 } });
    subscribe(receiver, "q");
    harness
      .connect("p")
      .send(
        publishPacket("q", "1", { qos: 1, packetIdentifier: 1 }),
        publishPacket("q", "2", { qos: 1, packetIdentifier: 2 }),
      );
    expect(receiver.receiveTexts()).toEqual(["1"]);
    const others = Array.from({ length: 100 }, (_, index) => harness.connect(`c${index}`));
    const before = harness.core.statistics.publishesReceived;
    for (const [index, peer] of others.entries())
      peer.sendChunk(publishPacket(`t/${index}`, "x", { retain: true }));
    expect(harness.core.statistics.publishesReceived).toBeLessThan(before + 100);
    receiver.sendChunk({ type: "puback", packetIdentifier: 1, reasonCode: 0 }, { type: "pingreq" });
    expect(harness.core.sessions.get("r")?.queue.length).toBe(0);
    harness.settle();
    expect(receiver.receive().map(({ type }) => type)).toEqual(["pingresp", "publish"]);
    expect(harness.core.statistics.publishesReceived).toBe(before + 100);
  });

  it("does less while turns of the loop are late, whatever makes them so, and more again afterwards", () => {
    const harness = withBudget({ ms: Infinity, steps: 2_048 });
    const peer = harness.connect("p");
    const { statistics } = harness.core;
    const packets = Array.from({ length: 2_000 }, (_, index) =>
      publishPacket(`t/${index}`, "x", { retain: true }),
    );
    peer.sendChunk(...packets);
    const taken = (lateMs: number): number => {
      const before = statistics.publishesReceived;
      harness.delay(lateMs);
      harness.turn();
      return statistics.publishesReceived - before;
    };
    const usual = taken(0);
    expect(usual).toBeGreaterThan(100);
    taken(60);
    expect(taken(60)).toBeLessThan(usual * 0.6);
    taken(60);
    const least = taken(60);
    expect(least).toBeGreaterThan(usual / 8);
    expect(least).toBeLessThan(usual * 0.4);
    for (let turn = 0; turn < 7; turn += 1) taken(0);
    expect(taken(0)).toBe(usual);
    harness.settle();
    expect(harness.core.retained.count).toBe(2_000);
  });

  it("lets no more bytes wait for it than lateBytes, and takes what is above at once", () => {
    const harness = withBudget({ ...TIGHT, lateBytes: 100_000 });
    const peers = Array.from({ length: 40 }, (_, index) => harness.connect(`c${index}`));
    const { turn, statistics } = harness.core;
    const before = statistics.publishesReceived;
    let most = 0;
    for (const peer of peers) {
      const packets = Array.from({ length: 100 }, (_, index) =>
        publishPacket(`t/${index}`, "x".repeat(50), { retain: true }),
      );
      peer.sendChunk(...packets);
      most = Math.max(most, turn.lateBytes);
    }
    expect(most).toBeGreaterThan(50_000);
    expect(most).toBeLessThanOrEqual(100_000);
    harness.settle();
    expect(turn.lateBytes).toBe(0);
    expect(statistics.publishesReceived).toBe(before + 4_000);
  });

  it("counts what waits once, however often it is put off", () => {
    const harness = withBudget(TIGHT);
    const { connection } = harness.connect("late");
    const { turn } = harness.core;
    connection.framer.push(new Uint8Array(1_000));
    turn.defer(connection);
    expect(turn.lateBytes).toBe(1_000);
    connection.framer.push(new Uint8Array(500));
    turn.defer(connection);
    expect(turn.lateBytes).toBe(1_500);
    turn.leave(connection);
    expect(turn.lateBytes).toBe(0);
  });

  it("makes thousands of subscriptions a few at a time, and answers who asks for little in between", () => {
    const harness = withBudget(TIGHT);
    const peers = Array.from({ length: 20 }, (_, index) => harness.connect(`c${index}`));
    const quiet = harness.connect("quiet");
    const { statistics } = harness.core;
    for (const [index, peer] of peers.entries()) peer.sendChunk(filters(`c${index}`, 100));
    quiet.sendChunk({ type: "pingreq" });
    expect(statistics.subscriptionsCurrent).toBeLessThan(50);
    harness.turn();
    expect(quiet.receiveOne("pingresp").type).toBe("pingresp");
    const { turns, most } = changes(harness, () => statistics.subscriptionsCurrent);
    expect(most).toBeLessThan(50);
    expect(turns).toBeGreaterThan(40);
    harness.settle();
    expect(statistics.subscriptionsCurrent).toBe(2_000);
    for (const peer of peers) expect(peer.receiveOne("suback").reasonCodes).toHaveLength(100);
  });

  it("gives those that are busy their shares in rotation", () => {
    const harness = withBudget(TIGHT);
    const [one, other] = [harness.connect("one"), harness.connect("other")];
    one.sendChunk(filters("one", 2_000));
    other.sendChunk(filters("other", 200));
    while (other.wire.arrived.length === 0) harness.turn();
    expect(one.wire.arrived).toEqual([]);
    expect(other.receiveOne("suback").reasonCodes).toHaveLength(200);
    harness.settle();
    expect(one.receiveOne("suback").reasonCodes).toHaveLength(2_000);
  });

  it("cuts UNSUBSCRIBE", () => {
    const harness = withBudget(TIGHT);
    const peer = harness.connect("p");
    peer.send(filters("p", 300));
    peer.receive();
    const { statistics } = harness.core;
    peer.sendChunk(unsubscribePacket("p", 300), { type: "pingreq" });
    expect(changes(harness, () => statistics.subscriptionsCurrent).most).toBeLessThan(50);
    harness.settle();
    expect(peer.receive().map(({ type }) => type)).toEqual(["unsuback", "pingresp"]);
    expect(statistics.subscriptionsCurrent).toBe(0);
  });

  it("writes to hundreds of receivers a few at a time, and first what is new", () => {
    const harness = withBudget(TIGHT);
    const receivers = Array.from({ length: 200 }, (_, index) => harness.connect(`r${index}`));
    for (const receiver of receivers) subscribe(receiver, "fan");
    const quiet = harness.connect("quiet");
    harness.connect("p").sendChunk(publishPacket("fan", "x"));
    harness.turn();
    const written = (): number => receivers.filter(({ wire }) => wire.arrived.length > 0).length;
    const first = written();
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(100);
    quiet.sendChunk({ type: "pingreq" });
    harness.turn();
    expect(quiet.receiveOne("pingresp").type).toBe("pingresp");
    expect(written()).toBeLessThan(150);
    harness.settle();
    for (const receiver of receivers) expect(receiver.receiveTexts()).toEqual(["x"]);
  });

  it("gives a few messages at a time to a thousand receivers", () => {
    const harness = new CoreHarness();
    for (let index = 0; index < 1_000; index += 1)
      subscribe(harness.connect(`r${index}`, { properties: { receiveMaximum: 100 } }), "fan");
    const { statistics } = harness.core;
    statistics.publishesSent = 0;
    const publishes = Array.from({ length: 70 }, (_, index) =>
      publishPacket("fan", "x", { qos: 1, packetIdentifier: index + 1 }),
    );
    harness.connect("p").sendChunk(...publishes);
    expect(statistics.publishesSent).toBeLessThanOrEqual(2 * 32_768);
    harness.settle();
    expect(statistics.publishesSent).toBe(70_000);
  });
});

describe("what ends in several turns", () => {
  it("are hundreds of strangers whose time for CONNECT is over", () => {
    const harness = withBudget(TIGHT);
    const strangers = Array.from({ length: 200 }, () => harness.open());
    for (const stranger of strangers) stranger.sendChunk(Uint8Array.of(0x10, 200, 1, 0, 4));
    harness.settle();
    harness.core.now += 60_000;
    const ended = (): number => strangers.filter(({ isEnded }) => isEnded).length;
    harness.core.runDeadlines();
    expect(ended()).toBeGreaterThan(0);
    expect(ended()).toBeLessThan(100);
    harness.advance(0);
    expect(ended()).toBe(200);
    expect(harness.core.connections.size).toBe(0);
  });

  it("are hundreds of connections with Wills, all of which are published", () => {
    const harness = withBudget(TIGHT);
    const watcher = harness.connect("w");
    subscribe(watcher, "will/#");
    const peers = Array.from({ length: 200 }, (_, index) => {
      const payload = new TextEncoder().encode(String(index));
      const will = { topic: `will/${index}`, payload, qos: 0, retain: false } as const;
      return harness.connect(`c${index}`, { will });
    });
    for (const peer of peers) harness.core.closed(peer.connection);
    const { most } = changes(harness, () => harness.core.sessions.size);
    expect(most).toBeLessThan(50);
    harness.settle();
    expect(harness.core.sessions.size).toBe(1);
    expect(watcher.receiveTexts().map(Number)).toEqual(peers.map((_, index) => index));
  });

  it("is a session with hundreds of filters, which gets nothing meanwhile and is not counted", () => {
    const harness = withBudget(TIGHT);
    const peer = harness.connect("p");
    peer.send(filters("p", 500));
    const { statistics } = harness.core;
    harness.core.closed(peer.connection);
    expect(harness.core.sessions.get("p")).toBeUndefined();
    expect(statistics.subscriptionsCurrent).toBeGreaterThan(450);
    const publisher = harness.connecting("q");
    publisher.receive();
    expect(statistics.subscriptionsCurrent).toBe(0);
  });

  it("is a session whose Client Identifier is used again at once", () => {
    const harness = withBudget(TIGHT);
    const first = harness.connect("p");
    first.send(filters("p", 500));
    const publisher = harness.connect("q");
    const again = harness.open();
    harness.core.closed(first.connection);
    // The last filter of the old session is still in the tree.
    const topic = "p/499/x";
    publisher.sendChunk(publishPacket(topic, "nobody", { qos: 1, packetIdentifier: 1 }));
    again.sendChunk(
      { type: "connect", protocolVersion: 5, clientId: "p", cleanStart: true, keepAliveSeconds: 0 },
      subscribePacket("p/499/+"),
    );
    harness.settle();
    publisher.send(publishPacket(topic, "again", { qos: 1, packetIdentifier: 2 }));
    expect(again.receive().map(({ type }) => type)).toEqual(["connack", "suback", "publish"]);
    const codes = publisher
      .receive()
      .map((packet) => packet.type === "puback" && packet.reasonCode);
    expect(codes).toEqual([0x10, 0]);
    expect(harness.core.statistics.subscriptionsCurrent).toBe(1);
  });

  it("is a SUBSCRIBE whose client has gone: its session has all of it", () => {
    const harness = withBudget(TIGHT);
    const peer = harness.connect("p", lasting());
    peer.sendChunk(filters("p", 300));
    harness.core.closed(peer.connection);
    expect(harness.core.statistics.subscriptionsCurrent).toBeLessThan(50);
    harness.settle();
    expect(harness.core.sessions.get("p")?.subscriptions.size).toBe(300);
    expect(harness.core.sessions.get("p")?.connection).toBeUndefined();
  });

  it("are sessions that expire in the same second", () => {
    const harness = withBudget(TIGHT);
    for (let index = 0; index < 200; index += 1) harness.connect(`c${index}`, lasting(5)).cut();
    harness.core.now += 6_000;
    harness.core.runDeadlines();
    expect(harness.core.sessions.size).toBeGreaterThan(150);
    expect(harness.core.sessions.size).toBeLessThan(200);
    harness.advance(0);
    expect(harness.core.sessions.size).toBe(0);
  });
});

/** What some clients, each with topics of its own, are sent in a few rounds of much at once. */
function transcript(budget: TurnBudget): string[][] {
  const harness = withBudget(budget);
  const peers = Array.from({ length: 5 }, (_, index) => harness.connect(`c${index}`, lasting()));
  for (let round = 0; round < 3; round += 1) {
    for (const [index, peer] of peers.entries()) peer.sendChunk(...roundOf(`c${index}`, round));
    harness.settle();
  }
  for (const peer of peers) peer.cut();
  const again = peers.map((_, index) => harness.connect(`c${index}`, lasting()));
  harness.settle();
  return [...peers, ...again].map((peer) => peer.receive().map((packet) => JSON.stringify(packet)));
}

function roundOf(name: string, round: number): Packet[] {
  const publishes = (qos: 0 | 1, retain: boolean): Packet[] =>
    Array.from({ length: 40 }, (_, index) =>
      publishPacket(`${name}/${index}/${round}`, `${round}-${index}`, {
        qos,
        retain,
        ...(qos > 0 && { packetIdentifier: index + 1 }),
      }),
    );
  return [
    ...publishes(1, true),
    filters(name, 60),
    ...publishes(1, false),
    { type: "pingreq" },
    unsubscribePacket(name, 30),
    ...publishes(0, false),
    subscribePacket(`${name}/#`),
    ...publishes(0, true),
  ];
}
