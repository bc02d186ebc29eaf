import { describe, expect, it } from "vitest";
import { Message } from "../../src/core/message/message.ts";
import {
  acknowledgement,
  CoreHarness,
  publishPacket,
  subscribePacket,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const LASTING = { cleanStart: false, properties: { sessionExpiryIntervalSeconds: 1_000 } } as const;

/** A burst of one publisher in one chunk, as it comes in one read. */
function burst(peer: ScriptedPeer, texts: readonly string[], first = 1): void {
  const packets = texts.map((text, index) =>
    publishPacket("t", text, { qos: 1, packetIdentifier: first + index }),
  );
  peer.send(...packets);
  peer.receive();
}

function texts(count: number, prefix = "m"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** A client that subscribes with QoS 1, and leaves. */
function leaves(harness: CoreHarness, clientId: string, filter = "t"): void {
  const peer = harness.connect(clientId, LASTING);
  peer.send(subscribePacket({ topicFilter: filter, qos: 1 }));
  peer.cut();
}

/** Comes back and acknowledges all that there is, all of a chunk at once. */
function drained(harness: CoreHarness, clientId: string): string[] {
  const peer = harness.connect(clientId, LASTING);
  const got: string[] = [];
  for (let publishes = peer.receivePublishes(); publishes.length > 0;) {
    got.push(...publishes.map(({ payload }) => new TextDecoder().decode(payload)));
    peer.send(...publishes.map((one) => acknowledgement("puback", one.packetIdentifier)));
    publishes = peer.receivePublishes();
  }
  peer.cut();
  return got;
}

/** How many messages were made objects while something was done. */
function countMade(action: () => void): number {
  const received = Message.received;
  let made = 0;
  Message.received = (fields) => {
    made += 1;
    return received(fields);
  };
  try {
    action();
  } finally {
    Message.received = received;
  }
  return made;
}

describe("a run that has to wait", () => {
  it("is queued for all who are away without an object, and drained in order", () => {
    const harness = new CoreHarness({ inFlightMax: 7 });
    for (const clientId of ["a", "b"]) leaves(harness, clientId);
    const publisher = harness.connect("p");
    expect(countMade(() => burst(publisher, texts(50)))).toBe(0);
    expect(drained(harness, "a")).toEqual(texts(50));
    expect(drained(harness, "b")).toEqual(texts(50));
    expect(harness.core.waiting.messages.live).toBe(0);
    expect(harness.core.statistics).toMatchObject({
      queuedMessagesCurrent: 0,
      queuedBytesCurrent: 0,
    });
  });

  it("is sent as far as the client takes it, and the rest waits", () => {
    const harness = new CoreHarness({ inFlightMax: 7 });
    const reader = harness.connect("r", LASTING);
    reader.send(subscribePacket({ topicFilter: "t", qos: 1 }));
    reader.receive();
    burst(harness.connect("p"), texts(20));
    const first = reader.receivePublishes();
    expect(first).toHaveLength(7);
    expect(harness.core.statistics.queuedMessagesCurrent).toBe(13);
    reader.send(...first.map((one) => acknowledgement("puback", one.packetIdentifier)));
    expect(reader.receiveTexts()).toEqual(texts(20).slice(7, 14));
  });

  it("loses its oldest or its newest where the queue is full, as messages one by one do", () => {
    for (const [queueOverflow, kept] of [
      ["dropOldest", texts(20).slice(-5)],
      ["dropNewest", texts(20).slice(0, 5)],
    ] as const) {
      const harness = new CoreHarness({ queueMessagesMax: 5, queueOverflow });
      leaves(harness, "a");
      burst(harness.connect("p"), texts(20));
      expect(harness.core.statistics.messagesDropped).toBe(15);
      expect(drained(harness, "a")).toEqual(kept);
      expect(harness.core.waiting.messages.live).toBe(0);
    }
  });

  it("waits for a group's member too, whose messages are its own, among those who wait for the same run", () => {
    const harness = new CoreHarness();
    for (const clientId of ["a", "b"]) leaves(harness, clientId);
    for (const clientId of ["s", "u"]) leaves(harness, clientId, "$share/g/t");
    // Large ones, so that places in memory end and begin within the run.
    const large = texts(40).map((text) => text.padEnd(10_000, "."));
    burst(harness.connect("p"), large);
    expect(drained(harness, "a")).toEqual(large);
    expect(drained(harness, "b")).toEqual(large);
    expect([...drained(harness, "s"), ...drained(harness, "u")].sort()).toEqual([...large].sort());
    expect(harness.core.waiting.messages.live).toBe(0);
  });

  it("is not written to the journal where a full queue takes nothing of it", () => {
    const server = new DurableServer({ queueMessagesMax: 5, queueOverflow: "dropNewest" });
    leaves(server.harness, "a");
    const publisher = server.harness.connect("p");
    burst(publisher, texts(5));
    const { journal } = server.harness.core;
    const before = journal?.appended;
    burst(publisher, texts(20, "n"), 100);
    expect(journal?.appended).toBe(before);
    expect(server.harness.core.statistics.messagesDropped).toBe(20);
  });

  it("is still there, in order, when the server has died", () => {
    const server = new DurableServer();
    leaves(server.harness, "a");
    const publisher = server.harness.connect("p");
    expect(countMade(() => burst(publisher, texts(30)))).toBe(0);
    server.crash();
    expect(drained(server.harness, "a")).toEqual(texts(30));
  });
});

describe("a run for a client that does not read", () => {
  it.each([
    { queueOverflow: "dropNewest", written: 20, kept: texts(50, "c").slice(0, 20) },
    { queueOverflow: "dropOldest", written: 50, kept: texts(50, "c").slice(30) },
  ] as const)("is kept as $queueOverflow says, without an object", (expected) => {
    const { queueOverflow, written, kept } = expected;
    const harness = new CoreHarness({ backlogBytesMax: 2_000, queueOverflow });
    const reader = harness.connect("r");
    reader.send(subscribePacket("t"));
    reader.receive();
    const publisher = harness.connect("p");
    const atMostOnce = (prefix: string): void =>
      publisher.send(...texts(50, prefix).map((text) => publishPacket("t", text.padEnd(91, "."))));
    atMostOnce("a");
    expect(reader.receivePublishes()).toHaveLength(50);
    reader.freeze();
    // What the link takes yet, until it says that it is full.
    atMostOnce("b");
    const backlogged = reader.connection.output.backlogOf(harness.core, "").messageCount;
    const { messagesDropped, publishesSent } = harness.core.statistics;
    expect(countMade(() => atMostOnce("c"))).toBe(0);
    const { statistics } = harness.core;
    // A message is 96 bytes of topic, properties and payload; the first fits whatever it is.
    expect(statistics.publishesSent - publishesSent).toBe(written);
    // With dropOldest those of before as well, but for what was at the wire.
    const ofBefore = queueOverflow === "dropOldest" ? backlogged : 0;
    expect(statistics.messagesDropped - messagesDropped).toBe(30 + ofBefore);
    reader.thaw();
    const after = reader.receiveTexts().filter((text) => text.startsWith("c"));
    expect(after.map((text) => text.replaceAll(".", ""))).toEqual(kept);
  });
});

describe("acknowledgements that follow each other", () => {
  it("are all taken, and what comes between them too", () => {
    const harness = new CoreHarness();
    const reader = harness.connect("r", LASTING);
    reader.send(subscribePacket({ topicFilter: "t", qos: 1 }));
    reader.receive();
    burst(harness.connect("p"), texts(6));
    const before = harness.core.statistics.packetsReceived;
    const pubacks = reader
      .receivePublishes()
      .map((one) => acknowledgement("puback", one.packetIdentifier));
    reader.send(...pubacks.slice(0, 3), { type: "pingreq" }, ...pubacks.slice(3), "4002");
    expect(reader.receiveOne("pingresp").type).toBe("pingresp");
    expect(harness.core.statistics.packetsReceived - before).toBe(7);
    expect(harness.core.sessions.get("r")?.inFlight).toBe(0);
  });

  it("end with the connection that a handler closes", () => {
    const seen: number[] = [];
    const harness: CoreHarness = new CoreHarness(
      {},
      {
        clientAcknowledgedPublishPacket: ({ packetIdentifier }) => {
          seen.push(packetIdentifier);
          reader.cut();
        },
      },
    );
    const reader = harness.connect("r", LASTING);
    reader.send(subscribePacket({ topicFilter: "t", qos: 1 }));
    reader.receive();
    burst(harness.connect("p"), texts(3));
    const pubacks = reader
      .receivePublishes()
      .map((one) => acknowledgement("puback", one.packetIdentifier));
    reader.send(...pubacks);
    expect(seen).toHaveLength(1);
    expect(harness.core.sessions.get("r")?.inFlight).toBe(2);
  });
});
