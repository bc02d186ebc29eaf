import type { Packet } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

/** More than a turn has time for, if each look at the clock takes a millisecond. */
const MANY = 500;

/** A server whose turns are over soon. */
function hurried(): CoreHarness {
  const harness = new CoreHarness();
  harness.msPerLook = 1;
  return harness;
}

/** As many retained messages, each to a topic of its own. */
function retained(name: string, count = MANY, qos: 0 | 1 = 0): Packet[] {
  return Array.from({ length: count }, (_, index) =>
    publishPacket(`${name}/${index}`, String(index), {
      qos,
      retain: true,
      ...(qos > 0 && { packetIdentifier: index + 1 }),
    }),
  );
}

function countOf(harness: CoreHarness, name: string): number {
  let count = 0;
  for (let index = 0; index < MANY; index += 1)
    if (harness.core.retained.get(`${name}/${index}`) !== undefined) count += 1;
  return count;
}

/** Sends them in one chunk, and sees that not all of it is taken in this turn. */
function flood(harness: CoreHarness, peer: ScriptedPeer, name: string): number {
  peer.sendChunk(...retained(name));
  const count = countOf(harness, name);
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(MANY);
  return count;
}

describe("a read of more packets than a turn has time for", () => {
  it("is taken in one go while the clock stands still", () => {
    const harness = new CoreHarness();
    harness.connect("p").sendChunk(...retained("p"));
    expect(countOf(harness, "p")).toBe(MANY);
  });

  it("is taken in several turns, and nothing is read meanwhile", () => {
    const harness = hurried();
    const peer = harness.connect("p");
    const first = flood(harness, peer, "p");
    expect(peer.wire.isPaused).toBe(true);
    harness.turn();
    const second = countOf(harness, "p");
    expect(second).toBeGreaterThan(first);
    expect(second).toBeLessThan(MANY);
    harness.settle();
    expect(countOf(harness, "p")).toBe(MANY);
    expect(peer.wire.isPaused).toBe(false);
  });

  it("keeps its order, with what was sent behind it, and is answered in it", () => {
    const harness = hurried();
    const peer = harness.connect("p");
    const listener = harness.connect("l", { properties: { receiveMaximum: MANY } });
    subscribe(listener, "p/#");
    const packets = retained("p", MANY, 1);
    peer.sendChunk(...packets.slice(0, 300));
    peer.sendChunk(...packets.slice(300));
    harness.settle();
    const numbers = Array.from({ length: MANY }, (_, index) => index);
    expect(listener.receiveTexts()).toEqual(numbers.map(String));
    const identifiers = peer
      .receive()
      .map((packet) => packet.type === "puback" && packet.packetIdentifier);
    expect(identifiers).toEqual(numbers.map((number) => number + 1));
  });

  it("gives what comes from others meanwhile its part of the turn", () => {
    const harness = hurried();
    const other = harness.connect("o");
    flood(harness, harness.connect("p"), "p");
    other.sendChunk({ type: "pingreq" });
    harness.turn();
    expect(other.receiveOne("pingresp").type).toBe("pingresp");
    expect(countOf(harness, "p")).toBeLessThan(MANY);
  });

  it("takes turns with those of others", () => {
    const harness = hurried();
    const peers = ["a", "b", "c"].map((name) => [name, harness.connect(name)] as const);
    for (const [name, peer] of peers) peer.sendChunk(...retained(name));
    for (let turn = 0; turn < 20; turn += 1) harness.turn();
    const counts = peers.map(([name]) => countOf(harness, name));
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(130);
    harness.settle();
    expect(peers.map(([name]) => countOf(harness, name))).toEqual([MANY, MANY, MANY]);
  });

  it("does not lose its turn to those who send anew all the time", () => {
    const harness = hurried();
    const others = Array.from({ length: 20 }, (_, index) => harness.connect(`o${index}`));
    flood(harness, harness.connect("p"), "p");
    for (let turn = 0; turn < 200; turn += 1) {
      for (const [index, peer] of others.entries())
        peer.sendChunk(publishPacket(`o${index}`, "x", { retain: true }));
      harness.turn();
    }
    expect(countOf(harness, "p")).toBe(MANY);
  });
});

describe("a connection of which packets wait for a turn", () => {
  it("that was closed by its client for one direction is answered, then ends", () => {
    const harness = hurried();
    const peer = harness.connect("p");
    peer.sendChunk(...retained("p", MANY, 1));
    harness.core.ended(peer.connection);
    harness.turn();
    expect(peer.isEnded).toBe(false);
    harness.settle();
    expect(peer.receive()).toHaveLength(MANY);
    expect(peer.isEnded).toBe(true);
  });

  it("is taken to its end when the client is gone", () => {
    const harness = hurried();
    const peer = harness.connect("p");
    flood(harness, peer, "p");
    peer.cut();
    expect(harness.core.turn.waiting).toBe(0);
    expect(countOf(harness, "p")).toBe(MANY);
  });

  it("keeps the Will from being published if it ends with DISCONNECT, though the connection is gone", () => {
    const harness = hurried();
    const will = { topic: "will", payload: new Uint8Array(0), qos: 0, retain: false } as const;
    const watcher = harness.connect("w");
    subscribe(watcher, "will");
    const peer = harness.connect("p", { will });
    peer.sendChunk(...retained("p"), { type: "disconnect", reasonCode: 0 });
    expect(countOf(harness, "p")).toBeLessThan(MANY);
    peer.cut();
    harness.settle();
    expect(countOf(harness, "p")).toBe(MANY);
    expect(watcher.receive()).toEqual([]);
  });

  it("has nothing more taken from it once another one has its session", () => {
    const harness = hurried();
    const peer = harness.connect("p");
    const taken = flood(harness, peer, "p");
    harness.connect("p");
    expect(peer.isEnded).toBe(true);
    expect(harness.core.turn.waiting).toBe(0);
    expect(countOf(harness, "p")).toBe(taken);
  });

  it("is not silent for its Keep Alive [MQTT-3.1.2-22]", () => {
    const harness = hurried();
    const peer = harness.connect("p", { keepAliveSeconds: 10 });
    flood(harness, peer, "p");
    harness.core.now += 20_000;
    harness.core.runDeadlines();
    harness.settle();
    expect(peer.isEnded).toBe(false);
    expect(countOf(harness, "p")).toBe(MANY);
    harness.advance(20_000);
    expect(peer.isEnded).toBe(true);
  });

  it("ends at the packet that breaks the protocol, with all before it taken", () => {
    const harness = hurried();
    const peer = harness.connect("p");
    const packets = retained("p");
    peer.sendChunk(...packets.slice(0, 400), "f100", ...packets.slice(400));
    expect(peer.isEnded).toBe(false);
    harness.settle();
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x81);
    expect(countOf(harness, "p")).toBe(400);
  });
});

describe("a replay of more messages than a turn has time for", () => {
  it("is sent in several turns, whole and in order", () => {
    const harness = new CoreHarness();
    harness.connect("p").send(...retained("p", 3_000));
    harness.msPerLook = 0.5;
    const peer = harness.connect("s");
    peer.sendChunk({
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [
        { topicFilter: "p/#", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
    });
    harness.turn();
    const [suback, ...first] = peer.receive();
    expect(suback?.type).toBe("suback");
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThan(1_500);
    harness.settle();
    const rest = peer.receiveTexts();
    expect(rest).toEqual(Array.from(rest, (_, index) => String(first.length + index)));
    expect(first.length + rest.length).toBe(3_000);
  });
});
