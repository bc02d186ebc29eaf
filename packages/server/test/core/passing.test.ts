/** What passes a packet of its client that waits for a handler, and what does not. */
import { describe, expect, it } from "vitest";
import type { DisconnectPacket, Packet } from "@anax/protocol";
import { dismiss } from "../../src/core/endings/closing.ts";
import { deliverTo } from "../../src/core/management/session-changes.ts";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "../support/core-harness.ts";
import { textOf } from "../support/scripted-peer.ts";
import { Waiting } from "../support/waiting.ts";

const PING: Packet = { type: "pingreq" };

function disconnect(reasonCode = 0, fields: Partial<DisconnectPacket> = {}): Packet {
  return { type: "disconnect", reasonCode, ...fields };
}

function qos(level: 0 | 1 | 2, text: string, packetIdentifier = 0): Packet {
  return publishPacket("t", text, level === 0 ? {} : { qos: level, packetIdentifier });
}

/** A client "p" that is subscribed to "down", and whose messages wait for their handlers. */
function waitingPublisher(): {
  waiting: Waiting;
  harness: CoreHarness;
  p: ReturnType<CoreHarness["connect"]>;
} {
  const waiting = new Waiting();
  const interceptingPublish = ({ clientId }: { clientId: string }) =>
    clientId === "p" ? waiting.next() : undefined;
  const harness = new CoreHarness({}, { interceptingPublish });
  const p = harness.connect("p", lasting());
  subscribe(p, "down");
  return { waiting, harness, p };
}

describe("a PUBLISH that waits for a handler is passed by", () => {
  it("PINGREQ, in whichever chunk it comes", () => {
    const { p } = waitingPublisher();
    p.send(qos(1, "1", 1), PING, qos(0, "2"), PING);
    expect(p.receive()).toEqual([{ type: "pingresp" }, { type: "pingresp" }]);
    const ping = p.encode(PING);
    p.sendInChunks(ping, [1]);
    expect(p.receive()).toEqual([{ type: "pingresp" }]);
  });

  it("PUBACK, PUBREC and PUBCOMP, so that its session gets more", () => {
    const { harness, p } = waitingPublisher();
    p.send(qos(1, "1", 1));
    harness.inject({ topic: "down", qos: 1 });
    harness.inject({ topic: "down", qos: 2 });
    const [first, second] = p.receivePublishes();
    p.send(
      acknowledgement("pubrec", second?.packetIdentifier),
      qos(0, "between"),
      acknowledgement("puback", first?.packetIdentifier),
    );
    expect(p.receiveOne("pubrel").packetIdentifier).toBe(second?.packetIdentifier);
    p.send(acknowledgement("pubcomp", second?.packetIdentifier));
    expect(harness.core.sessions.get("p")?.inFlight).toBe(0);
  });

  it("PUBREL of an exchange before it", () => {
    const { waiting, harness, p } = waitingPublisher();
    p.send(qos(2, "1", 1));
    waiting.settle(harness, 0);
    p.receiveOne("pubrec");
    p.send(qos(2, "2", 2), acknowledgement("pubrel", 1));
    expect(p.receiveOne("pubcomp")).toMatchObject({ packetIdentifier: 1, reasonCode: 0 });
  });

  it("them where interceptors see each of them, in order", () => {
    const { harness, p } = waitingPublisher();
    const seen: string[] = [];
    const slow = new Waiting();
    p.send(qos(1, "1", 1));
    harness.core.hooks.interceptingInboundPacket = ({ packet }) => {
      seen.push(packet.type);
      return slow.next();
    };
    p.send(PING, qos(0, "2"), acknowledgement("puback", 9), PING);
    expect([seen, p.receive()]).toEqual([["pingreq"], []]);
    slow.settle(harness, 0);
    expect([seen, p.receive()]).toEqual([["pingreq", "puback"], [{ type: "pingresp" }]]);
    slow.settle(harness, 1);
    expect(seen).toEqual(["pingreq", "puback", "pingreq"]);
  });
});

describe("a PUBLISH that waits for a handler is not passed by", () => {
  it("PUBREL of its own exchange, nor of one behind it", () => {
    const { waiting, harness, p } = waitingPublisher();
    p.send(
      qos(2, "1", 1),
      acknowledgement("pubrel", 1),
      qos(2, "2", 2),
      acknowledgement("pubrel", 2),
    );
    expect(p.receive()).toEqual([]);
    waiting.settle(harness, 0);
    waiting.settle(harness, 1);
    expect(p.receive().map(({ type }) => type)).toEqual(["pubrec", "pubcomp", "pubrec", "pubcomp"]);
  });

  it("[MQTT-4.3.3-10] PUBREL behind a repetition that waits: the message is not taken twice", () => {
    const { waiting, harness, p } = waitingPublisher();
    p.send(qos(2, "1", 1));
    waiting.settle(harness, 0);
    p.send(
      qos(1, "2", 2),
      { ...qos(2, "1", 1), duplicate: true } as Packet,
      acknowledgement("pubrel", 1),
    );
    waiting.settle(harness, 1);
    expect(p.receive().map(({ type }) => type)).toEqual(["pubrec", "puback", "pubrec", "pubcomp"]);
  });

  it("PUBLISH, SUBSCRIBE and DISCONNECT", () => {
    const { waiting, harness, p } = waitingPublisher();
    p.send(qos(0, "1"), subscribePacket("other"), PING, disconnect());
    expect(p.receive()).toEqual([{ type: "pingresp" }]);
    expect(p.isEnded).toBe(false);
    waiting.settle(harness, 0);
    expect([p.receive(), p.isEnded]).toMatchObject([[{ type: "suback" }], true]);
  });

  it("more bytes than may wait: then the client is read no further", () => {
    const { waiting, harness, p } = waitingPublisher();
    const large = publishPacket("t", "x".repeat(30_000));
    p.send(qos(1, "1", 1), large, large, PING);
    expect([p.wire.isPaused, p.receive()]).toEqual([false, [{ type: "pingresp" }]]);
    p.send(large, PING);
    expect(p.wire.isPaused).toBe(true);
    p.send(PING);
    for (let index = 0; index < 4; index += 1) waiting.settle(harness, index);
    expect(p.wire.isPaused).toBe(false);
    expect(p.receive().filter(({ type }) => type === "pingresp")).toHaveLength(2);
  });
});

it("who waits for an acknowledgement is told when the client is read no further", () => {
  const { harness, p } = waitingPublisher();
  p.send(qos(1, "1", 1));
  const session = harness.core.sessions.get("p");
  const message = { topic: "down", payload: new Uint8Array(1), qos: 1, retain: false } as const;
  const outcomes: string[] = [];
  const watch = ({ type }: { type: string }): void => void outcomes.push(type);
  if (session !== undefined) deliverTo(harness.core, session, message, watch);
  expect(outcomes).toEqual([]);
  p.send(publishPacket("t", "x".repeat(70_000)));
  expect(outcomes).toEqual(["held"]);
});

it.each(["interceptingSubscription", "interceptingUnsubscription"] as const)(
  "what waits for %s is passed too",
  (name) => {
    const waiting = new Waiting();
    const harness = new CoreHarness({}, { [name]: () => waiting.next() });
    const p = harness.connect("p");
    const packet: Packet =
      name === "interceptingSubscription"
        ? subscribePacket("a")
        : { type: "unsubscribe", packetIdentifier: 1, topicFilters: ["a"] };
    p.send(packet, PING);
    expect(p.receive()).toEqual([{ type: "pingresp" }]);
  },
);

const WILL = { topic: "will", payload: new Uint8Array(1), qos: 0, retain: false } as const;

describe("DISCONNECT that came behind a packet that waits", () => {
  /** What is told of "p", and whether its Will is published, when its connection ends with these packets unread. */
  function ended(
    end: "cut" | "reset" | "taken over" | "sent away",
    ...packets: readonly Packet[]
  ): { texts: string[]; ends: object[] } {
    const waiting = new Waiting();
    const ends: object[] = [];
    const harness = new CoreHarness(
      {},
      {
        interceptingPublish: ({ topic }) => (topic === "t" ? waiting.next() : undefined),
        clientDisconnected: (event) => void ends.push(event),
      },
    );
    const watcher = harness.connect("w");
    subscribe(watcher, "#");
    const p = harness.connect("p", { will: WILL });
    p.send(qos(1, "1", 1), ...packets);
    if (end === "cut") p.cut();
    else if (end === "reset") p.cut(new Error("ECONNRESET"));
    else if (end === "taken over") harness.connect("p");
    else {
      dismiss(harness.core, p.connection, { reasonCode: 0x98 });
      harness.settle();
    }
    waiting.settle(harness, 0);
    const published = watcher.receive().filter((packet) => packet.type === "publish");
    return {
      texts: published.map(({ topic, payload }) => `${topic} ${textOf(payload).length}`),
      ends,
    };
  }

  it.each(["cut", "reset", "taken over", "sent away"] as const)(
    "[MQTT-3.14.4-3] with 0x00 leaves no Will when the connection is %s",
    (end) => {
      const { texts, ends } = ended(end, qos(0, "2"), disconnect());
      expect(texts.filter((text) => text.startsWith("will"))).toEqual([]);
      expect(texts).toEqual(["t 1"]);
      if (end === "cut") expect(ends).toMatchObject([{ disconnectType: "clean", reasonCode: 0 }]);
    },
  );

  it("with 0x04 has the Will published, and is known all the same", () => {
    const { texts, ends } = ended("cut", disconnect(4, { properties: { reasonString: "bye" } }));
    expect(texts.toSorted()).toEqual(["t 1", "will 1"]);
    expect(ends).toMatchObject([{ disconnectType: "clean", reasonCode: 4, reasonString: "bye" }]);
  });

  it("and is not whole, or behind what is malformed, has not come", () => {
    for (const behind of ["e0", "e002", "300202", "ffe000"]) {
      const waiting = new Waiting();
      const harness = new CoreHarness(
        {},
        { interceptingPublish: ({ topic }) => (topic === "t" ? waiting.next() : undefined) },
      );
      const watcher = harness.connect("w");
      subscribe(watcher, "#");
      const p = harness.connect("p", { will: WILL });
      p.send(qos(1, "1", 1), behind);
      p.cut();
      waiting.settle(harness, 0);
      expect(watcher.receivePublishes().map(({ topic }) => topic)).toContain("will");
    }
  });

  it("ends the session as it says", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness({}, { interceptingPublish: () => waiting.next() });
    const p = harness.connect("p", lasting());
    p.send(qos(1, "1", 1), disconnect(0, { properties: { sessionExpiryIntervalSeconds: 0 } }));
    p.cut();
    expect(harness.core.sessions.get("p")).toBeUndefined();
  });

  it("behind a slow clientConnected leaves no Will either", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness(
      {},
      { clientConnected: ({ clientId }) => (clientId === "p" ? waiting.next() : undefined) },
    );
    const watcher = harness.connect("w");
    subscribe(watcher, "#");
    const p = harness.connecting("p", { will: WILL });
    p.send(disconnect());
    p.cut();
    expect(watcher.receive()).toEqual([]);
  });
});
