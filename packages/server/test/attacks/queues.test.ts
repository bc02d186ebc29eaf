import { deliveryOf } from "../../src/core/journal/owing.ts";
import { encodePacket } from "@anax/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  acknowledgement,
  CoreHarness,
  Later,
  lasting,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const QUEUE_MESSAGES = 100;
const QUEUE_BYTES = 10_000;
const BACKLOG_BYTES = 50_000;
/** What may be in an outbox that nobody reads: a turn's output, and answers until reading stops. */
const OUTPUT_MAX = 1_400_000;

let harness: CoreHarness;

beforeEach(() => {
  harness = new CoreHarness({
    // What happens before queues overflow is tried elsewhere.
    roomWaitMs: 0,
    queueMessagesMax: QUEUE_MESSAGES,
    queueBytesMax: QUEUE_BYTES,
    backlogBytesMax: BACKLOG_BYTES,
  });
});

afterEach(() => {
  expect(harness.reports).toEqual([]);
});

/** All bytes that the server holds for one connection and its session. */
function heldFor(peer: ScriptedPeer): number {
  const { output, session } = peer.connection;
  return output.outbox.bytes.length + output.backlogLength + (session?.queue.bytes ?? 0);
}

describe("a reader that is frozen among others", () => {
  for (const qos of [0, 1, 2] as const) {
    it(`holds a bounded number of bytes under a flood of QoS ${qos}, and the others lose nothing`, () => {
      const frozen = harness.connect("frozen", lasting());
      const lively = harness.connect("lively");
      const publisher = harness.connect("publisher");
      for (const peer of [frozen, lively]) subscribe(peer, { topicFilter: "a", qos });
      frozen.freeze();
      const text = "x".repeat(2_000);
      for (let index = 0; index < 2_000; index += 1) {
        const packetIdentifier = 1 + (index % 1_000);
        publisher.send(publishPacket("a", text, { qos, ...(qos > 0 && { packetIdentifier }) }));
        if (qos === 2) publisher.send(acknowledgement("pubrel", packetIdentifier));
        const message = lively.receive().find(({ type }) => type === "publish");
        if (message?.type !== "publish") throw new Error(`message ${index} did not come`);
        const identifier = message.packetIdentifier ?? 0;
        if (qos === 1) lively.send(acknowledgement("puback", identifier));
        if (qos === 2)
          lively.send(
            acknowledgement("pubrec", identifier),
            acknowledgement("pubcomp", identifier),
          );
        publisher.receive();
        expect(heldFor(frozen)).toBeLessThan(OUTPUT_MAX);
      }
      expect(harness.core.statistics.messagesDropped).toBeGreaterThan(100);
      expect(harness.core.statistics.queuedMessagesCurrent).toBeLessThanOrEqual(QUEUE_MESSAGES);
      expect(harness.core.statistics.queuedBytesCurrent).toBeLessThanOrEqual(QUEUE_BYTES);
      frozen.cut();
      expect(heldFor(frozen)).toBeLessThanOrEqual(QUEUE_BYTES);
    });
  }

  it("gives all back when it goes without a session", () => {
    const frozen = harness.connect("frozen");
    subscribe(frozen, "a");
    frozen.freeze();
    for (let index = 0; index < 2_000; index += 1)
      harness.inject({ topic: "a", qos: index % 2 === 0 ? 0 : 1, payload: new Uint8Array(500) });
    frozen.cut();
    expect(harness.core.statistics).toMatchObject({
      queuedMessagesCurrent: 0,
      queuedBytesCurrent: 0,
      sessionsCurrent: 0,
    });
    expect(heldFor(frozen)).toBe(0);
    expect(harness.core.connections.size).toBe(0);
  });
});

describe("a reader that reads but never acknowledges", () => {
  it("has no more on its way than its Receive Maximum, and a bounded queue", () => {
    const peer = harness.connect("reader", { properties: { receiveMaximum: 10 } });
    subscribe(peer, "a");
    for (let index = 0; index < 1_000; index += 1)
      harness.inject({ topic: "a", qos: 1, payload: new Uint8Array(50) });
    expect(peer.receive()).toHaveLength(10);
    expect(harness.core.statistics.queuedMessagesCurrent).toBeLessThanOrEqual(QUEUE_MESSAGES);
  });
});

describe("a session whose client is away", () => {
  it("queues no more messages and no more bytes than the limits say, the newest first", () => {
    const peer = harness.connect("away", lasting());
    subscribe(peer, "a");
    peer.cut();
    for (let index = 0; index < 10_000; index += 1)
      harness.inject({ topic: "a", qos: 1, payload: new TextEncoder().encode(String(index)) });
    expect(harness.core.statistics.queuedMessagesCurrent).toBe(QUEUE_MESSAGES);
    for (let index = 0; index < 100; index += 1)
      harness.inject({ topic: "a", qos: 1, payload: new Uint8Array(3_000) });
    expect(harness.core.statistics.queuedBytesCurrent).toBeLessThanOrEqual(QUEUE_BYTES);
    harness.inject({ topic: "a", qos: 2, payload: new TextEncoder().encode("last") });
    expect(harness.connect("away", lasting()).receiveTexts().at(-1)).toBe("last");
  });

  it("takes one message that is larger than its queue, but not two", () => {
    const peer = harness.connect("away", lasting());
    subscribe(peer, "a");
    peer.cut();
    for (let index = 0; index < 5; index += 1)
      harness.inject({ topic: "a", qos: 1, payload: new Uint8Array(50_000) });
    expect(harness.core.statistics.queuedMessagesCurrent).toBe(1);
  });
});

describe("a publisher of QoS 2 that never sends PUBREL", () => {
  it("is stopped at the Receive Maximum that it was told", () => {
    const strict = new CoreHarness({ receiveMaximum: 1_000 });
    const peer = strict.connect("attacker");
    for (let identifier = 1; identifier <= 1_000; identifier += 1)
      peer.send(publishPacket("a", "x", { qos: 2, packetIdentifier: identifier }));
    expect(peer.receive()).toHaveLength(1_000);
    peer.send(publishPacket("a", "x", { qos: 2, packetIdentifier: 1_001 }));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x93);
  });

  it("of 3.1.1 is stopped by the number of identifiers, each of which is a number and no message", () => {
    const peer = harness.connect("attacker", { protocolVersion: 4, ...lasting() });
    const message = encodePacket(publishPacket("a", "x", { qos: 2, packetIdentifier: 1 }), 4);
    for (let identifier = 1; identifier <= 65_535; identifier += 1) {
      message.set([identifier >> 8, identifier & 0xff], 5);
      peer.sendChunk(message.slice());
    }
    harness.settle();
    expect(peer.connection.session?.receiver.size).toBe(65_535);
    expect(harness.core.statistics.queuedBytesCurrent).toBe(0);
    expect(peer.isEnded).toBe(false);
  });

  it("with one identifier again and again has one message delivered", () => {
    const reader = harness.connect("reader");
    subscribe(reader, "a");
    const peer = harness.connect("attacker");
    const message = publishPacket("a", "once", { qos: 2, packetIdentifier: 1 });
    for (let index = 0; index < 1_000; index += 1)
      peer.send({ ...message, duplicate: index % 2 === 1 });
    expect(peer.receive()).toHaveLength(1_000);
    expect(reader.receiveTexts()).toEqual(["once"]);
    expect(peer.connection.session?.receiver.size).toBe(1);
  });
});

describe("a client that asks and does not read the answers", () => {
  it("is no longer read from, whatever it asks", () => {
    const packets = [
      Uint8Array.of(0xc0, 0),
      encodePacket(publishPacket("a", "x", { qos: 1, packetIdentifier: 1 }), 5),
      encodePacket(acknowledgement("pubrel", 9), 5),
      encodePacket({ type: "unsubscribe", packetIdentifier: 1, topicFilters: ["a", "b"] }, 5),
    ];
    for (const packet of packets) {
      const peer = harness.connect("attacker");
      peer.freeze();
      const chunk = Buffer.concat(Array.from({ length: 2_000 }, () => packet));
      for (let index = 0; index < 400 && !peer.wire.isPaused; index += 1)
        peer.send(new Uint8Array(chunk));
      expect(peer.wire.isPaused).toBe(true);
      expect(heldFor(peer)).toBeLessThan(2_200_000);
      peer.cut();
    }
  });
});

describe("a slow interceptor of outbound packets", () => {
  it("has a bounded number of packets wait for it", () => {
    const calls: Later[] = [];
    const slow = new CoreHarness(
      { queueMessagesMax: QUEUE_MESSAGES, roomWaitMs: 0 },
      {
        interceptingOutboundPacket: ({ clientId }) => {
          if (clientId !== "victim") return undefined;
          const later = new Later();
          calls.push(later);
          return later;
        },
      },
    );
    const victim = slow.connecting("victim");
    const letOne = (): void => {
      calls.shift()?.settle();
      slow.settle();
    };
    letOne();
    victim.send({
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [
        { topicFilter: "a", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
    });
    letOne();
    for (let index = 0; index < 20_000; index += 1)
      slow.inject({ topic: "a", qos: index % 2 === 0 ? 0 : 1 });
    expect(victim.connection.outbound?.waiting.length).toBeLessThan(2_000);
    for (let index = 0; index < 500; index += 1) victim.send("c000".repeat(100));
    while (calls.length > 0) letOne();
    expect(victim.isEnded).toBe(false);
    slow.inject({ topic: "a", qos: 0, payload: new TextEncoder().encode("after") });
    while (calls.length > 0) letOne();
    const last = victim.receive().at(-1);
    expect(last).toMatchObject({ type: "publish", payload: new TextEncoder().encode("after") });
    expect(slow.reports).toEqual([]);
  });
});

describe("what is kept of a message", () => {
  it("is its own bytes, and never the buffer that it came in", () => {
    const away = harness.connect("away", lasting());
    subscribe(away, "q");
    away.cut();
    const peer = harness.connect("writer");
    const padding = publishPacket("z", "x".repeat(60_000));
    for (const qos of [1, 2] as const) {
      for (let index = 0; index < 3; index += 1) {
        const message = publishPacket("q", "0123456789", { qos, packetIdentifier: 1 + index });
        peer.send(padding, message, { ...message, topic: "r", retain: true }, padding);
      }
    }
    const session = harness.core.sessions.get("away");
    expect(session?.queue.length).toBe(6);
    for (const owed of session?.queue ?? []) {
      if (session === undefined) throw new Error("there is no session");
      const { message } = deliveryOf(harness.core, session, owed);
      expect(message.bytes.buffer.byteLength).toBeLessThan(64);
    }
    expect(harness.core.retained.get("r")?.bytes.buffer.byteLength).toBeLessThan(64);
  });

  it("of a Will too", () => {
    const will = { topic: "w", payload: Uint8Array.of(1), qos: 0, retain: true } as const;
    const peer = harness.connect("c", { will, userName: "u", password: new Uint8Array(60_000) });
    const kept = peer.connection.session?.will?.will.payload;
    expect(kept?.buffer.byteLength).toBeLessThan(64);
  });
});
