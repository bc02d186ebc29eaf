import { describe, expect, it } from "vitest";
import type {
  DroppedPublish,
  OversizeMessage,
  StalledWindow,
} from "../../src/core/owed/delivery-notices.ts";
import { sessionStatus } from "../../src/core/management/session-status.ts";
import type { CoreOptions } from "../../src/core/core-options.ts";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const MINUTE_MS = 60_000;

function noticed(options: Partial<CoreOptions> = {}): {
  harness: CoreHarness;
  tooLarge: OversizeMessage[];
  stalled: StalledWindow[];
  dropped: DroppedPublish[];
} {
  const tooLarge: OversizeMessage[] = [];
  const stalled: StalledWindow[] = [];
  const dropped: DroppedPublish[] = [];
  const harness = new CoreHarness(
    options,
    {},
    {
      tooLarge: (message) => tooLarge.push(message),
      stalled: (window) => stalled.push(window),
      dropped: () => undefined,
      slow: () => undefined,
      denied: () => undefined,
      droppedPublish: (publish) => dropped.push(publish),
    },
  );
  return { harness, tooLarge, stalled, dropped };
}

describe("[MQTT-3.1.2-25] a message that is larger than its client takes", () => {
  it.each([0, 1, 2] as const)("is told with both sizes, and counted: QoS %i", (qos) => {
    const { harness, tooLarge } = noticed();
    const peer = harness.connect("small", { properties: { maximumPacketSize: 50 } });
    subscribe(peer, "a/#");
    const identifier = qos === 0 ? {} : { packetIdentifier: 1 };
    harness.connect("p").send(publishPacket("a/b", "x".repeat(100), { qos, ...identifier }));
    // Fixed header 2, topic 5, properties 1, and the identifier.
    const packetSize = 2 + 5 + 1 + (qos === 0 ? 0 : 2) + 100;
    expect(tooLarge).toEqual([
      { clientId: "small", topic: "a/b", packetSize, maximumPacketSize: 50 },
    ]);
    expect(harness.core.statistics).toMatchObject({ messagesTooLarge: 1, messagesDropped: 1 });
  });

  it("is told when it comes from the queue, and when it is retained", () => {
    const { harness, tooLarge } = noticed();
    const first = harness.connect("small", lasting());
    subscribe(first, "a");
    first.cut();
    harness.inject({ topic: "a", qos: 1, payload: new Uint8Array(100) });
    harness.inject({ topic: "b", retain: true, payload: new Uint8Array(100) });
    const properties = { maximumPacketSize: 50, sessionExpiryIntervalSeconds: 60 };
    const peer = harness.connect("small", { cleanStart: false, properties });
    subscribe(peer, "b");
    expect(tooLarge.map(({ topic }) => topic)).toEqual(["a", "b"]);
  });
});

describe("a window full of messages that are never acknowledged", () => {
  /** A device that reads and acknowledges nothing: 20 in flight, and some that wait. */
  function stuck(harness: CoreHarness): ScriptedPeer {
    const peer = harness.connect("device", lasting());
    subscribe(peer, "a");
    for (let count = 0; count < 25; count += 1) harness.inject({ topic: "a", qos: 1 });
    return peer;
  }

  function stalledSinceMs(harness: CoreHarness): number | undefined {
    const session = harness.core.sessions.get("device");
    return session && sessionStatus(harness.core, session).stalledSinceMs;
  }

  it("is told after a minute, once, and the session's status says it", () => {
    const { harness, stalled } = noticed();
    const beganMs = harness.core.now;
    stuck(harness);
    harness.advance(MINUTE_MS - 1);
    expect([stalled, stalledSinceMs(harness)]).toEqual([[], undefined]);
    harness.advance(1);
    expect(stalled).toEqual([{ clientId: "device", inFlightMessages: 20, queuedMessages: 5 }]);
    expect(stalledSinceMs(harness)).toBe(beganMs);
    harness.advance(10 * MINUTE_MS);
    expect(stalled).toHaveLength(1);
    expect(harness.core.statistics.windowsStalled).toBe(1);
  });

  it("stays told of while the client is away and comes back", () => {
    const { harness, stalled } = noticed();
    const peer = stuck(harness);
    harness.advance(MINUTE_MS);
    peer.cut();
    expect(stalledSinceMs(harness)).toBeDefined();
    harness.connect("device", lasting());
    harness.advance(2 * MINUTE_MS);
    expect(stalled).toHaveLength(1);
    expect(stalledSinceMs(harness)).toBeDefined();
  });

  it("is told after a minute of a later connection, if the first was short", () => {
    const { harness, stalled } = noticed();
    stuck(harness).cut();
    harness.connect("device", lasting());
    harness.advance(2 * MINUTE_MS);
    expect(stalled).toHaveLength(1);
  });

  it("is over with the first acknowledgement, and told again if it stalls again", () => {
    const { harness, stalled } = noticed();
    const peer = stuck(harness);
    harness.advance(MINUTE_MS);
    const [first] = peer.receivePublishes();
    peer.send(acknowledgement("puback", first?.packetIdentifier));
    expect(stalledSinceMs(harness)).toBe(undefined);
    harness.advance(2 * MINUTE_MS);
    expect(stalled).toHaveLength(2);
  });

  it("is not told where a client is slow but acknowledges", () => {
    const { harness, stalled } = noticed();
    const peer = stuck(harness);
    for (const { packetIdentifier } of peer.receivePublishes()) {
      harness.advance(MINUTE_MS - 1);
      peer.send(acknowledgement("puback", packetIdentifier));
    }
    expect(stalled).toEqual([]);
  });

  it("is not told where nothing waits", () => {
    const { harness, stalled } = noticed();
    const peer = harness.connect("device", lasting());
    subscribe(peer, "a");
    for (let count = 0; count < 20; count += 1) harness.inject({ topic: "a", qos: 1 });
    harness.advance(10 * MINUTE_MS);
    expect(stalled).toEqual([]);
  });
});

describe("a PUBLISH that is not taken", () => {
  it.each([
    [4, 1],
    [4, 0],
    [5, 0],
  ] as const)("is told where its client cannot be: version %i, QoS %i", (protocolVersion, qos) => {
    const { harness, dropped } = noticed({ topicLevelsMax: 128 });
    const peer = harness.connect("c", { protocolVersion });
    const identifier = qos === 0 ? {} : { packetIdentifier: 1 };
    const deep = "a/".repeat(harness.core.options.topicLevelsMax + 1);
    for (const topic of ["$mine/x", deep])
      peer.send(publishPacket(topic, "x", { qos, ...identifier }));
    expect(dropped).toMatchObject([
      { clientId: "c", topic: "$mine/x", reasonCode: 0x87 },
      { clientId: "c", topic: deep, reasonCode: 0x90 },
    ]);
  });

  it("is told its client alone, where the acknowledgement has a Reason Code", () => {
    const { harness, dropped } = noticed();
    const peer = harness.connect("c");
    peer.send(publishPacket("$mine/x", "x", { qos: 1, packetIdentifier: 1 }));
    expect(peer.receiveOne("puback").reasonCode).toBe(0x87);
    expect(dropped).toEqual([]);
  });
});
