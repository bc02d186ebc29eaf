import { describe, expect, it } from "vitest";
import { heldBytes } from "../../src/core/delivering/dropping.ts";
import type { DropReason } from "../../src/core/owed/delivery-notices.ts";
import { acknowledgement, CoreHarness, lasting, subscribe } from "../support/core-harness.ts";

const TOTAL = 400_000;

/** A harness with that total, and what was told to be dropped, by client. */
function harnessOf(options: object = {}): { harness: CoreHarness; dropped: Map<string, number> } {
  const dropped = new Map<string, number>();
  const other = (): void => undefined;
  const harness = new CoreHarness(
    { backlogTotalBytesMax: TOTAL, ...options },
    {},
    {
      tooLarge: other,
      droppedPublish: other,
      slow: other,
      stalled: other,
      denied: other,
      dropped: (clientId: string, reason: DropReason, count: number) => {
        expect(reason).toBe("total");
        dropped.set(clientId, (dropped.get(clientId) ?? 0) + count);
      },
    },
  );
  return { harness, dropped };
}

/** A session whose client is away. */
function away(harness: CoreHarness, clientId: string, filter: string): void {
  const peer = harness.connect(clientId, lasting());
  subscribe(peer, { topicFilter: filter, qos: 1 });
  peer.cut();
}

function publish(harness: CoreHarness, topic: string, bytes: number, count = 1): void {
  for (let index = 0; index < count; index += 1) {
    harness.inject({ topic, payload: new Uint8Array(bytes), qos: 1 });
    harness.advance(300);
  }
}

/** Comes back and takes all. */
function takeAll(harness: CoreHarness, clientId: string): number {
  const peer = harness.connect(clientId, lasting());
  let count = 0;
  for (let goesOn = true; goesOn;) {
    goesOn = false;
    for (const packet of peer.receive()) {
      if (packet.type !== "publish") continue;
      goesOn = true;
      count += 1;
      peer.send(acknowledgement("puback", packet.packetIdentifier ?? 0));
    }
  }
  return count;
}

describe("the total of what waits in memory", () => {
  it.each([
    ["small", 1_000],
    ["large", 20_000],
  ])("counts what many queues share once, of %s messages", (_about, bytes) => {
    const { harness, dropped } = harnessOf();
    for (let index = 0; index < 10; index += 1) away(harness, `c${index}`, "a");
    const count = Math.floor((0.8 * TOTAL) / bytes);
    publish(harness, "a", bytes, count);
    expect(dropped.size).toBe(0);
    expect(heldBytes(harness.core)).toBeGreaterThan(0.8 * TOTAL);
    for (let index = 0; index < 9; index += 1) expect(takeAll(harness, `c${index}`)).toBe(count);
    expect(heldBytes(harness.core)).toBeGreaterThan(0.8 * TOTAL);
    expect(takeAll(harness, "c9")).toBe(count);
    expect(heldBytes(harness.core)).toBe(0);
  });

  it.each([
    ["small", 1_000],
    ["large", 20_000],
  ])(
    "is kept to: of %s messages queues whose oldest has waited for longest give up theirs first",
    (_about, bytes) => {
      const { harness, dropped } = harnessOf();
      const each = Math.floor((0.28 * TOTAL) / bytes);
      for (const clientId of ["first", "second", "third"]) {
        away(harness, clientId, clientId);
        publish(harness, clientId, bytes, each);
      }
      expect(dropped.size).toBe(0);
      away(harness, "last", "last");
      publish(harness, "last", bytes, each);
      publish(harness, "last", bytes, 1);
      expect(dropped.get("first")).toBeGreaterThan(0);
      expect(dropped.has("third")).toBe(false);
      expect(dropped.has("last")).toBe(false);
      expect(heldBytes(harness.core)).toBeLessThanOrEqual(TOTAL);
      expect(harness.core.statistics.messagesDroppedTotal).toBe(
        [...dropped.values()].reduce((sum, count) => sum + count),
      );
      for (const clientId of ["first", "second", "third", "last"])
        expect(takeAll(harness, clientId) + (dropped.get(clientId) ?? 0)).toBe(
          clientId === "last" ? each + 1 : each,
        );
      expect(heldBytes(harness.core)).toBe(0);
    },
  );

  it("looks through all queues now and then only: between, what is new is dropped", () => {
    const { harness, dropped } = harnessOf({ backlogTotalBytesMax: 10_000 });
    away(harness, "c", "a");
    const message = { topic: "a", payload: new Uint8Array(4_000), qos: 1 } as const;
    for (let index = 0; index < 8; index += 1) harness.inject(message);
    // Three came above the total. Then the older half went, once, and then what was new.
    expect(harness.core.sessions.get("c")?.queue.length).toBe(3);
    expect(dropped.get("c")).toBe(5);
    harness.advance(300);
    harness.inject(message);
    expect(takeAll(harness, "c")).toBe(2);
  });

  it("is free of what a session had that is deleted", () => {
    const { harness } = harnessOf();
    away(harness, "c", "a");
    publish(harness, "a", 1_000, 10);
    publish(harness, "a", 20_000, 2);
    expect(heldBytes(harness.core)).toBeGreaterThan(50_000);
    harness.connect("c");
    expect(heldBytes(harness.core)).toBe(0);
  });
});
