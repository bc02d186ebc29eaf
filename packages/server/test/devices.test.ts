import { afterEach, describe, expect, it } from "vitest";
import { MqttServer } from "../src/index.ts";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
} from "./support/core-harness.ts";
import { connectPeer } from "./support/byte-peer.ts";

/*
 * How libraries of small devices behave, as docs/guide/devices.md tells it, each as a peer of our own that acts so.
 */

const numbers = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${index}`);

function injectNumbered(harness: CoreHarness, count: number, qos: 1 | 2): void {
  for (const text of numbers(count))
    harness.inject({ topic: "command", qos, payload: new TextEncoder().encode(text) });
}

describe("a device that states none of its limits (PubSubClient 2.8, MQTT-C 1.1.6, coreMQTT 5.0.2)", () => {
  // MQTT-C has room for some 40 messages, coreMQTT in its example for 20 QoS 2 messages. Both fail for good beyond.
  const ROOM = 20;

  it.each([
    [3, 1],
    [4, 1],
    [4, 2],
    [5, 2],
  ] as const)(
    "gets all that waited, never more at a time than it has room for: level %i, QoS %i",
    (level, qos) => {
      const harness = new CoreHarness();
      const fields = {
        ...(level === 5 ? lasting() : { cleanStart: false }),
        protocolVersion: level,
      };
      const before = harness.connect("device", fields);
      subscribe(before, "command");
      before.cut();
      injectNumbered(harness, 100, qos);
      const device = harness.connect("device", fields);
      const received: string[] = [];
      const open: number[] = [];
      for (;;) {
        for (const packet of device.receive()) {
          if (packet.type === "publish") {
            received.push(new TextDecoder().decode(packet.payload));
            open.push(packet.packetIdentifier ?? 0);
          } else if (packet.type === "pubrel") {
            device.send(acknowledgement("pubcomp", packet.packetIdentifier));
          }
        }
        expect(open.length).toBeLessThanOrEqual(ROOM);
        const next = open.shift();
        if (next === undefined) break;
        device.send(acknowledgement(qos === 1 ? "puback" : "pubrec", next));
      }
      expect(received).toEqual(numbers(100));
    },
  );

  it("gets no Topic Alias, though it offers to take them (wolfMQTT 2.1.0, Mongoose 7.22)", () => {
    const harness = new CoreHarness();
    const device = harness.connect("device", { properties: { topicAliasMaximum: 1 } });
    subscribe(device, "devices/kitchen/command");
    for (let count = 0; count < 5; count += 1)
      harness.inject({ topic: "devices/kitchen/command", qos: 1 });
    const topics = device.receivePublishes().map(({ topic }) => topic);
    expect(topics).toEqual(Array.from({ length: 5 }, () => "devices/kitchen/command"));
  });
});

describe("a device that never acknowledges what it has no room for (PubSubClient 2.8, coreMQTT)", () => {
  const TOO_LARGE = 1_500;

  it("gets what comes later while there are places, also over reconnects, and others are not disturbed", () => {
    const harness = new CoreHarness();
    const other = harness.connect("other", lasting());
    subscribe(other, "command");
    let device = harness.connect("device", { protocolVersion: 4, cleanStart: false });
    subscribe(device, "command");
    for (let count = 0; count < 5; count += 1)
      harness.inject({ topic: "command", qos: 1, payload: new Uint8Array(TOO_LARGE) });
    for (const { packetIdentifier } of other.receivePublishes())
      other.send(acknowledgement("puback", packetIdentifier));
    device.cut();
    device = harness.connect("device", { protocolVersion: 4, cleanStart: false });
    // They come again at each connection, with DUP.
    expect(device.receivePublishes().map(({ duplicate }) => duplicate)).toEqual(
      Array.from({ length: 5 }, () => true),
    );
    injectNumbered(harness, 30, 1);
    const received: string[] = [];
    for (let publishes = device.receivePublishes(); publishes.length > 0;) {
      for (const { payload, packetIdentifier } of publishes) {
        received.push(new TextDecoder().decode(payload));
        device.send(acknowledgement("puback", packetIdentifier));
      }
      publishes = device.receivePublishes();
    }
    expect(received).toEqual(numbers(30));
    expect(other.receivePublishes()).toHaveLength(20);
  });
});

describe("a device that reads one packet in each round of its loop (PubSubClient 2.8)", () => {
  let server: MqttServer | undefined;
  afterEach(() => server?.stop());

  it("gets everything in order, and what it sends meanwhile is taken", async () => {
    server = new MqttServer({ port: 0, systemTopics: false });
    await server.start();
    const port = server.address().port ?? 0;
    const device = await connectPeer({ port, host: "127.0.0.1" });
    device.send("100d00044d51545404000000000164");
    expect(await device.receivePacket()).toBe("20020000");
    device.send("8206000100016301");
    expect(await device.receivePacket()).toBe("9003000101");
    const COUNT = 300;
    for (const text of numbers(COUNT))
      await server.injectApplicationMessage({ topic: "c", payload: text, qos: 1 });
    const received: string[] = [];
    for (let round = 0; round < COUNT; round += 1) {
      const packet = Buffer.from(await device.receivePacket(), "hex");
      received.push(packet.subarray(7).toString());
      device.send(Uint8Array.from([0x40, 2, packet[5] ?? 0, packet[6] ?? 0]));
      if (round % 100 === 0) device.send("3003000173");
    }
    expect(received).toEqual(numbers(COUNT));
    expect(server.statistics.publishesReceived).toBeGreaterThanOrEqual(3);
    device.end();
  });
});

describe("a device that sends a message byte by byte, and one that sends many in one write", () => {
  it("is understood either way", () => {
    const harness = new CoreHarness();
    const other = harness.connect("other");
    subscribe(other, "state");
    const device = harness.connect("device", { protocolVersion: 4 });
    const bytes = device.encode(publishPacket("state", "on"));
    device.sendInChunks(
      bytes,
      Array.from({ length: bytes.length }, () => 1),
    );
    device.send(...Array.from({ length: 300 }, () => publishPacket("state", "off")));
    expect(other.receiveTexts()).toHaveLength(301);
  });
});
