import { CLOCK_KEY } from "../../src/core/journal/server-time.ts";
import { describe, expect, it } from "vitest";
import type { ScriptedPeer } from "../support/scripted-peer.ts";
import { acknowledgement, lasting, publishPacket, subscribe } from "../support/core-harness.ts";
import type { CoreHarness } from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";

/** A lasting session that is subscribed and whose client is away. */
function away(harness: CoreHarness, clientId: string, filter: string, seconds = 3_600): void {
  const peer = harness.connect(clientId, lasting(seconds));
  subscribe(peer, filter);
  peer.cut();
}

function isPresent(harness: CoreHarness, clientId: string): boolean {
  const { peer, connack } = harness.connectWith(clientId, lasting());
  peer.cut();
  return connack.sessionPresent;
}

function publishTo(harness: CoreHarness, topic: string, fields = {}): ScriptedPeer {
  const publisher = harness.connect("p");
  publisher.send(publishPacket(topic, "text", { qos: 1, packetIdentifier: 1, ...fields }));
  return publisher;
}

describe.each([
  ["journal", false],
  ["tables", true],
])("times that go on while the server is down, from the %s", (_name, isCheckpointed) => {
  function crash(server: DurableServer, downMs: number): CoreHarness {
    if (isCheckpointed) server.checkpoint();
    return server.crash(downMs);
  }

  it("[MQTT-3.3.2-5] a queued message expires", () => {
    const server = new DurableServer();
    away(server.harness, "s", "t");
    publishTo(server.harness, "t", { properties: { messageExpiryIntervalSeconds: 10 } });
    const s = crash(server, 11_000).connect("s", lasting());
    expect(s.receive()).toEqual([]);
  });

  it("[MQTT-3.3.2-6] a queued message tells what is left of its Message Expiry Interval", () => {
    const server = new DurableServer();
    away(server.harness, "s", "t");
    publishTo(server.harness, "t", { properties: { messageExpiryIntervalSeconds: 10 } });
    const s = crash(server, 4_000).connect("s", lasting());
    expect(s.receive()).toMatchObject([{ properties: { messageExpiryIntervalSeconds: 6 } }]);
  });

  it.each([0.25, -3_000])(
    "[MQTT-3.3.2-6] a message never says that it has more left than it came with, if the clock moves by %f ms",
    (ms) => {
      const server = new DurableServer();
      server.harness.core.now += 0.25;
      away(server.harness, "s", "t");
      const properties = { messageExpiryIntervalSeconds: 10 };
      publishTo(server.harness, "t", { properties });
      const s = crash(server, ms).connect("s", lasting());
      expect(s.receive()).toMatchObject([{ properties }]);
    },
  );

  it("a retained message expires", () => {
    const server = new DurableServer();
    const properties = { messageExpiryIntervalSeconds: 10 };
    publishTo(server.harness, "t", { retain: true, properties });
    const n = crash(server, 11_000).connect("n");
    subscribe(n, "t");
    expect(n.receive()).toEqual([]);
  });

  it("a session lives as long after its disconnection as if there had been no crash", () => {
    const server = new DurableServer();
    away(server.harness, "s", "t", 10);
    server.harness.advance(4_000);
    const harness = crash(server, 5_000);
    expect(harness.core.sessions.get("s")).toBeDefined();
    harness.advance(1_001);
    expect(harness.core.sessions.get("s")).toBeUndefined();
  });

  it("a session that was connected expires from the crash on", () => {
    const server = new DurableServer();
    server.harness.connect("s", lasting(10));
    const harness = crash(server, 60_000);
    harness.advance(9_000);
    expect(harness.core.sessions.get("s")).toBeDefined();
    harness.advance(2_000);
    expect(harness.core.sessions.get("s")).toBeUndefined();
  });

  it("a session that was connected expires from the first crash on, however many follow", () => {
    const server = new DurableServer();
    server.harness.connect("s", lasting(10));
    crash(server, 60_000).advance(6_000);
    const harness = crash(server, 3_000);
    expect(harness.core.sessions.get("s")).toBeDefined();
    harness.advance(1_001);
    expect(harness.core.sessions.get("s")).toBeUndefined();
  });

  it("[MQTT-3.1.3-9] a Will waits from the crash that cut its connection, however many follow", () => {
    const server = new DurableServer();
    away(server.harness, "s", "will");
    const properties = { willDelayIntervalSeconds: 10 };
    const payload = new Uint8Array([49]);
    const will = { topic: "will", payload, qos: 1, retain: false, properties } as const;
    server.harness.connect("w", { ...lasting(), will });
    crash(server, 60_000).advance(6_000);
    const harness = crash(server, 3_000);
    const s = harness.connect("s", lasting());
    expect(s.receive()).toEqual([]);
    harness.advance(1_001);
    expect(s.receive()).toMatchObject([{ type: "publish", topic: "will" }]);
  });

  it("[MQTT-3.1.3-9] a Will waits for the rest of its delay, and not longer", () => {
    const server = new DurableServer();
    away(server.harness, "s", "will");
    const will = {
      topic: "will",
      payload: new Uint8Array([49]),
      qos: 1,
      retain: false,
      properties: { willDelayIntervalSeconds: 10 },
    } as const;
    server.harness.connect("w", { ...lasting(), will }).cut();
    server.harness.advance(4_000);
    const harness = crash(server, 3_000);
    const s = harness.connect("s", lasting());
    expect(s.receive()).toEqual([]);
    harness.advance(3_001);
    expect(s.receive()).toMatchObject([{ type: "publish", topic: "will" }]);
  });

  /** A client "w" with a delayed Will, which is gone. */
  function mortal(server: DurableServer, willDelayIntervalSeconds: number, seconds = 3_600): void {
    const payload = new Uint8Array([49]);
    const properties = { willDelayIntervalSeconds };
    const will = { topic: "will", payload, qos: 1, retain: false, properties } as const;
    server.harness.connect("w", { ...lasting(seconds), will }).cut();
  }

  it("[MQTT-3.1.3-9] a Will whose delay is over while the server is down is published at its start", () => {
    const server = new DurableServer();
    away(server.harness, "s", "will");
    mortal(server, 10);
    const s = crash(server, 11_000).connect("s", lasting());
    expect(s.receive()).toMatchObject([{ type: "publish", topic: "will" }]);
    const again = crash(server, 0).connect("s", lasting());
    expect(again.receive()).toMatchObject([{ type: "publish", duplicate: true }]);
  });

  it("[MQTT-3.1.3-9] a Will is not published if its client comes back in time, down time included", () => {
    const server = new DurableServer();
    away(server.harness, "s", "will");
    mortal(server, 10);
    const harness = crash(server, 9_000);
    harness.connect("w", lasting()).send({ type: "disconnect", reasonCode: 0 });
    harness.advance(60_000);
    expect(harness.connect("s", lasting()).receive()).toEqual([]);
    expect(crash(server, 60_000).connect("s", lasting()).receive()).toEqual([]);
  });

  it("[MQTT-3.1.2-8] a Will comes with the end of its session, if that ends first while the server is down", () => {
    const server = new DurableServer();
    away(server.harness, "s", "will");
    mortal(server, 1_000, 10);
    const harness = crash(server, 11_000);
    expect(isPresent(harness, "w")).toBe(false);
    expect(harness.connect("s", lasting()).receive()).toMatchObject([{ topic: "will" }]);
  });

  it("a message of a shared subscription expires in the queue of its member", () => {
    const server = new DurableServer();
    away(server.harness, "s", "$share/g/t");
    publishTo(server.harness, "t", { properties: { messageExpiryIntervalSeconds: 10 } });
    publishTo(server.harness, "t");
    const s = crash(server, 11_000).connect("s", lasting());
    expect(s.receive()).toMatchObject([{ type: "publish", topic: "t" }]);
  });

  it("a message that was on its way comes again, however late, since its delivery had begun", () => {
    const server = new DurableServer();
    const s = server.harness.connect("s", lasting());
    subscribe(s, "t");
    publishTo(server.harness, "t", { properties: { messageExpiryIntervalSeconds: 10 } });
    const again = crash(server, 11_000).connect("s", lasting());
    expect(again.receive()).toMatchObject([{ type: "publish", duplicate: true }]);
  });

  it("an expired session is struck out of the store", () => {
    const server = new DurableServer();
    away(server.harness, "s", "t", 10);
    publishTo(server.harness, "t");
    server.checkpoint();
    crash(server, 11_000);
    server.checkpoint();
    const clients = [...server.medium.sessions.keys()].filter((key) => key !== CLOCK_KEY);
    expect(clients).toHaveLength(1);
    expect(server.journalBytes).toBe(0);
  });
});

describe("sessions that end, in the store", () => {
  it("[MQTT-3.1.2-4] end for good with Clean Start", () => {
    const server = new DurableServer();
    away(server.harness, "s", "t");
    server.harness.connect("s", { cleanStart: true }).cut();
    expect(isPresent(server.crash(), "s")).toBe(false);
  });

  it("CONNACK of a Clean Start waits until the older session is struck out", () => {
    const server = new DurableServer();
    away(server.harness, "s", "t");
    server.isCommitting = false;
    const s = server.harness.connecting("s", { cleanStart: true });
    expect(s.receive()).toEqual([]);
    server.commit();
    expect(s.receive()).toMatchObject([{ type: "connack", sessionPresent: false }]);
  });

  it("[MQTT-3.14.2-2] end for good with a DISCONNECT that sets their expiry to 0", () => {
    const server = new DurableServer();
    const s = server.harness.connect("s", lasting());
    subscribe(s, "t");
    const properties = { sessionExpiryIntervalSeconds: 0 };
    s.send({ type: "disconnect", reasonCode: 0, properties });
    expect(isPresent(server.crash(), "s")).toBe(false);
  });

  it("live longer with a DISCONNECT that says so", () => {
    const server = new DurableServer();
    const s = server.harness.connect("s", lasting(10));
    const properties = { sessionExpiryIntervalSeconds: 100 };
    s.send({ type: "disconnect", reasonCode: 0, properties });
    expect(isPresent(server.crash(50_000), "s")).toBe(true);
  });
});

describe("what a restart brings back", () => {
  it("all properties of a retained message", () => {
    const server = new DurableServer();
    const properties = {
      payloadFormatIndicator: 1,
      contentType: "text/plain",
      responseTopic: "answers",
      correlationData: new Uint8Array([1, 2]),
      userProperties: [
        ["a", "1"],
        ["a", "2"],
      ],
    } as const;
    publishTo(server.harness, "t", { retain: true, properties });
    const n = server.crash().connect("n");
    subscribe(n, "t");
    expect(n.receive()).toMatchObject([{ topic: "t", retain: true, properties }]);
  });

  it("all options of a subscription", () => {
    const server = new DurableServer();
    const s = server.harness.connect("s", lasting());
    s.send({
      type: "subscribe",
      packetIdentifier: 1,
      properties: { subscriptionIdentifier: 9 },
      subscriptions: [
        { topicFilter: "t", qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
      ],
    });
    const again = server.crash().connect("s", lasting());
    again.send(publishPacket("t", "own"));
    expect(again.receive()).toEqual([]);
    publishTo(server.harness, "t", { qos: 2, retain: true });
    expect(again.receive()).toMatchObject([
      { qos: 1, retain: true, properties: { subscriptionIdentifiers: [9] } },
    ]);
  });

  it("messages that wait for the members of a shared subscription, each once and in order", () => {
    const server = new DurableServer();
    for (const member of ["s1", "s2"]) away(server.harness, member, "$share/g/t");
    const publisher = server.harness.connect("p");
    for (const one of ["1", "2", "3", "4", "5", "6"])
      publisher.send(publishPacket("t", one, { qos: 1, packetIdentifier: Number(one) }));
    server.checkpoint();
    for (const one of ["7", "8"])
      publisher.send(publishPacket("t", one, { qos: 1, packetIdentifier: Number(one) }));
    const harness = server.crash();
    const shares = ["s1", "s2"].map((member) => harness.connect(member, lasting()).receiveTexts());
    for (const share of shares) expect(share).toEqual(share.toSorted());
    expect(shares.flat().toSorted()).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  });

  it("a Will with all that it has", () => {
    const server = new DurableServer();
    away(server.harness, "s", "will");
    const properties = {
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: 100,
      contentType: "text/plain",
      responseTopic: "answers",
      correlationData: new Uint8Array([1, 2]),
      userProperties: [["a", "1"]],
    } as const;
    const payload = new Uint8Array([49]);
    const will = { topic: "will", payload, qos: 2, retain: true, properties } as const;
    server.harness.connect("w", { ...lasting(), will });
    const harness = server.crash();
    const expected = { topic: "will", payload, qos: 2, properties };
    expect(harness.connect("s", lasting()).receive()).toMatchObject([expected]);
    const n = harness.connect("n");
    subscribe(n, "will");
    expect(n.receive()).toMatchObject([{ ...expected, retain: true }]);
  });

  it("who a session belongs to, and when it was made", () => {
    const server = new DurableServer();
    server.harness.connect("s", { ...lasting(), userName: "ursula" }).cut();
    const createdAtMs = server.harness.core.now;
    const session = server.crash(5_000).core.sessions.get("s");
    expect(session).toMatchObject({ userName: "ursula", createdAtMs });
  });

  it("messages of a shared subscription, which another member gets if the session ends", () => {
    const server = new DurableServer();
    away(server.harness, "s", "$share/g/t", 10);
    publishTo(server.harness, "t");
    const harness = server.crash();
    const other = harness.connect("o", lasting());
    subscribe(other, "$share/g/t");
    expect(other.receive()).toEqual([]);
    harness.advance(10_001);
    expect(other.receive()).toMatchObject([{ type: "publish", topic: "t" }]);
  });

  it("Packet Identifiers that are in use, which are not given again", () => {
    const server = new DurableServer();
    const s = server.harness.connect("s", lasting());
    subscribe(s, "t");
    publishTo(server.harness, "t");
    publishTo(server.harness, "t", { qos: 2 });
    expect(s.receive()).toMatchObject([{ packetIdentifier: 1 }, { packetIdentifier: 2 }]);
    s.send(acknowledgement("pubrec", 2));
    const again = server.crash().connect("s", lasting());
    expect(again.receive()).toMatchObject([
      { type: "publish", packetIdentifier: 1, duplicate: true },
      { type: "pubrel", packetIdentifier: 2 },
    ]);
    publishTo(server.harness, "t");
    expect(again.receive()).toMatchObject([{ type: "publish", packetIdentifier: 3 }]);
  });
});
