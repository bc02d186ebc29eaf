import { encodePacket } from "@anax/protocol";
import type { ConnectPacket, Packet, PublishPacket, QoS } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { CoreHarness, publishPacket, subscribe, subscribePacket } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const TOPIC = "a/topic";
const PAYLOAD = new TextEncoder().encode("x".repeat(50));
const ALIAS_BYTES = 3;
const OPTIONS = { outgoingTopicAliasMaximum: 5 };

/** CONNECT of a session that survives, with a limit and room for one alias. */
function limited(maximumPacketSize: number): Partial<ConnectPacket> {
  return {
    cleanStart: false,
    properties: { maximumPacketSize, topicAliasMaximum: 1, sessionExpiryIntervalSeconds: 60 },
  };
}

function sizeOf(packet: Packet): number {
  return encodePacket(packet, 5).length;
}

/** The PUBLISH without any addition of the server. */
function plain(qos: QoS, fields: Partial<PublishPacket> = {}): PublishPacket {
  const identifier = qos === 0 ? {} : { packetIdentifier: 1 };
  return publishPacket(TOPIC, "x".repeat(50), { qos, ...identifier, ...fields });
}

type Way = "live" | "live, repeated" | "queued" | "retained";
const WAYS: readonly Way[] = ["live", "live, repeated", "queued", "retained"];

/**
 * What a client with this limit gets of one message that takes that way. A small one of the same topic went before it, which is not
 * shown: from the second use on a topic has an alias.
 */
function delivered(way: Way, qos: QoS, limit: number, hooks: Hooks = {}): PublishPacket[] {
  const harness = new CoreHarness({ ...OPTIONS, queueQos0: true }, hooks);
  const message = { topic: TOPIC, qos, payload: PAYLOAD };
  const small = { topic: TOPIC, qos };
  if (way === "retained") harness.inject({ ...message, retain: true });
  let peer = harness.connect("s", limited(way === "queued" ? 1_000 : limit));
  subscribe(peer, { topicFilter: TOPIC, retainHandling: 2 });
  if (way !== "queued") harness.inject(small);
  if (way === "queued") {
    peer.cut();
    harness.inject(small);
    harness.inject(message);
    peer = harness.connect("s", limited(limit));
  } else if (way === "retained") {
    peer.send(subscribePacket(TOPIC));
  } else {
    const publisher = harness.connect("p");
    const count = way === "live" ? 1 : 3;
    for (let id = 1; id <= count; id += 1)
      publisher.send(plain(qos, qos === 0 ? {} : { packetIdentifier: id }));
  }
  expect(harness.reports).toEqual([]);
  const publishes = peer.receive().filter((packet) => packet.type === "publish");
  return publishes.slice(1);
}

describe("a Topic Alias at the Maximum Packet Size of the client", () => {
  for (const way of WAYS) {
    for (const qos of [0, 1, 2] as const) {
      it(`[MQTT-3.1.2-24] is left out where the packet fits without it: ${way}, QoS ${qos}`, () => {
        const whole = sizeOf(plain(qos));
        const first = (limit: number): PublishPacket | undefined => delivered(way, qos, limit)[0];
        expect(first(whole - 1)?.properties?.topicAlias).toBe(undefined);
        for (const limit of [whole, whole + 1, whole + ALIAS_BYTES - 1]) {
          expect(first(limit)).toMatchObject({ topic: TOPIC, payload: PAYLOAD, qos });
          expect(first(limit)?.properties?.topicAlias).toBe(undefined);
        }
        expect(first(whole + ALIAS_BYTES)?.properties?.topicAlias).toBe(1);
      });
    }
  }

  it("costs nothing where the next message is small enough for it", () => {
    const harness = new CoreHarness(OPTIONS);
    const peer = harness.connect("s", limited(sizeOf(plain(1))));
    subscribe(peer, TOPIC);
    const sizes = [10, 50, 10, 50, 51, 10];
    for (const size of sizes)
      harness.inject({ topic: TOPIC, qos: 1, payload: PAYLOAD.subarray(0, Math.min(size, 50)) });
    const shown = peer
      .receivePublishes()
      .map(({ topic, properties, payload }) => [topic, properties?.topicAlias, payload.length]);
    expect(shown).toEqual([
      [TOPIC, undefined, 10],
      [TOPIC, undefined, 50],
      [TOPIC, 1, 10],
      ["", 1, 50],
      ["", 1, 50],
      ["", 1, 10],
    ]);
  });
});

describe("Subscription Identifiers at the Maximum Packet Size of the client", () => {
  // They are not the server's to leave out [MQTT-3.3.4-3]: what does not fit with them does not fit.
  for (const way of ["live", "queued", "retained"] as const) {
    it.each([0, 1, 2] as const)(
      `[MQTT-3.3.4-3] are sent, or the message is dropped: ${way}, QoS %i`,
      (qos) => {
        const whole = sizeOf(plain(qos, { properties: { subscriptionIdentifiers: [7] } }));
        for (const limit of [whole - 1, whole, whole + 1, whole + ALIAS_BYTES]) {
          const harness = new CoreHarness({ ...OPTIONS, queueQos0: true });
          const message = { topic: TOPIC, qos, payload: PAYLOAD };
          if (way === "retained") harness.inject({ ...message, retain: true });
          let peer = harness.connect("s", limited(way === "queued" ? 1_000 : limit));
          peer.send({ ...subscribePacket(TOPIC), properties: { subscriptionIdentifier: 7 } });
          if (way === "queued") {
            peer.cut();
            harness.inject(message);
            peer = harness.connect("s", limited(limit));
          } else if (way === "live") harness.inject(message);
          const got = peer.receive().filter(({ type }) => type === "publish");
          expect(got).toHaveLength(limit < whole ? 0 : 1);
          if (limit < whole) expect(harness.core.statistics.messagesDropped).toBe(1);
          else expect(got[0]).toMatchObject({ properties: { subscriptionIdentifiers: [7] } });
        }
      },
    );
  }
});

/** A server whose handlers say more than they have to. */
function talkative(answer: {
  reasonCode: number;
  reasonString?: string;
  userProperties?: readonly (readonly [string, string])[];
}): Hooks {
  return {
    interceptingPublish: (event) => {
      event.processPublish = false;
      Object.assign(event.response, answer);
      return undefined;
    },
    interceptingSubscription: (event) => {
      Object.assign(event.response, answer);
      return undefined;
    },
    interceptingUnsubscription: (event) => {
      Object.assign(event.response, answer);
      return undefined;
    },
  };
}

/** A server that has nothing to say in CONNACK. */
const BOUNDLESS = { maximumPacketSize: 268_435_460, topicAliasMaximum: 0 };
const REASON = { reasonString: "a reason" };
const USER = { userProperties: [["name", "value"]] as const };

describe("explanations at the Maximum Packet Size of the client", () => {
  const asked = {
    puback: plain(1),
    pubrec: plain(2),
    suback: subscribePacket(TOPIC),
    unsuback: { type: "unsubscribe", packetIdentifier: 1, topicFilters: [TOPIC] },
  } as const satisfies Record<string, Packet>;

  function answerOf(type: keyof typeof asked, maximumPacketSize: number): Packet | undefined {
    const harness = new CoreHarness(BOUNDLESS, talkative({ reasonCode: 0x87, ...REASON, ...USER }));
    const peer = harness.connect("c", { properties: { maximumPacketSize } });
    peer.send(asked[type]);
    return peer.receive()[0];
  }

  function packet(type: keyof typeof asked, properties: object): Packet {
    const code =
      type === "suback" || type === "unsuback" ? { reasonCodes: [0x87] } : { reasonCode: 0x87 };
    return { type, packetIdentifier: 1, ...code, properties } as Packet;
  }

  it.each(["puback", "pubrec", "suback", "unsuback"] as const)(
    "[MQTT-3.4.2-2] [MQTT-3.4.2-3] of %s: each is left out only where it does not fit",
    (type) => {
      const both = sizeOf(packet(type, { ...REASON, ...USER }));
      const one = sizeOf(packet(type, REASON));
      const propertiesOf = (limit: number): unknown => {
        const answer = answerOf(type, limit);
        expect(answer?.type).toBe(type);
        return answer !== undefined && "properties" in answer ? answer.properties : undefined;
      };
      expect(propertiesOf(both)).toEqual({ ...REASON, ...USER });
      expect(propertiesOf(both - 1)).toEqual(REASON);
      expect(propertiesOf(one)).toEqual(REASON);
      expect(propertiesOf(one - 1)).toEqual(undefined);
    },
  );

  it.each([
    ["puback", 5],
    ["pubrec", 5],
  ] as const)(
    "%s with a Reason Code is %i bytes where there is room for no more",
    (type, bytes) => {
      expect(answerOf(type, bytes)).toMatchObject({ type, reasonCode: 0x87 });
    },
  );

  it("DISCONNECT goes without them, too", () => {
    const harness = new CoreHarness({ maximumPacketSize: 100 });
    const { peer } = harness.connectWith("c", { properties: { maximumPacketSize: 17 } });
    peer.send(publishPacket("a", "x".repeat(100)));
    const disconnect = peer.receiveOne("disconnect");
    expect(disconnect).toMatchObject({ reasonCode: 0x95 });
    expect(disconnect.properties?.reasonString).toBe(undefined);
  });
});

/** What the client is told, and whether it was let in. */
function connecting(maximumPacketSize: number, hooks: Hooks = {}, fields = {}): ScriptedPeer {
  return new CoreHarness({}, hooks).connecting("p", {
    properties: { maximumPacketSize, ...fields },
  });
}

describe("an answer that does not fit the Maximum Packet Size of the client", () => {
  it("[MQTT-3.2.0-1] [MQTT-3.1.4-5] CONNACK: the client is not let in, and hears it where that fits", () => {
    const size = sizeOf(new CoreHarness().connectWith("c").connack);
    const fits = connecting(size);
    expect(fits.receiveOne("connack").reasonCode).toBe(0);
    expect(fits.isClosed).toBe(false);
    for (const limit of [size - 1, 5]) {
      const peer = connecting(limit);
      expect(peer.receiveOne("connack").reasonCode).toBe(0x83);
      expect(peer.isClosed).toBe(true);
    }
    const tiny = connecting(4);
    expect(tiny.receive()).toEqual([]);
    expect(tiny.isClosed).toBe(true);
  });

  it("CONNACK: what is said beside it is left out first", () => {
    const hooks: Hooks = {
      validatingConnection: (args) => {
        args.responseUserProperties = [["n", "v"]];
        args.responseInformation = "reply/";
        return undefined;
      },
    };
    const size = sizeOf(new CoreHarness().connectWith("c").connack);
    const peer = connecting(size, hooks, { requestResponseInformation: true });
    const connack = peer.receiveOne("connack");
    expect(connack.reasonCode).toBe(0);
    expect(connack.properties?.userProperties).toBe(undefined);
    expect(connack.properties?.responseInformation).toBe(undefined);
  });

  it("CONNACK: an older connection and its session stay as they were", () => {
    const harness = new CoreHarness();
    const older = harness.connect("p", { cleanStart: false });
    subscribe(older, "a");
    const peer = harness.connecting("p", { properties: { maximumPacketSize: 5 } });
    expect(peer.isClosed).toBe(true);
    expect(older.isClosed).toBe(false);
    harness.inject({ topic: "a" });
    expect(older.receivePublishes()).toHaveLength(1);
  });

  it("CONNACK, which an interceptor has made larger: the connection ends without a DISCONNECT", () => {
    const harness = new CoreHarness(
      {},
      {
        interceptingOutboundPacket: (args) => {
          if (args.packet.type === "connack" && args.packet.reasonCode === 0)
            args.packet = { ...args.packet, properties: { assignedClientId: "x".repeat(99) } };
          return undefined;
        },
      },
    );
    const peer = harness.connecting("p", { properties: { maximumPacketSize: 60 } });
    expect(peer.receive()).toEqual([]);
    expect(peer.isClosed).toBe(true);
    expect(harness.core.statistics.connectionsCurrent).toBe(0);
  });

  it.each([
    ["SUBACK", subscribePacket("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m")],
    [
      "UNSUBACK",
      {
        type: "unsubscribe",
        packetIdentifier: 1,
        topicFilters: "abcdefghijklm".split(""),
      } as const,
    ],
  ])("%s: the connection ends with 0x95", (_name, packet) => {
    const limit = 2 + 3 + 13;
    const fits = new CoreHarness().connect("p", { properties: { maximumPacketSize: limit } });
    fits.send(packet);
    expect(fits.receive()).toMatchObject([{ packetIdentifier: 1 }]);
    const peer = new CoreHarness().connect("p", { properties: { maximumPacketSize: limit - 1 } });
    peer.send(packet);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x95);
    expect(peer.isClosed).toBe(true);
  });

  it("AUTH: nobody is let in, a connection that stands ends with 0x95", () => {
    const sent = { authenticationData: new Uint8Array(100) };
    const hooks: Hooks = {
      validatingConnection: (args) => {
        const { exchange } = args;
        if (exchange === undefined) return undefined;
        if (args.reauthentication || args.clientId === "now") exchange.send(sent, () => undefined);
        else exchange.send({}, () => undefined);
        return undefined;
      },
    };
    const properties = { authenticationMethod: "m", maximumPacketSize: 50 };
    const now = new CoreHarness({}, hooks).connecting("now", { properties });
    expect(now.isClosed).toBe(true);
    expect(now.receive()).toEqual([]);
    const later = new CoreHarness({}, hooks).connecting("later", { properties });
    expect(later.receive().map(({ type }) => type)).toEqual(["auth", "connack"]);
    later.send({
      type: "auth",
      reasonCode: 0x19,
      properties: { authenticationMethod: "m" },
    });
    expect(later.receiveOne("disconnect").reasonCode).toBe(0x95);
  });
});

describe("the bytes of a CONNECT with a Maximum Packet Size of 10", () => {
  it("nothing is served behind a CONNACK that was never sent", () => {
    const harness = new CoreHarness();
    const peer = harness.open(5);
    peer.send("101300044d5154540502003c05270000000a000170", "820700010000017000");
    expect(peer.receive().map(({ type }) => type)).not.toContain("suback");
    expect(peer.isClosed).toBe(true);
  });
});
