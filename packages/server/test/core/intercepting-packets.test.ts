import { describe, expect, it } from "vitest";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import { textOf } from "../support/scripted-peer.ts";
import { Waiting } from "../support/waiting.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("interceptingInboundPacket", () => {
  it("sees every packet, may replace it and may drop it", () => {
    const seen: string[] = [];
    const harness = new CoreHarness(
      {},
      {
        interceptingInboundPacket: (args) => {
          seen.push(`${args.clientId} ${args.packet.type}`);
          if (args.packet.type === "pingreq") args.processPacket = false;
          if (args.packet.type === "publish")
            args.packet = { ...args.packet, payload: bytesOf("replaced") };
          return undefined;
        },
      },
    );
    const peer = harness.connect("c");
    subscribe(peer, "a");
    peer.send(publishPacket("a", "x"), { type: "pingreq" }, { type: "disconnect", reasonCode: 0 });
    expect(peer.receiveTexts()).toEqual(["replaced"]);
    expect(seen).toEqual(["c connect", "c subscribe", "c publish", "c pingreq", "c disconnect"]);
  });

  it("what waits keeps what follows waiting", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    harness.core.hooks.interceptingInboundPacket = () => waiting.next();
    peer.send({ type: "pingreq" }, { type: "pingreq" });
    expect(waiting.calls).toHaveLength(1);
    waiting.settle(harness, 0);
    waiting.settle(harness, 1);
    expect(peer.receive()).toHaveLength(2);
  });
});

describe("interceptingOutboundPacket", () => {
  function intercepted(outbound: Hooks["interceptingOutboundPacket"]): CoreHarness {
    const harness = new CoreHarness();
    harness.core.hooks.interceptingOutboundPacket = outbound;
    return harness;
  }

  it("sees every packet, refusals too, and may replace it", () => {
    const seen: string[] = [];
    const harness = intercepted((args) => {
      seen.push(args.packet.type);
      if (args.packet.type === "publish")
        args.packet = { ...args.packet, payload: bytesOf("replaced") };
      return undefined;
    });
    const peer = harness.connect("c");
    subscribe(peer, "a");
    harness.inject({ topic: "a", qos: 1, payload: bytesOf("x") });
    const publish = peer.receiveOne("publish");
    expect(publish).toMatchObject({ qos: 1, packetIdentifier: 1 });
    expect(textOf(publish.payload)).toBe("replaced");
    peer.send({ type: "pingreq" }, publishPacket("b", "", { qos: 1, packetIdentifier: 5 }));
    expect(peer.receive().map(({ type }) => type)).toEqual(["pingresp", "puback"]);
    harness.connecting("", { protocolVersion: 3 });
    expect(seen).toEqual(["connack", "suback", "publish", "pingresp", "puback", "connack"]);
  });

  it("that waits keeps each packet itself, in order", () => {
    const waiting = new Waiting();
    const harness = intercepted(undefined);
    const peer = harness.connect("c");
    subscribe(peer, { topicFilter: "a", qos: 1 }, { topicFilter: "b", qos: 2 });
    harness.core.hooks.interceptingOutboundPacket = () => waiting.next();
    harness.inject({ topic: "a", qos: 1, payload: bytesOf("1") });
    harness.inject({ topic: "b", qos: 2, payload: bytesOf("2") });
    peer.send({ type: "pingreq" });
    harness.inject({ topic: "a", qos: 0, payload: bytesOf("3") });
    for (const index of [0, 1, 2, 3]) {
      expect(peer.receive()).toEqual([]);
      waiting.calls[index]?.settle();
    }
    harness.settle();
    expect(peer.receive()).toMatchObject([
      { type: "publish", topic: "a", qos: 1, packetIdentifier: 1 },
      { type: "publish", topic: "b", qos: 2, packetIdentifier: 2 },
      { type: "pingresp" },
      { type: "publish", topic: "a", qos: 0 },
    ]);
  });

  it("a PUBLISH that it drops, or that is too large, holds no place of the Receive Maximum", () => {
    for (const reason of ["dropped", "too large"]) {
      const harness = intercepted((args) => {
        if (args.packet.type === "publish" && args.packet.payload.length > 20) {
          if (reason === "dropped") args.processPacket = false;
        }
        return undefined;
      });
      const properties = {
        receiveMaximum: 1,
        ...(reason === "dropped" ? {} : { maximumPacketSize: 30 }),
      };
      const peer = harness.connect("c", { properties });
      subscribe(peer, "a");
      for (const qos of [1, 2] as const)
        harness.inject({ topic: "a", qos, payload: bytesOf("x".repeat(40)) });
      harness.inject({ topic: "a", qos: 1, payload: bytesOf("fits") });
      expect(peer.receiveTexts()).toEqual(["fits"]);
    }
  });

  it("[MQTT-3.3.2-6] sees and sends what is left of the Message Expiry Interval", () => {
    const harness = intercepted(() => undefined);
    const first = harness.connect("c", lasting());
    subscribe(first, "a");
    first.cut();
    harness.inject({ topic: "a", qos: 1, messageExpiryIntervalSeconds: 10 });
    harness.advance(7_000);
    const publish = harness.connect("c", lasting()).receiveOne("publish");
    expect(publish.properties?.messageExpiryIntervalSeconds).toBe(3);
  });

  it("a connection that is closed meanwhile says its last words when it has seen them", () => {
    const waiting = new Waiting();
    const harness = intercepted(undefined);
    const peer = harness.connect("c");
    harness.core.hooks.interceptingOutboundPacket = () => waiting.next();
    peer.send({ type: "pingreq" }, "0000");
    expect(peer.isClosed).toBe(false);
    waiting.settle(harness, 0);
    waiting.settle(harness, 1);
    expect(peer.receive().map(({ type }) => type)).toEqual(["pingresp", "disconnect"]);
    expect(peer.isClosed).toBe(true);
  });

  it("acknowledgements of the client go on", () => {
    const waiting = new Waiting();
    const harness = intercepted(undefined);
    const peer = harness.connect("c");
    subscribe(peer, "a");
    harness.inject({ topic: "a", qos: 2, payload: bytesOf("1") });
    const { packetIdentifier } = peer.receiveOne("publish");
    harness.core.hooks.interceptingOutboundPacket = () => waiting.next();
    peer.send(acknowledgement("pubrec", packetIdentifier));
    waiting.settle(harness, 0);
    expect(peer.receiveOne("pubrel").packetIdentifier).toBe(packetIdentifier);
  });
});

describe("an answer that cannot be sent ends the connection with a reason", () => {
  /** Makes the answers of one type what cannot be encoded, or drops them; at once, or after a while. */
  function broken(
    type: string,
    how: "unencodable" | "dropped" | "failed",
    isLater: boolean,
  ): CoreHarness {
    const waiting = new Waiting();
    const harness = new CoreHarness(
      {},
      {
        interceptingOutboundPacket: (args) => {
          if (args.packet.type !== type) return undefined;
          if (how === "unencodable")
            args.packet = {
              ...args.packet,
              properties: { reasonString: "\ud800" },
            } as typeof args.packet;
          if (how === "dropped") args.processPacket = false;
          if (how === "failed")
            Object.assign(args, { failure: new Error("broken"), processPacket: false });
          return isLater ? waiting.next() : undefined;
        },
      },
    );
    harness.core.hooks.clientAcknowledgedPublishPacket = () => undefined;
    later = () => {
      for (let index = 0; index < waiting.calls.length; index += 1) waiting.settle(harness, index);
    };
    return harness;
  }
  let later: () => void;

  for (const isLater of [false, true]) {
    for (const how of ["unencodable", "dropped", "failed"] as const) {
      it(`[MQTT-3.2.0-1] CONNACK ${how}${isLater ? ", later" : ""}: nothing is sent`, () => {
        const harness = broken("connack", how, isLater);
        const peer = harness.connecting("c");
        peer.send({ type: "pingreq" });
        later();
        expect(peer.receive()).toEqual([]);
        expect(peer.isEnded).toBe(true);
      });
    }
    for (const how of ["unencodable", "failed"] as const) {
      it(`SUBACK ${how}${isLater ? ", later" : ""}: DISCONNECT 0x83, and PINGRESP is not first`, () => {
        const harness = broken("suback", how, isLater);
        const peer = harness.connect("c");
        peer.send(subscribePacket("a"), { type: "pingreq" });
        later();
        expect(peer.receive()).toMatchObject([{ type: "disconnect", reasonCode: 0x83 }]);
        expect(peer.isEnded).toBe(true);
      });
    }
  }
});

describe("with a store, a PUBLISH that the outbound handlers are shown leaves without another commit", () => {
  it("when it is sent again", () => {
    const server = new DurableServer({}, {}, { interceptingOutboundPacket: () => undefined });
    const peer = server.harness.connect("c", lasting());
    subscribe(peer, "t");
    server.harness.inject({ topic: "t", payload: Uint8Array.of(1), qos: 1 });
    peer.cut();
    expect(server.harness.connect("c", lasting()).receiveOne("publish")).toMatchObject({
      duplicate: true,
      packetIdentifier: 1,
    });
  });

  it("when the handler has taken its time", () => {
    const waiting = new Waiting();
    let isSlow = false;
    const hooks = { interceptingOutboundPacket: () => (isSlow ? waiting.next() : undefined) };
    const server = new DurableServer({}, {}, hooks);
    const peer = server.harness.connect("c", lasting());
    subscribe(peer, "t");
    isSlow = true;
    server.harness.inject({ topic: "t", payload: Uint8Array.of(1), qos: 1 });
    expect(peer.receive()).toEqual([]);
    waiting.settle(server.harness, 0);
    expect(peer.receiveOne("publish")).toMatchObject({ duplicate: false, packetIdentifier: 1 });
  });
});
