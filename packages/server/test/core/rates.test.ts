import type { PublishPacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { networkOf } from "../../src/core/network-of.ts";
import type { RateLimits } from "../../src/core/rates/rate-limits.ts";
import { RateTable } from "../../src/core/rates/rate-table.ts";
import { TokenBucket } from "../../src/core/rates/token-bucket.ts";
import { CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

function harnessWith(rateLimits: RateLimits): CoreHarness {
  return new CoreHarness({}, {}, undefined, { rateLimits });
}

/** A subscriber of everything and a publisher. */
function pair(harness: CoreHarness): { s: ScriptedPeer; p: ScriptedPeer } {
  const s = harness.connect("s", { protocolVersion: 4 });
  subscribe(s, "#");
  return { s, p: harness.connect("p", { protocolVersion: 5 }) };
}

function publish(peer: ScriptedPeer, count: number, qos: 0 | 1 = 0): void {
  const packets = Array.from({ length: count }, (_, index) =>
    publishPacket("t", `${index}`, qos === 0 ? {} : { qos, packetIdentifier: index + 1 }),
  );
  for (const packet of packets) peer.send(packet);
}

function received(peer: ScriptedPeer): number {
  return peer.receive().filter((packet): packet is PublishPacket => packet.type === "publish")
    .length;
}

describe("a client that sends too fast", () => {
  it("is read no further until it is within its rate, and nothing is lost", () => {
    const harness = harnessWith({ perClient: { messagesPerSecond: 10 }, burstSeconds: 1 });
    const { s, p } = pair(harness);
    publish(p, 30);
    // A second's worth, and the one that was too much.
    expect(received(s)).toBe(11);
    expect(harness.core.statistics.ratesExceeded).toBe(1);
    harness.advance(99);
    expect(received(s)).toBe(0);
    for (let tenths = 0; tenths < 19; tenths += 1) harness.advance(101);
    expect(received(s)).toBe(19);
    expect(p.isClosed).toBe(false);
  });

  it("may send its bytes a second, whatever they are", () => {
    const harness = harnessWith({ perClient: { bytesPerSecond: 1_000 }, burstSeconds: 1 });
    const { s, p } = pair(harness);
    const packet = publishPacket("t", "x".repeat(495));
    for (let index = 0; index < 6; index += 1) p.send(packet);
    expect(received(s)).toBe(2);
    harness.advance(10_000);
    expect(received(s)).toBe(4);
  });

  it("is not taken for silent while it is not read", () => {
    const harness = harnessWith({ perClient: { messagesPerSecond: 0.01 }, burstSeconds: 1 });
    const p = harness.connect("p", { keepAliveSeconds: 1 });
    publish(p, 3);
    harness.advance(60_000);
    expect(p.isClosed).toBe(false);
  });

  it("is refused its messages for a while, with 0x97", () => {
    const harness = harnessWith({
      perClient: { messagesPerSecond: 2 },
      burstSeconds: 1,
      whenTooFast: "refuse",
    });
    const { s, p } = pair(harness);
    publish(p, 5, 1);
    const codes = p.receive().map((packet) => "reasonCode" in packet && packet.reasonCode);
    expect(codes).toEqual([0, 0, 0, 0x97, 0x97]);
    expect(received(s)).toBe(3);
    publish(p, 1);
    expect(received(s)).toBe(0);
    harness.advance(5_000);
    publish(p, 1, 1);
    expect(p.receive()).toMatchObject([{ type: "puback", reasonCode: 0 }]);
  });

  it("is sent away with 0x96", () => {
    const harness = harnessWith({
      perClient: { messagesPerSecond: 1 },
      burstSeconds: 1,
      whenTooFast: "disconnect",
    });
    const { p } = pair(harness);
    publish(p, 2);
    expect(p.receive()).toMatchObject([{ type: "disconnect", reasonCode: 0x96 }]);
    expect(p.isClosed).toBe(true);
  });

  it("counts with all others of its user, its address and its listener", () => {
    const one = { messagesPerSecond: 1 };
    for (const limits of [
      { perUser: one },
      { perAddress: one },
      { perListener: { "tcp:1883": one } },
    ]) {
      const harness = harnessWith({ ...limits, burstSeconds: 1 });
      const s = harness.connect("s");
      subscribe(s, "#");
      const fields = { userName: "ann" };
      const peer = {
        transport: "tcp",
        localPort: 1_883,
        remoteAddress: "2001:db8::1",
        secure: false,
      };
      const first = harness.connect("a", fields, peer);
      const neighbour = { ...peer, remoteAddress: "2001:db8::2" };
      const second = harness.connect("b", fields, neighbour);
      publish(first, 2);
      publish(second, 2);
      expect(received(s), JSON.stringify(limits)).toBe(3);
      harness.advance(10_000);
      expect(received(s)).toBe(1);
    }
  });
});

describe("a client that is sent too much", () => {
  it("gets its rate; what waits is dropped as for one that reads slowly, and acknowledged messages are not lost", () => {
    const harness = harnessWith({ perClient: { outgoingMessagesPerSecond: 10 }, burstSeconds: 1 });
    const s = harness.connect("s");
    subscribe(s, { topicFilter: "#", qos: 1 });
    const p = harness.connect("p");
    publish(p, 40, 1);
    const first = received(s);
    expect(first).toBeLessThan(15);
    let all = first;
    for (let tenths = 0; tenths < 60; tenths += 1) {
      harness.advance(100);
      all += acknowledged(s);
    }
    expect(all).toBe(40);
  });

  function acknowledged(peer: ScriptedPeer): number {
    let count = 0;
    for (const packet of peer.receive()) {
      if (packet.type !== "publish" || packet.packetIdentifier === undefined) continue;
      count += 1;
      peer.send({ type: "puback", packetIdentifier: packet.packetIdentifier, reasonCode: 0 });
    }
    return count;
  }
});

describe("the connections of a user", () => {
  it("are no more than may be; who takes its own place over may come", () => {
    const harness = harnessWith({ perUser: { connections: 2 } });
    const fields = { userName: "ann", protocolVersion: 5 } as const;
    const first = harness.connecting("a", fields);
    const second = harness.connecting("b", fields);
    const third = harness.connecting("c", fields);
    expect(third.receive()).toMatchObject([
      {
        type: "connack",
        reasonCode: 0x97,
        properties: { reasonString: "2 clients of this user are connected" },
      },
    ]);
    const again = harness.connecting("b", fields);
    expect(again.receive()).toMatchObject([{ type: "connack", reasonCode: 0 }]);
    expect(first.receive()).toMatchObject([{ type: "connack", reasonCode: 0 }]);
    expect(second.isClosed).toBe(true);
    first.cut();
    expect(harness.connecting("c", fields).receive()).toMatchObject([{ reasonCode: 0 }]);
  });
});

describe("how often clients of a user connect", () => {
  const fields = { protocolVersion: 5 } as const;

  it("is no more than may be in a second; then they get 0x9F, which costs them nothing more", () => {
    const harness = harnessWith({ perUser: { connectsPerSecond: 1 }, burstSeconds: 2 });
    const come = (userName?: string): unknown => {
      const peer = harness.connecting(
        "c",
        userName === undefined ? fields : { ...fields, userName },
      );
      const [connack] = peer.receive();
      peer.cut();
      return connack?.type === "connack" ? connack.reasonCode : undefined;
    };
    expect([come("ann"), come("ann"), come("ann"), come("ann")]).toEqual([0, 0, 0x9f, 0x9f]);
    expect([come("ben"), come(), come(), come()]).toEqual([0, 0, 0, 0]);
    expect(harness.core.statistics.ratesExceeded).toBe(2);
    harness.advance(1_000);
    expect([come("ann"), come("ann")]).toEqual([0, 0x9f]);
  });

  it("is told to a client of 3.1.1 as Server unavailable", () => {
    const harness = harnessWith({ perListener: { memory: { connectsPerSecond: 0.1 } } });
    const peer = { transport: "memory", secure: false };
    harness.connecting("a", {}, peer);
    const late = harness.connecting("b", { protocolVersion: 4 }, peer);
    expect(late.receive()).toMatchObject([{ type: "connack", reasonCode: 0x88 }]);
    expect(late.isClosed).toBe(true);
  });
});

describe("the subscriptions of a user", () => {
  it("are no more than may be of all its clients together, also of sessions that go on", () => {
    const harness = harnessWith({ perUser: { subscriptions: 3 } });
    const fields = { userName: "ann", protocolVersion: 5 } as const;
    const lasting = { ...fields, properties: { sessionExpiryIntervalSeconds: 60 } };
    const codes = (peer: ScriptedPeer, ...filters: string[]): unknown =>
      subscribe(peer, ...filters.map((topicFilter) => ({ topicFilter, qos: 0 as const })));
    const a = harness.connect("a", lasting);
    expect(codes(a, "1", "2")).toMatchObject({ reasonCodes: [0, 0] });
    const b = harness.connect("b", fields);
    expect(codes(b, "3", "4")).toMatchObject({ reasonCodes: [0, 0x97] });
    // The same filter again takes no more room.
    expect(codes(a, "1")).toMatchObject({ reasonCodes: [0] });
    a.send({ type: "unsubscribe", packetIdentifier: 9, topicFilters: ["1"] });
    a.receive();
    expect(codes(b, "4", "5")).toMatchObject({ reasonCodes: [0, 0x97] });
    // What is away counts for nobody until it comes back.
    a.cut();
    expect(codes(b, "5", "6")).toMatchObject({ reasonCodes: [0, 0x97] });
    harness.connect("a", { ...lasting, cleanStart: false });
    b.send({ type: "unsubscribe", packetIdentifier: 10, topicFilters: ["3"] });
    b.receive();
    expect(codes(b, "7")).toMatchObject({ reasonCodes: [0x97] });
    b.cut();
    expect(codes(harness.connect("c", fields), "8", "9", "10")).toMatchObject({
      reasonCodes: [0, 0, 0x97],
    });
  });
});

describe("a user with limits of its own", () => {
  it("has them instead of those of all users", () => {
    const harness = harnessWith({
      perUser: { connections: 1 },
      users: { bridge: { connections: 2 } },
    });
    const come = (clientId: string, userName: string): unknown =>
      harness.connecting(clientId, { userName, protocolVersion: 5 }).receive()[0];
    expect(come("a", "bridge")).toMatchObject({ reasonCode: 0 });
    expect(come("b", "bridge")).toMatchObject({ reasonCode: 0 });
    expect(come("c", "bridge")).toMatchObject({ reasonCode: 0x97 });
    expect(come("d", "constructor")).toMatchObject({ reasonCode: 0 });
    expect(come("e", "constructor")).toMatchObject({ reasonCode: 0x97 });
  });
});

describe("what is remembered", () => {
  it("is bounded, and a debt is not paid by coming again", () => {
    const table = new RateTable({ perUser: { messagesPerSecond: 1 }, burstSeconds: 1 });
    const peer = { transport: "tcp", secure: false };
    const debtor = table.enter({ userName: "debtor", peer }, 0);
    expect(debtor?.incoming.measure({ messages: 61, bytes: 0 }, 0)).toBe(60_000);
    debtor?.leave();
    const again = table.enter({ userName: "debtor", peer }, 1_000);
    expect(again?.incoming.measure({ messages: 0, bytes: 0 }, 1_000)).toBe(59_000);
    for (let index = 0; index < 12_000; index += 1) {
      const meter = table.enter({ userName: `user ${index}`, peer }, 2_000);
      if (index % 2 === 0) meter?.incoming.measure({ messages: 100, bytes: 0 }, 2_000);
      meter?.leave();
    }
    expect(table.size).toBeLessThanOrEqual(10_000);
  });

  it("counts an address of IPv6 by its first 64 bits", () => {
    expect(networkOf("192.0.2.1")).toBe("192.0.2.1");
    expect(networkOf("::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(networkOf("2001:db8:0:1:a:b:c:d")).toBe("2001:db8:0:1::/64");
    expect(networkOf("2001:0db8::d")).toBe("2001:db8:0:0::/64");
    expect(networkOf("::1")).toBe("0:0:0:0::/64");
    expect(networkOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
  });

  it("fills as time goes by, and never above what may be saved up", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 20 }, 0);
    expect(bucket.take(20, 0)).toBe(0);
    expect(bucket.take(5, 0)).toBe(500);
    expect(bucket.take(0, 500)).toBe(0);
    expect(bucket.isFull(2_499)).toBe(false);
    expect(bucket.take(21, 100_000)).toBe(100);
  });
});
