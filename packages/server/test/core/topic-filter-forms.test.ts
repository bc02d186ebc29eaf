import { encodePacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { CoreHarness, lasting, subscribe, subscribePacket } from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";

/** Filters that no version allows. */
const MALFORMED = ["a/#/b", "#/a", "a#", "ab/+e", "a+", "+a/b", "##"];

/** Filters that begin as those of Shared Subscriptions do, and have not their form. */
const NO_SHARES = ["$share/g", "$share/g/", "$share//a", "$share/", "$share/+/a", "$share/#"];

/** SUBSCRIBE or UNSUBSCRIBE with one filter, written by hand: the codec of a peer need not let it out. */
function request(firstByte: 0x82 | 0xa2, version: 3 | 4 | 5, filter: string): Uint8Array {
  const text = new TextEncoder().encode(filter);
  const properties = version === 5 ? [0] : [];
  const options = firstByte === 0x82 ? [0] : [];
  const body = [0, 1, ...properties, 0, text.length, ...text, ...options];
  return Uint8Array.from([firstByte, body.length, ...body]);
}

describe("a Topic Filter that is not well formed", () => {
  for (const version of [3, 4, 5] as const) {
    it.each(version === 5 ? [...MALFORMED, ...NO_SHARES] : MALFORMED)(
      `[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1] [MQTT-4.8.2-2] ends the connection of version ${version}: %s`,
      (filter) => {
        for (const firstByte of [0x82, 0xa2] as const) {
          const harness = new CoreHarness();
          const peer = harness.connect("c", { protocolVersion: version, cleanStart: true });
          peer.send(request(firstByte, version, filter));
          if (version === 5) expect(peer.receiveOne("disconnect").reasonCode).toBe(0x8f);
          else expect(peer.receive()).toEqual([]);
          expect(peer.isClosed).toBe(true);
          expect(harness.core.statistics.subscriptionsCurrent).toBe(0);
        }
      },
    );
  }

  it("takes the good filters beside it along", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c", lasting());
    const good = encodePacket(subscribePacket("good", "bad"), 5);
    const bad = good.map((byte, index) => (index === good.length - 3 ? 0x23 : byte));
    peer.send(bad);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x8f);
    expect(harness.core.sessions.get("c")?.subscriptions.size).toBe(0);
  });

  it("is not that of a Shared Subscription within another: it is refused", () => {
    const peer = new CoreHarness().connect("c");
    expect(subscribe(peer, "$share/g/$share/h/a").reasonCodes).toEqual([0x8f]);
    expect(peer.isClosed).toBe(false);
  });
});

describe("what begins with $share/ before MQTT 5.0", () => {
  it.each(["$share/g", "$share/g/", "$share//a", "$share/+/a"])(
    "is an ordinary filter where it has not the form of a Shared Subscription: %s",
    (filter) => {
      const harness = new CoreHarness();
      const peer = harness.connect("c", { protocolVersion: 4 });
      expect(subscribe(peer, filter).reasonCodes).toEqual([2]);
      const topic = filter.replace("+", "level");
      harness.inject({ topic });
      expect(peer.receivePublishes()).toMatchObject([{ topic }]);
      peer.send({ type: "unsubscribe", packetIdentifier: 2, topicFilters: [filter] });
      peer.receiveOne("unsuback");
      expect(harness.core.statistics.subscriptionsCurrent).toBe(0);
    },
  );

  it("is a Shared Subscription where it has the form of one", () => {
    const harness = new CoreHarness();
    const members = ["one", "two"].map((name) => harness.connect(name, { protocolVersion: 4 }));
    for (const member of members) subscribe(member, "$share/g/a");
    harness.inject({ topic: "a" });
    expect(members.flatMap((member) => member.receivePublishes())).toHaveLength(1);
  });

  it("is still there after a restart", () => {
    const server = new DurableServer();
    const peer = server.harness.connect("c", { protocolVersion: 4, cleanStart: false });
    subscribe(peer, "$share/g");
    peer.cut();
    const restarted = server.crash();
    expect(restarted.core.sessions.get("c")?.subscriptions.has("$share/g")).toBe(true);
  });
});
