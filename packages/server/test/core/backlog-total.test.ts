import { describe, expect, it } from "vitest";
import type { DropReason } from "../../src/core/owed/delivery-notices.ts";
import { CoreHarness, connectPacket, subscribe, subscribePacket } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const PAYLOAD = new Uint8Array(1_000).fill(120);
const LARGE = new Uint8Array(10_000).fill(120);
const TOTAL = 1_000_000;
/** What is at the wires already cannot be dropped, and a message comes on top. */
const AT_WIRES = 1_500;

function frozen(harness: CoreHarness, count: number): ScriptedPeer[] {
  const peers = Array.from({ length: count }, (_item, index) => {
    const peer = harness.open();
    peer.sendChunk(
      connectPacket({ clientId: `slow${index}` }),
      subscribePacket({ topicFilter: "a", qos: 0 }),
    );
    return peer;
  });
  harness.settle();
  for (const peer of peers) {
    expect(peer.receive().map(({ type }) => type)).toEqual(["connack", "suback"]);
    peer.freeze();
  }
  return peers;
}

describe("clients that read nothing", () => {
  for (const count of [400, 5_000]) {
    it(`hold no more than backlogTotalBytesMax together, ${count} of them`, () => {
      const harness = new CoreHarness({ backlogTotalBytesMax: TOTAL });
      const { core } = harness;
      const peers = frozen(harness, count);
      const reader = harness.connect("reader");
      subscribe(reader, { topicFilter: "a", qos: 0 });
      const messages = Math.ceil((3 * TOTAL) / (count * PAYLOAD.length)) + 2;
      let most = 0;
      for (let number = 0; number < messages; number += 1) {
        harness.inject({ topic: "a", payload: PAYLOAD });
        most = Math.max(most, core.pool.heldBytes);
      }
      expect(most).toBeGreaterThan(TOTAL / 2);
      expect(most).toBeLessThan(TOTAL + count * AT_WIRES);
      // Whoever reads misses nothing.
      expect(reader.receiveTexts()).toHaveLength(messages);
      let received = 0;
      for (const peer of peers) {
        peer.thaw();
        received += peer.receiveTexts().length;
      }
      const { messagesDropped, messagesDroppedTotal } = core.statistics;
      expect(messagesDroppedTotal).toBeGreaterThan(0);
      expect(messagesDropped).toBe(messagesDroppedTotal);
      expect(received + messagesDropped).toBe(count * messages);
      expect(core.pool.heldBytes).toBe(0);
      expect(core.backlogParts.size).toBe(0);
    });
  }

  it("share large messages, which count once", () => {
    const harness = new CoreHarness({ backlogTotalBytesMax: TOTAL });
    const peers = frozen(harness, 100);
    for (let number = 0; number < 50; number += 1) harness.inject({ topic: "a", payload: LARGE });
    expect(harness.core.statistics.messagesDropped).toBe(0);
    for (const peer of peers) {
      peer.thaw();
      expect(peer.receiveTexts()).toHaveLength(50);
    }
  });

  it("lose from the one that has read nothing for longest, its oldest first, and what is dropped is told", () => {
    const told: [string, DropReason, number][] = [];
    const notices = {
      tooLarge: () => undefined,
      droppedPublish: () => undefined,
      stalled: () => undefined,
      slow: () => undefined,
      denied: () => undefined,
      dropped: (...args: [string, DropReason, number]) => void told.push(args),
    };
    const harness = new CoreHarness({ backlogTotalBytesMax: 400_000 }, {}, notices);
    const [first] = frozen(harness, 1);
    const number = (index: number): Uint8Array =>
      new TextEncoder().encode(String(index).padEnd(1_000));
    for (let index = 0; index < 150; index += 1)
      harness.inject({ topic: "a", payload: number(index) });
    const second = harness.connect("second");
    subscribe(second, { topicFilter: "a", qos: 0 });
    second.freeze();
    for (let index = 150; index < 300; index += 1)
      harness.inject({ topic: "a", payload: number(index) });
    expect(new Set(told.map(([clientId, reason]) => `${clientId} ${reason}`))).toEqual(
      new Set(["slow0 total"]),
    );
    second.thaw();
    expect(second.receiveTexts()).toHaveLength(150);
    first?.thaw();
    const texts = first?.receiveTexts().map((text) => Number(text)) ?? [];
    // The first was at the wire already. Of the rest the newest are kept, in order.
    expect(texts[0]).toBe(0);
    expect(texts.at(-1)).toBe(299);
    const dropped = told.reduce((sum, [, , count]) => sum + count, 0);
    expect(texts.slice(1)).toEqual(
      Array.from({ length: 299 - dropped }, (_, i) => i + 1 + dropped),
    );
    expect(harness.core.statistics.messagesDroppedTotal).toBe(dropped);
  });

  it("that are too many for the total even without backlogs get nothing more", () => {
    const harness = new CoreHarness({ backlogTotalBytesMax: 1_000 });
    const peers = frozen(harness, 3);
    for (let number = 0; number < 3; number += 1) harness.inject({ topic: "a", payload: PAYLOAD });
    expect(harness.core.statistics.messagesDroppedTotal).toBe(6);
    for (const peer of peers) {
      peer.thaw();
      expect(peer.receiveTexts()).toHaveLength(1);
    }
  });
});

describe("what was dropped is counted by its reason", () => {
  it("a full queue, a full backlog, QoS 0 for who is away", () => {
    const harness = new CoreHarness({ queueMessagesMax: 1, backlogBytesMax: 1_000 });
    const { statistics } = harness.core;
    const [peer] = frozen(harness, 1);
    for (let number = 0; number < 3; number += 1) harness.inject({ topic: "a", payload: PAYLOAD });
    expect(statistics).toMatchObject({ messagesDropped: 1, messagesDroppedBacklog: 1 });
    const away = harness.connect("away", {
      cleanStart: false,
      properties: { sessionExpiryIntervalSeconds: 60 },
    });
    subscribe(away, { topicFilter: "b", qos: 1 });
    away.cut();
    for (let number = 0; number < 3; number += 1) harness.inject({ topic: "b", qos: 1 });
    harness.inject({ topic: "b", qos: 0 });
    expect(statistics).toMatchObject({
      messagesDropped: 4,
      messagesDroppedQueue: 2,
      messagesDroppedAway: 1,
    });
    expect(peer?.isClosed).toBe(false);
  });
});
