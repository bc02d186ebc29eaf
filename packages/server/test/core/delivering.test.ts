import { describe, expect, it } from "vitest";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Injects numbered messages. */
function injectMany(harness: CoreHarness, count: number, qos: 0 | 1 | 2, from = 1): void {
  for (let number = from; number < from + count; number += 1) {
    harness.inject({ topic: "a", qos, payload: bytesOf(String(number)) });
  }
}

function subscriber(harness: CoreHarness, receiveMaximum?: number): ScriptedPeer {
  const limit = receiveMaximum === undefined ? {} : { receiveMaximum };
  const properties = { sessionExpiryIntervalSeconds: 3_600, ...limit };
  const peer = harness.connect("s", { cleanStart: false, properties });
  if (peer.wire.arrived.length === 0) subscribe(peer, "a");
  return peer;
}

describe("QoS 1 to a subscriber", () => {
  it("[MQTT-4.3.2-1] each message gets an identifier of its own, without DUP", () => {
    const harness = new CoreHarness();
    const peer = subscriber(harness);
    injectMany(harness, 3, 1);
    const publishes = peer.receivePublishes();
    expect(new Set(publishes.map(({ packetIdentifier }) => packetIdentifier)).size).toBe(3);
    expect(publishes.some(({ duplicate }) => duplicate)).toBe(false);
  });

  it("[MQTT-4.4.0-2] PUBACK with an error is the end of the message too", () => {
    const harness = new CoreHarness();
    const peer = subscriber(harness);
    injectMany(harness, 1, 1);
    peer.send(acknowledgement("puback", peer.receiveOne("publish").packetIdentifier, 0x80));
    peer.cut();
    expect(subscriber(harness).receive()).toEqual([]);
  });

  it("an acknowledgement for an identifier that is not in use is ignored and counted", () => {
    const harness = new CoreHarness();
    const peer = subscriber(harness);
    peer.send(acknowledgement("puback", 9), acknowledgement("pubcomp", 9));
    expect(peer.receive()).toEqual([]);
    expect(peer.isClosed).toBe(false);
    expect(harness.core.statistics.unknownAcknowledgements).toBe(2);
  });

  it("PUBREC and PUBREL for an unknown identifier are answered with 0x92", () => {
    const peer = subscriber(new CoreHarness());
    peer.send(acknowledgement("pubrec", 9));
    expect(peer.receiveOne("pubrel").reasonCode).toBe(0x92);
    peer.send(acknowledgement("pubrel", 9));
    expect(peer.receiveOne("pubcomp").reasonCode).toBe(0x92);
  });
});

describe("QoS 2 to a subscriber", () => {
  it("[MQTT-4.3.3-4] PUBREC is answered by PUBREL, PUBCOMP ends it", () => {
    const harness = new CoreHarness();
    const peer = subscriber(harness);
    injectMany(harness, 1, 2);
    const { packetIdentifier } = peer.receiveOne("publish");
    for (let time = 0; time < 2; time += 1) {
      peer.send(acknowledgement("pubrec", packetIdentifier));
      expect(peer.receiveOne("pubrel").packetIdentifier).toBe(packetIdentifier);
    }
    peer.send(acknowledgement("pubcomp", packetIdentifier));
    expect(harness.core.sessions.get("s")?.sender.inFlight).toBe(0);
  });

  it("PUBREC with an error ends it, and its place is free", () => {
    const harness = new CoreHarness();
    const peer = subscriber(harness, 1);
    injectMany(harness, 2, 2);
    peer.send(acknowledgement("pubrec", peer.receiveOne("publish").packetIdentifier, 0x83));
    expect(peer.receiveTexts()).toEqual(["2"]);
  });
});

describe("Receive Maximum of the client", () => {
  it("[MQTT-3.3.4-9] no more are open than it says; the rest follows in order", () => {
    const harness = new CoreHarness();
    const peer = subscriber(harness, 2);
    injectMany(harness, 5, 1);
    const [one, two] = peer.receivePublishes();
    peer.send(acknowledgement("puback", two?.packetIdentifier));
    expect(peer.receiveTexts()).toEqual(["3"]);
    peer.send(acknowledgement("puback", one?.packetIdentifier));
    expect(peer.receiveTexts()).toEqual(["4"]);
  });

  it("PUBREC alone frees no place, PUBCOMP does", () => {
    const harness = new CoreHarness();
    const peer = subscriber(harness, 1);
    injectMany(harness, 2, 2);
    const { packetIdentifier } = peer.receiveOne("publish");
    peer.send(acknowledgement("pubrec", packetIdentifier));
    peer.receiveOne("pubrel");
    peer.send(acknowledgement("pubcomp", packetIdentifier));
    expect(peer.receiveTexts()).toEqual(["2"]);
  });

  it("[MQTT-4.9.0-2] does not hold back QoS 0", () => {
    const harness = new CoreHarness();
    const peer = subscriber(harness, 1);
    injectMany(harness, 2, 1);
    injectMany(harness, 1, 0, 9);
    expect(peer.receiveTexts()).toEqual(["1", "9"]);
  });

  it("holds for what is sent again too", () => {
    const harness = new CoreHarness();
    const first = subscriber(harness);
    injectMany(harness, 3, 1);
    first.cut();
    const second = subscriber(harness, 1);
    for (const text of ["1", "2", "3"]) {
      const [publish, ...more] = second.receivePublishes();
      expect(more).toEqual([]);
      expect(new TextDecoder().decode(publish?.payload)).toBe(text);
      second.send(acknowledgement("puback", publish?.packetIdentifier));
    }
    expect(second.receive()).toEqual([]);
  });

  it("[MQTT-3.3.4-9] the end of a PUBREL that was sent again frees no place of a PUBLISH", () => {
    const harness = new CoreHarness();
    const first = subscriber(harness);
    injectMany(harness, 1, 2);
    const { packetIdentifier = 0 } = first.receiveOne("publish");
    first.send(acknowledgement("pubrec", packetIdentifier));
    injectMany(harness, 2, 1, 2);
    first.cut();
    const second = subscriber(harness, 1);
    expect(second.receive().map(({ type }) => type)).toEqual(["pubrel", "publish"]);
    second.send(acknowledgement("pubcomp", packetIdentifier));
    expect(second.receive()).toEqual([]);
  });

  it("an early acknowledgement of what was not yet sent again frees no place either", () => {
    const harness = new CoreHarness();
    const first = subscriber(harness);
    injectMany(harness, 3, 1);
    const [, , third] = first.receivePublishes();
    first.cut();
    const second = subscriber(harness, 1);
    expect(second.receiveTexts()).toEqual(["1"]);
    second.send(acknowledgement("puback", third?.packetIdentifier));
    expect(second.receive()).toEqual([]);
  });
});

describe("Receive Maximum of the server", () => {
  it("[MQTT-3.3.4-7] one open QoS 2 message more than it says is answered with 0x93", () => {
    const harness = new CoreHarness({ receiveMaximum: 2 });
    const { peer, connack } = harness.connectWith("p");
    expect(connack.properties?.receiveMaximum).toBe(2);
    for (const packetIdentifier of [1, 2]) {
      peer.send(publishPacket("a", "", { qos: 2, packetIdentifier }));
      peer.receiveOne("pubrec");
    }
    peer.send(publishPacket("a", "", { qos: 2, packetIdentifier: 3 }));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x93);
  });

  it("PUBREL gives a place back", () => {
    const harness = new CoreHarness({ receiveMaximum: 1 });
    const peer = harness.connect("p");
    for (const packetIdentifier of [1, 2, 3]) {
      peer.send(publishPacket("a", "", { qos: 2, packetIdentifier }));
      peer.send(acknowledgement("pubrel", packetIdentifier));
      expect(peer.receive().map(({ type }) => type)).toEqual(["pubrec", "pubcomp"]);
    }
  });
});

describe("Maximum Packet Size", () => {
  it("[MQTT-3.1.2-24] [MQTT-3.1.2-25] a message that is too large is dropped for that client alone", () => {
    const harness = new CoreHarness();
    const small = harness.connect("s", {
      properties: { maximumPacketSize: 20, receiveMaximum: 1 },
    });
    const large = harness.connect("l");
    for (const peer of [small, large]) subscribe(peer, "a");
    for (const qos of [0, 1, 2] as const) {
      harness.inject({ topic: "a", qos, payload: bytesOf("x".repeat(20)) });
      expect(small.receive()).toEqual([]);
      expect(large.receiveTexts()).toHaveLength(1);
    }
    expect(harness.core.statistics.messagesDropped).toBe(3);
    harness.inject({ topic: "a", qos: 1, payload: bytesOf("fits") });
    expect(small.receiveTexts()).toEqual(["fits"]);
  });

  it("counts to the byte, on the quick way and on the slow one", () => {
    for (const hooks of [{}, { interceptingClientEnqueue: () => undefined }]) {
      const harness = new CoreHarness({}, hooks);
      const exact = harness.connect("s", { properties: { maximumPacketSize: 16 } });
      subscribe(exact, "a");
      const publisher = harness.connect("p");
      publisher.send(publishPacket("a", "01234567890"), publishPacket("a", "0123456789"));
      publisher.send(publishPacket("a", "01234567890"), publishPacket("a", "0123456789"));
      expect(exact.receiveTexts()).toEqual(["0123456789", "0123456789"]);
    }
  });

  it("[MQTT-3.2.2-15] of the server: a larger packet is answered with 0x95", () => {
    const harness = new CoreHarness({ maximumPacketSize: 100 });
    const { peer, connack } = harness.connectWith("c");
    expect(connack.properties?.maximumPacketSize).toBe(100);
    peer.send(publishPacket("a", "x".repeat(100)));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x95);
  });
});

describe("Topic Aliases", () => {
  it("[MQTT-3.3.2-12] of the client stand for their topic until they are given another", () => {
    const harness = new CoreHarness();
    const watcher = harness.connect("s");
    subscribe(watcher, "#");
    const peer = harness.connect("p");
    const properties = { topicAlias: 1 };
    peer.send(publishPacket("one", "1", { properties }), publishPacket("", "2", { properties }));
    peer.send(publishPacket("two", "3", { properties }), publishPacket("", "4", { properties }));
    expect(watcher.receivePublishes().map(({ topic }) => topic)).toEqual([
      "one",
      "one",
      "two",
      "two",
    ]);
  });

  it.each([
    [0, 0x94],
    [101, 0x94],
  ])("[MQTT-3.3.2-8] [MQTT-3.3.2-9] alias %i is answered with 0x94", (topicAlias, reasonCode) => {
    const peer = new CoreHarness().connect("p");
    const bytes = peer.encode(publishPacket("a", "", { properties: { topicAlias: 1 } }));
    bytes[bytes.length - 1] = topicAlias;
    peer.send(bytes);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(reasonCode);
  });

  it("[MQTT-3.3.2-7] end with the connection", () => {
    const harness = new CoreHarness();
    const properties = { topicAlias: 1 };
    const first = harness.connect("p", lasting());
    first.send(publishPacket("one", "1", { properties }));
    first.cut();
    const second = harness.connect("p", lasting());
    second.send(publishPacket("", "2", { properties }));
    expect(second.receiveOne("disconnect").reasonCode).toBe(0x82);
  });

  it("[MQTT-3.1.2-26] [MQTT-3.3.2-10] of the server are used as far as the client offers them", () => {
    const harness = new CoreHarness({ outgoingTopicAliasMaximum: 10 });
    const peer = harness.connect("s", { properties: { topicAliasMaximum: 1 } });
    subscribe(peer, "#");
    const topics = ["topic/1", "topic/1", "topic/1", "topic/2", "topic/2", "topic/2"];
    for (const topic of topics) harness.inject({ topic, qos: 1 });
    const seen = peer
      .receivePublishes()
      .map(({ topic, properties }) => [topic, properties?.topicAlias]);
    const whole = (topic: string): unknown[] => [topic, undefined];
    // Told when a topic has come again, and used from then on. There is one, which the second topic takes over.
    const first = [whole("topic/1"), ["topic/1", 1], ["", 1]];
    expect(seen).toEqual([...first, whole("topic/2"), ["topic/2", 1], ["", 1]]);
  });

  it.each([
    ["abcdef", 6],
    ["abcdefg", 7],
  ])("are used where they save bytes: %s has %i", (topic, bytes) => {
    const harness = new CoreHarness({ outgoingTopicAliasMaximum: 10 });
    const peer = harness.connect("s", { properties: { topicAliasMaximum: 10 } });
    subscribe(peer, "#");
    for (let count = 0; count < 3; count += 1) harness.inject({ topic });
    const last = peer.receivePublishes().at(-1);
    expect(last?.topic).toBe(bytes > 6 ? "" : topic);
  });

  it("are not used unless an option says so", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("s", { properties: { topicAliasMaximum: 10 } });
    subscribe(peer, "#");
    for (let count = 0; count < 3; count += 1) harness.inject({ topic: "long/enough", qos: 1 });
    for (const { topic, properties } of peer.receivePublishes())
      expect([topic, properties?.topicAlias]).toEqual(["long/enough", undefined]);
  });

  it("[MQTT-3.1.2-27] none is sent to a client that offers none", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("s");
    subscribe(peer, "a");
    injectMany(harness, 3, 0);
    expect(
      peer.receivePublishes().every(({ properties }) => properties?.topicAlias === undefined),
    ).toBe(true);
  });
});

describe("Message Expiry Interval", () => {
  it("[MQTT-3.3.2-5] a message that waited longer is not sent", () => {
    const harness = new CoreHarness();
    subscriber(harness).cut();
    harness.inject({
      topic: "a",
      qos: 1,
      messageExpiryIntervalSeconds: 10,
      payload: bytesOf("short"),
    });
    harness.inject({
      topic: "a",
      qos: 1,
      messageExpiryIntervalSeconds: 100,
      payload: bytesOf("long"),
    });
    harness.advance(10_000);
    expect(subscriber(harness).receiveTexts()).toEqual(["long"]);
    expect(harness.core.statistics.messagesExpired).toBe(1);
    expect(harness.core.statistics.queuedMessagesCurrent).toBe(0);
  });

  it("[MQTT-3.3.2-6] is sent less the time that the message waited", () => {
    const harness = new CoreHarness();
    subscriber(harness).cut();
    harness.inject({ topic: "a", qos: 1, messageExpiryIntervalSeconds: 10 });
    harness.advance(7_000);
    const publish = subscriber(harness).receiveOne("publish");
    expect(publish.properties?.messageExpiryIntervalSeconds).toBe(3);
  });

  it("ends a retained message, and is decremented in it", () => {
    const harness = new CoreHarness();
    const message = {
      topic: "a",
      retain: true,
      payload: bytesOf("r"),
      messageExpiryIntervalSeconds: 10,
    };
    harness.inject(message);
    harness.advance(4_000);
    const early = harness.connect("early");
    subscribe(early, "a");
    expect(early.receiveOne("publish").properties?.messageExpiryIntervalSeconds).toBe(6);
    harness.advance(6_000);
    const late = harness.connect("late");
    subscribe(late, "a");
    expect(late.receive()).toEqual([]);
    expect(harness.core.statistics.retainedMessagesCurrent).toBe(0);
  });

  it("of an older retained message does not end the newer one", () => {
    const harness = new CoreHarness();
    const message = { topic: "a", retain: true, payload: bytesOf("r") };
    harness.inject({ ...message, messageExpiryIntervalSeconds: 10 });
    harness.core.clear();
    harness.inject(message);
    harness.advance(20_000);
    expect(harness.core.retained.count).toBe(1);
  });
});

describe("a full queue", () => {
  it("gives up its oldest message and tells so", () => {
    const overwritten: string[] = [];
    const harness = new CoreHarness(
      { queueMessagesMax: 2 },
      {
        queuedApplicationMessageOverwritten: ({ applicationMessage }) => {
          overwritten.push(new TextDecoder().decode(applicationMessage.payload));
          return undefined;
        },
      },
    );
    subscriber(harness).cut();
    injectMany(harness, 4, 1);
    expect(overwritten).toEqual(["1", "2"]);
    expect(harness.core.statistics.messagesDropped).toBe(2);
    expect(subscriber(harness).receiveTexts()).toEqual(["3", "4"]);
  });

  it("refuses the newest if it was told to", () => {
    const harness = new CoreHarness({ queueMessagesMax: 2, queueOverflow: "dropNewest" });
    subscriber(harness).cut();
    injectMany(harness, 4, 1);
    expect(subscriber(harness).receiveTexts()).toEqual(["1", "2"]);
  });

  it("counts bytes too, and takes one message of any size when it is empty", () => {
    const harness = new CoreHarness({ queueBytesMax: 100 });
    subscriber(harness).cut();
    harness.inject({ topic: "a", qos: 1, payload: bytesOf("x".repeat(200)) });
    expect(harness.core.statistics.queuedMessagesCurrent).toBe(1);
    injectMany(harness, 2, 1);
    expect(subscriber(harness).receiveTexts()).toEqual(["1", "2"]);
    expect(harness.core.statistics.queuedBytesCurrent).toBe(0);
  });
});

describe("QoS 0 for a client that is away", () => {
  it("is dropped and counted", () => {
    const harness = new CoreHarness();
    subscriber(harness).cut();
    expect(harness.inject({ topic: "a" })).toMatchObject({ matched: 1, queued: 0, dropped: 1 });
    expect(subscriber(harness).receive()).toEqual([]);
  });

  it("waits in its place in the queue if queueQos0 is set", () => {
    const harness = new CoreHarness({ queueQos0: true });
    subscriber(harness).cut();
    injectMany(harness, 1, 1, 1);
    injectMany(harness, 1, 0, 2);
    injectMany(harness, 1, 1, 3);
    expect(subscriber(harness).receiveTexts()).toEqual(["1", "2", "3"]);
  });

  it("[MQTT-4.6.0-5] newer ones do not overtake those that wait in the queue", () => {
    for (const hooks of [{}, { interceptingClientEnqueue: () => undefined }]) {
      const harness = new CoreHarness({ queueQos0: true }, hooks);
      subscriber(harness).cut();
      injectMany(harness, 2, 1, 1);
      injectMany(harness, 1, 0, 3);
      const peer = subscriber(harness, 1);
      const publisher = harness.connect("p");
      publisher.send(publishPacket("a", "4"), publishPacket("a", "5"));
      const ids = peer.receivePublishes().map(({ packetIdentifier }) => packetIdentifier);
      expect(ids).toEqual([1]);
      peer.send(acknowledgement("puback", 1));
      expect(peer.receiveTexts()).toEqual(["2", "3", "4", "5"]);
    }
  });
});
