import { describe, expect, it } from "vitest";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { RateLimits } from "../../src/core/rates/rate-limits.ts";
import { acknowledgement, CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const LASTING = {
  protocolVersion: 5,
  cleanStart: false,
  properties: { sessionExpiryIntervalSeconds: 600 },
} as const;

function addressed(remoteAddress: string, localPort = 1_883): object {
  return { transport: "tcp", localPort, remoteAddress, secure: false };
}

function harnessWith(rateLimits: RateLimits, options: Partial<CoreOptions> = {}): CoreHarness {
  return new CoreHarness(options, {}, undefined, { rateLimits });
}

/** What became of a message that is to be retained: the reason why it is not, or nothing. */
function retain(peer: ScriptedPeer, topic: string, text = "x"): string | undefined {
  peer.send(publishPacket(topic, text, { qos: 1, retain: true, packetIdentifier: 1 }));
  const { reasonCode, properties } = peer.receiveOne("puback");
  expect([0, 0x10]).toContain(reasonCode);
  return properties?.reasonString;
}

function retainedTopics({ core }: CoreHarness): string[] {
  return Array.from(core.retained.rows(), (row) => core.retained.message(row).topic).toSorted();
}

describe("retained messages have a limit", () => {
  const limit = { retainedMessages: 2 };
  const ann = { userName: "ann", protocolVersion: 5 } as const;

  it.each([
    ["client a", { perClient: limit }],
    ["user ann", { perUser: limit }],
    ["user ann", { perUser: { retainedMessages: 9 }, users: { ann: limit } }],
    ["address 192.0.2.1", { perAddress: limit }],
    ["listener tcp:1883", { perListener: { "tcp:1883": limit } }],
  ])("of each %s", (who, limits: RateLimits) => {
    const harness = harnessWith(limits);
    const a = harness.connect("a", ann, addressed("192.0.2.1"));
    expect([retain(a, "1"), retain(a, "2")]).toEqual([undefined, undefined]);
    expect(retain(a, "3")).toBe(`delivered, but not retained: ${who} may have 2 messages`);
    // In place of its own it may be, and of what was removed.
    expect(retain(a, "2", "more")).toBeUndefined();
    expect(retain(a, "1", "")).toBeUndefined();
    expect(retain(a, "4")).toBeUndefined();
    // Plain ones of QoS 0 take a way of their own.
    a.send(publishPacket("5", "x", { retain: true }));
    expect(retainedTopics(harness)).toEqual(["2", "4"]);
    expect(harness.core.statistics.messagesNotRetained).toBe(2);
    // Others have room.
    const fields = { userName: "bob", protocolVersion: 5 } as const;
    const b = harness.connect("b", fields, addressed("192.0.2.2", 1_884));
    expect(retain(b, "6")).toBeUndefined();
    // What another has put in its place counts for it no more.
    expect(retain(b, "2")).toBeUndefined();
    expect(retain(a, "7")).toBeUndefined();
    harness.core.clear();
    expect(harness.core.retained.shares.size).toBe(0);
  });

  it("in bytes, also for the first", () => {
    const harness = harnessWith({ perUser: { retainedBytes: 100 } });
    const a = harness.connect("a", ann);
    expect(retain(a, "1", "x".repeat(101))).toBe(
      "delivered, but not retained: user ann may have 100 bytes",
    );
    expect(retain(a, "1", "x".repeat(50))).toBeUndefined();
    expect(retain(a, "2", "x".repeat(50))).toContain("user ann may have 100 bytes");
  });

  it("for Wills too", () => {
    const harness = harnessWith({ perUser: { retainedMessages: 0 } });
    const will = { topic: "will", payload: new Uint8Array(1), qos: 0, retain: true } as const;
    harness.connect("a", { ...ann, will }).cut();
    expect(harness.core.retained.count).toBe(0);
    expect(harness.core.statistics.messagesNotRetained).toBe(1);
  });
});

describe("messages that wait have a limit", () => {
  /** Sessions of clients that are away, each subscribed to its own topic. */
  function away(harness: CoreHarness, fields: object, ...clientIds: string[]): void {
    for (const [index, clientId] of clientIds.entries()) {
      const peer = harness.connect(
        clientId,
        { ...LASTING, ...fields },
        addressed(`192.0.2.${index}`),
      );
      subscribe(peer, { topicFilter: clientId, qos: 1 });
      peer.cut();
    }
  }

  function send(harness: CoreHarness, topic: string, ...texts: string[]): void {
    const publisher = harness.connect("publisher", {}, addressed("198.51.100.1", 1_884));
    for (const [index, text] of texts.entries())
      publisher.send(publishPacket(topic, text, { qos: 1, packetIdentifier: index + 1 }));
    publisher.cut();
  }

  function queued({ core }: CoreHarness, clientId: string): number | undefined {
    return core.sessions.get(clientId)?.queue.length;
  }

  it.each([
    ["user", { perUser: { queuedMessages: 4 } }],
    ["single user", { users: { ann: { queuedMessages: 4 } } }],
    ["listener", { perListener: { "tcp:1883": { queuedMessages: 4 } } }],
  ])("for all sessions of a %s together; each may have one", (_, limits: RateLimits) => {
    const harness = harnessWith(limits);
    away(harness, { userName: "ann" }, "a", "b", "c");
    send(harness, "a", "1", "2", "3");
    send(harness, "b", "1", "2", "3");
    expect([queued(harness, "a"), queued(harness, "b")]).toEqual([3, 1]);
    expect(harness.core.statistics.messagesDroppedQueue).toBe(2);
    send(harness, "c", "1");
    expect(queued(harness, "c")).toBe(1);
    // The newest is kept, by default.
    const back = harness.connect("b", { ...LASTING, userName: "ann" }, addressed("192.0.2.1"));
    expect(back.receivePublishes().map(({ payload }) => String.fromCharCode(...payload))).toEqual([
      "3",
    ]);
    back.send({
      type: "disconnect",
      reasonCode: 0,
      properties: { sessionExpiryIntervalSeconds: 0 },
    });
    send(harness, "c", "2", "3");
    expect(queued(harness, "c")).toBe(1);
    harness.core.clear();
    expect(harness.core.rates?.queues.size).toBe(0);
  });

  it("of each client and address, and in bytes", () => {
    const harness = harnessWith({
      perClient: { queuedMessages: 3 },
      perAddress: { queuedBytes: 100 },
    });
    away(harness, {}, "a", "b");
    send(harness, "a", "1", "2", "3", "4");
    expect(queued(harness, "a")).toBe(3);
    send(harness, "b", "x".repeat(40), "y".repeat(40), "z".repeat(40));
    expect(queued(harness, "b")).toBe(2);
  });

  it("which holds again after a restart, for users and clients", () => {
    const rateLimits = { perUser: { queuedMessages: 3 } };
    const server = new DurableServer({}, {}, {}, undefined, { rateLimits });
    away(server.harness, { userName: "ann" }, "a", "b");
    send(server.harness, "a", "1", "2", "3");
    server.checkpoint();
    const harness = server.crash();
    send(harness, "b", "1", "2");
    expect([queued(harness, "a"), queued(harness, "b")]).toEqual([3, 1]);
  });

  it("and a client that reads loses nothing: what is for it waits", () => {
    const harness = harnessWith({ perUser: { queuedMessages: 3 } });
    const properties = { receiveMaximum: 1 };
    const reader = harness.connect("r", { protocolVersion: 5, userName: "ann", properties });
    subscribe(reader, { topicFilter: "t", qos: 1 });
    const publisher = harness.connect("p", { protocolVersion: 5 });
    for (let index = 1; index <= 40; index += 1)
      publisher.send(publishPacket("t", `${index}`, { qos: 1, packetIdentifier: index }));
    const seen: string[] = [];
    for (let left = 200; left > 0 && seen.length < 40; left -= 1) {
      for (const { payload, packetIdentifier } of reader.receivePublishes()) {
        seen.push(String.fromCharCode(...payload));
        reader.send(acknowledgement("puback", packetIdentifier));
      }
      harness.advance(1);
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => `${index + 1}`));
    expect(harness.core.statistics.messagesDroppedQueue).toBe(0);
  });
});
