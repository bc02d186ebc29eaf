import { describe, expect, it } from "vitest";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";

const V311 = { protocolVersion: 4, cleanStart: false } as const;

describe("resuming", () => {
  it.each([
    ["3.1.1", V311],
    ["5.0", lasting()],
  ])(
    "[MQTT-3.1.2-5] [MQTT-3.2.2-3] %s: the session is there again with its subscriptions",
    (_, fields) => {
      const harness = new CoreHarness();
      const first = harness.connectWith("c", fields);
      expect(first.connack.sessionPresent).toBe(false);
      subscribe(first.peer, "a/#");
      first.peer.cut();
      harness.inject({ topic: "a/b", qos: 1, payload: Uint8Array.of(65) });
      const second = harness.connectWith("c", fields);
      expect(second.connack.sessionPresent).toBe(true);
      expect(second.peer.receiveTexts()).toEqual(["A"]);
    },
  );

  it("[MQTT-3.1.2-4] Clean Start ends what there was", () => {
    const harness = new CoreHarness();
    const first = harness.connect("c", lasting());
    subscribe(first, "a");
    first.cut();
    const { connack } = harness.connectWith("c");
    expect(connack.sessionPresent).toBe(false);
    expect(harness.inject({ topic: "a", qos: 1 }).matched).toBe(0);
    expect(harness.core.statistics.sessionsCurrent).toBe(1);
    expect(harness.core.statistics.subscriptionsCurrent).toBe(0);
  });

  it("[MQTT-4.4.0-1] PUBLISH is sent again with DUP and the same identifier, in order", () => {
    const harness = new CoreHarness();
    const first = harness.connect("c", lasting());
    subscribe(first, "a");
    for (const text of ["1", "2", "3"]) {
      harness.inject({ topic: "a", qos: 2, payload: new TextEncoder().encode(text) });
    }
    const sent = first.receivePublishes();
    expect(sent.map(({ duplicate }) => duplicate)).toEqual([false, false, false]);
    first.cut();
    const again = harness.connect("c", lasting()).receivePublishes();
    expect(again).toEqual(sent.map((packet) => ({ ...packet, duplicate: true })));
  });

  it("[MQTT-4.3.3-6] after PUBREC it is PUBREL that is sent again", () => {
    const harness = new CoreHarness();
    const first = harness.connect("c", lasting());
    subscribe(first, "a");
    harness.inject({ topic: "a", qos: 2 });
    const { packetIdentifier } = first.receiveOne("publish");
    first.send(acknowledgement("pubrec", packetIdentifier));
    expect(first.receiveOne("pubrel").packetIdentifier).toBe(packetIdentifier);
    first.cut();
    const second = harness.connect("c", lasting());
    expect(second.receiveOne("pubrel").packetIdentifier).toBe(packetIdentifier);
    second.send(acknowledgement("pubcomp", packetIdentifier));
    second.cut();
    expect(harness.connect("c", lasting()).receive()).toEqual([]);
  });

  it("[MQTT-4.3.3-10] a QoS 2 PUBLISH sent again on a new connection is not delivered again", () => {
    const harness = new CoreHarness();
    const subscriber = harness.connect("s");
    subscribe(subscriber, "a");
    const publish = publishPacket("a", "once", { qos: 2, packetIdentifier: 7 });
    const first = harness.connect("p", lasting());
    first.send(publish);
    first.cut();
    const second = harness.connect("p", lasting());
    second.send({ ...publish, duplicate: true });
    expect(second.receiveOne("pubrec").reasonCode).toBe(0);
    second.send(acknowledgement("pubrel", 7));
    expect(second.receiveOne("pubcomp").packetIdentifier).toBe(7);
    expect(subscriber.receiveTexts()).toEqual(["once"]);
  });
});

describe("Session Expiry Interval", () => {
  it("[MQTT-3.1.2-23] [MQTT-4.1.0-2] ends the session when it has passed, and not before", () => {
    const harness = new CoreHarness();
    harness.connect("c", lasting(10)).cut();
    harness.advance(9_999);
    expect(harness.core.sessions.size).toBe(1);
    harness.advance(1);
    expect(harness.core.sessions.size).toBe(0);
    expect(harness.core.statistics.sessionsExpired).toBe(1);
    expect(harness.connectWith("c", lasting(10)).connack.sessionPresent).toBe(false);
  });

  it("of 0 ends the session with the connection", () => {
    const harness = new CoreHarness();
    harness.connect("c").cut();
    expect(harness.core.sessions.size).toBe(0);
  });

  it("of 0xFFFFFFFF never ends it", () => {
    const harness = new CoreHarness({ anonymousSessionExpiryMaxSeconds: 0xffffffff });
    harness.connect("c", lasting(0xffffffff)).cut();
    harness.advance(10 ** 12);
    expect(harness.core.sessions.size).toBe(1);
  });

  it("does not run while the client is connected", () => {
    const harness = new CoreHarness();
    harness.connect("c", lasting(10)).cut();
    harness.advance(5_000);
    const second = harness.connect("c", lasting(10));
    harness.advance(100_000);
    second.cut();
    harness.advance(9_999);
    expect(harness.core.sessions.size).toBe(1);
  });

  it("can be changed by DISCONNECT", () => {
    const harness = new CoreHarness();
    const properties = { sessionExpiryIntervalSeconds: 1 };
    harness.connect("c", lasting(10)).send({ type: "disconnect", reasonCode: 0, properties });
    harness.advance(1_000);
    expect(harness.core.sessions.size).toBe(0);
  });

  it("[MQTT-3.14.2-2] cannot be given by DISCONNECT where CONNECT gave none", () => {
    const peer = new CoreHarness().connect("c");
    const properties = { sessionExpiryIntervalSeconds: 1 };
    peer.send({ type: "disconnect", reasonCode: 0, properties });
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x82);
  });
});

describe("take over", () => {
  it("[MQTT-3.1.4-3] the older connection gets 0x8E and is closed", () => {
    const harness = new CoreHarness();
    const older = harness.connect("c", lasting());
    const { connack } = harness.connectWith("c", lasting());
    expect(older.receiveOne("disconnect").reasonCode).toBe(0x8e);
    expect(older.isClosed).toBe(true);
    expect(connack.sessionPresent).toBe(true);
    expect(harness.core.statistics.connectionsCurrent).toBe(1);
  });

  it("[MQTT-3.1.4-2] a 3.1.1 connection is closed without a packet", () => {
    const harness = new CoreHarness();
    const older = harness.connect("c", V311);
    harness.connect("c", V311);
    expect(older.receive()).toEqual([]);
    expect(older.isClosed).toBe(true);
  });

  it("a session without expiry ends with the older connection, also without Clean Start", () => {
    const harness = new CoreHarness();
    subscribe(harness.connect("c"), "a");
    const { connack } = harness.connectWith("c", { cleanStart: false });
    expect(connack.sessionPresent).toBe(false);
    expect(harness.inject({ topic: "a" }).matched).toBe(0);
  });

  it("what the older connection still sends is not read", () => {
    const harness = new CoreHarness();
    const subscriber = harness.connect("s");
    subscribe(subscriber, "a");
    const older = harness.connect("c", lasting());
    older.freeze();
    harness.inject({ topic: "b" });
    harness.connect("c", lasting());
    harness.core.receive(older.connection, older.encode(publishPacket("a", "late")));
    harness.settle();
    expect(subscriber.receive()).toEqual([]);
  });

  it("messages in flight go to the newer connection", () => {
    const harness = new CoreHarness();
    const older = harness.connect("c", lasting());
    subscribe(older, "a");
    harness.inject({ topic: "a", qos: 1 });
    const newer = harness.connect("c", lasting());
    expect(newer.receiveOne("publish").duplicate).toBe(true);
  });
});
