import { describe, expect, it } from "vitest";
import {
  connectPacket,
  CoreHarness,
  lasting,
  Later,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import type { CoreOptions } from "../../src/core/core-options.ts";
import { textOf } from "../support/scripted-peer.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a peer that does not read", () => {
  it("gets QoS 0 messages up to backlogBytesMax when it reads again, the rest is dropped and counted", () => {
    const harness = new CoreHarness({ backlogBytesMax: 100 });
    const frozen = harness.connect("frozen");
    const other = harness.connect("other");
    for (const peer of [frozen, other]) subscribe(peer, "a");
    frozen.freeze();
    for (let number = 0; number < 50; number += 1) {
      harness.inject({ topic: "a", payload: bytesOf(`message ${number}`) });
    }
    expect(frozen.connection.backlog.length).toBeLessThanOrEqual(100);
    expect(other.receiveTexts()).toHaveLength(50);
    frozen.thaw();
    const texts = frozen.receiveTexts();
    expect(texts.slice(0, 3)).toEqual(["message 0", "message 1", "message 2"]);
    expect(texts.length + harness.core.statistics.messagesDropped).toBe(50);
    harness.inject({ topic: "a", payload: bytesOf("after") });
    expect(frozen.receiveTexts()).toEqual(["after"]);
  });

  it("gets QoS 1 and 2 messages from its queue when it reads again", () => {
    const harness = new CoreHarness({ backlogBytesMax: 0 });
    const peer = harness.connect("c");
    subscribe(peer, "a");
    peer.freeze();
    for (let number = 1; number <= 5; number += 1) {
      harness.inject({ topic: "a", qos: 1, payload: bytesOf(String(number)) });
    }
    expect(harness.core.statistics.queuedMessagesCurrent).toBe(4);
    peer.thaw();
    expect(peer.receiveTexts()).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("still has its acknowledgements written, in front of QoS 0 messages that wait", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, "a");
    peer.freeze();
    harness.inject({ topic: "a" });
    harness.inject({ topic: "a" });
    peer.send(publishPacket("b", "", { qos: 1, packetIdentifier: 1 }));
    peer.thaw();
    expect(peer.receive().map(({ type }) => type)).toEqual(["publish", "puback", "publish"]);
  });

  it("is read no more when it leaves a megabyte of answers unread, and read again when it takes them", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    peer.freeze();
    const pings = new Uint8Array(65_536);
    for (let index = 0; index < pings.length; index += 2) pings[index] = 0xc0;
    for (let time = 0; time < 40; time += 1) peer.sendInChunks(pings, []);
    expect(peer.wire.isPaused).toBe(true);
    expect(peer.connection.outbox.length).toBeLessThan(1_200_000);
    expect(peer.unsentBytes).toBeGreaterThan(0);
    peer.thaw();
    expect(peer.wire.isPaused).toBe(false);
    expect(peer.receive()).toHaveLength((40 * 65_536) / 2);
  });

  it("is told why it is closed all the same", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c", lasting());
    subscribe(peer, "a");
    peer.freeze();
    harness.inject({ topic: "a", payload: bytesOf("last") });
    harness.connect("c", lasting());
    peer.thaw();
    const packets = peer.receive();
    expect(packets.map(({ type }) => type)).toEqual(["publish", "disconnect"]);
    expect(peer.isClosed).toBe(true);
  });

  it("does not slow its publisher", () => {
    const harness = new CoreHarness();
    const frozen = harness.connect("frozen");
    subscribe(frozen, "a");
    frozen.freeze();
    const publisher = harness.connect("p");
    for (let packetIdentifier = 1; packetIdentifier <= 100; packetIdentifier += 1) {
      publisher.send(publishPacket("a", "x", { qos: 1, packetIdentifier }));
      expect(publisher.receiveOne("puback").packetIdentifier).toBe(packetIdentifier);
    }
  });
});

describe("much output in one turn", () => {
  it("a QoS 1 message behind a flood of QoS 0 follows without a sign of the client", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, "a");
    const publisher = harness.connect("p");
    const flood = Array.from({ length: 10 }, () => publishPacket("a", "x".repeat(60_000)));
    publisher.sendChunk(...flood, publishPacket("a", "behind", { qos: 1, packetIdentifier: 1 }));
    harness.settle();
    expect(peer.receivePublishes().some(({ payload }) => textOf(payload) === "behind")).toBe(true);
  });

  it("is written before the end of the turn when it is more than a megabyte", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, "a");
    const publisher = harness.connect("p");
    for (let time = 0; time < 50; time += 1) {
      publisher.sendChunk(publishPacket("a", "x".repeat(50_000)));
    }
    expect(peer.wire.written).toBeGreaterThan(1_000_000);
    expect(peer.connection.outbox.length).toBeLessThan(1_200_000);
    harness.settle();
    expect(peer.receive()).toHaveLength(50);
  });
});

describe("while clientConnected waits", () => {
  function held(options?: Partial<CoreOptions>): { harness: CoreHarness; later: Later } {
    const later = new Later();
    const harness = new CoreHarness(options);
    harness.core.hooks.clientConnected = ({ clientId }) => (clientId === "c" ? later : undefined);
    return { harness, later };
  }

  it("nothing but CONNACK is sent", () => {
    const { harness, later } = held();
    const peer = harness.connect("c", lasting());
    peer.send({ type: "pingreq" });
    expect(peer.receive()).toEqual([]);
    later.settle();
    harness.settle();
    expect(peer.receiveOne("pingresp")).toEqual({ type: "pingresp" });
  });

  it("[MQTT-4.6.0-5] QoS 0 messages keep their order across its end", () => {
    const { harness, later } = held();
    const first = harness.connect("c", lasting());
    later.settle();
    subscribe(first, "a");
    first.cut();
    const publisher = harness.connect("p");
    const peer = harness.connect("c", lasting());
    harness.inject({ topic: "a", payload: bytesOf("1") });
    later.settle();
    publisher.sendChunk(publishPacket("a", "2"));
    harness.settle();
    expect(peer.receiveTexts()).toEqual(["1", "2"]);
  });

  it("a Topic Alias is told before it is used", () => {
    const { harness, later } = held({ outgoingTopicAliasMaximum: 5 });
    const fields = {
      cleanStart: false,
      properties: { sessionExpiryIntervalSeconds: 100, topicAliasMaximum: 5 },
    };
    const first = harness.connect("c", fields);
    later.settle();
    const topic = "long/enough";
    subscribe(first, topic);
    first.cut();
    const peer = harness.connect("c", fields);
    harness.inject({ topic });
    harness.inject({ topic });
    harness.inject({ topic, qos: 1 });
    later.settle();
    harness.settle();
    expect(peer.receivePublishes().map((packet) => packet.topic)).toEqual([topic, topic, ""]);
  });

  it("a peer that starts to read again costs no endless turns", () => {
    const { harness, later } = held();
    const first = harness.connect("c", lasting());
    later.settle();
    subscribe(first, "a");
    first.cut();
    harness.inject({ topic: "a", qos: 1, payload: bytesOf("1") });
    const peer = harness.open();
    peer.freeze();
    peer.send(connectPacket({ clientId: "c", ...lasting() }));
    peer.thaw();
    expect(peer.receive().map(({ type }) => type)).toEqual(["connack"]);
    later.settle();
    harness.settle();
    expect(peer.receiveTexts()).toEqual(["1"]);
  });
});
