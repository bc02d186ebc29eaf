import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectPacket, CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

/** Bytes that a client must not send, with the code that 5.0 is told. */
const BROKEN: readonly (readonly [string, string, number])[] = [
  ["[MQTT-2.1.3-1] flags of SUBSCRIBE that are not 0010", "80 06 0001 00 0001 61 00", 0x81],
  ["packet type 0", "00 00", 0x81],
  ["[MQTT-3.3.1-4] QoS 3", "36 06 0001 61 0001 00", 0x81],
  ["[MQTT-3.3.1-2] DUP with QoS 0", "38 04 0001 61 00", 0x81],
  ["[MQTT-2.2.1-3] Packet Identifier 0", "32 06 0001 61 0000 00", 0x82],
  ["[MQTT-3.3.2-2] a wildcard in the Topic Name", "30 04 0001 23 00", 0x90],
  ["an empty Topic Name without Topic Alias", "30 03 0000 00", 0x82],
  ["[MQTT-1.5.4-1] a topic that is not UTF-8", "30 04 0001 ff 00", 0x81],
  ["[MQTT-1.5.4-2] a topic with U+0000", "30 04 0001 00 00", 0x81],
  ["[MQTT-1.5.5-1] a Remaining Length of five bytes", "30 ff ff ff ff 01", 0x81],
  ["[MQTT-3.8.3-2] SUBSCRIBE without a filter", "82 03 0001 00", 0x82],
  ["[MQTT-3.8.3-5] reserved Subscription Options", "82 07 0001 00 0001 61 40", 0x81],
  ["[MQTT-3.10.3-2] UNSUBSCRIBE without a filter", "a2 03 0001 00", 0x82],
  ["[MQTT-3.3.4-6] a Subscription Identifier from a client", "30 06 0001 61 02 0b 01", 0x82],
  ["a property that PUBLISH does not have", "30 06 0001 61 02 24 01", 0x81],
  ["a property twice that must be there once", "30 08 0001 61 04 01 00 01 00", 0x82],
  ["a body that is too short", "32 02 0001", 0x81],
  ["bytes behind the end of the body", "c0 01 00", 0x81],
];

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function bystander(harness: CoreHarness): ScriptedPeer {
  const peer = harness.connect("bystander");
  subscribe(peer, "x");
  return peer;
}

/** Others must not notice that one connection was closed. */
function expectUnharmed(harness: CoreHarness, peer: ScriptedPeer): void {
  peer.send(publishPacket("x", "still here"));
  expect(peer.receiveTexts()).toEqual(["still here"]);
  expect(harness.reports).toEqual([]);
}

describe("malformed packets", () => {
  it.each(BROKEN)("%s closes its own connection, with the right code", (_name, hex, reasonCode) => {
    const harness = new CoreHarness();
    const other = bystander(harness);
    const peer = harness.connect("c");
    peer.send(hex.replaceAll(" ", ""));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(reasonCode);
    expect(peer.isClosed).toBe(true);
    expectUnharmed(harness, other);
  });

  it.each(BROKEN)("[MQTT-4.13.1-1] %s closes it without a packet before 5.0", (_name, hex) => {
    const harness = new CoreHarness();
    const peer = harness.connect("c", { protocolVersion: 4 });
    // What 5.0 calls a property is payload here, so that some of these are sound.
    peer.send(hex.replaceAll(" ", ""));
    expect(peer.receive().every(({ type }) => type !== "disconnect")).toBe(true);
  });

  it("are found also within a run of good ones, and the good ones before are delivered", () => {
    const harness = new CoreHarness();
    const other = bystander(harness);
    const peer = harness.connect("c");
    const good = publishPacket("x", "good");
    peer.send(good, good, good, bytesOf("30 03 0001 78"), good);
    expect(other.receiveTexts()).toEqual(["good", "good", "good"]);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x81);
    expectUnharmed(harness, other);
  });

  it("any bytes, in any chunks, harm nobody else", () => {
    const harness = new CoreHarness();
    const other = bystander(harness);
    const chunks = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 });
    fc.assert(
      fc.property(chunks, fc.constantFrom(undefined, 4, 5), (parts, protocolVersion) => {
        const peer = harness.open();
        if (protocolVersion !== undefined) {
          peer.version = protocolVersion;
          peer.send(connectPacket({ clientId: "fuzz", protocolVersion }));
        }
        for (const part of parts) peer.send(part);
        peer.cut();
        expectUnharmed(harness, other);
      }),
      { numRuns: 300 },
    );
    expect(harness.core.statistics.connectionsCurrent).toBe(1);
    expect(harness.core.connections.size).toBe(1);
  });

  it("good packets with one byte changed harm nobody else either", () => {
    const harness = new CoreHarness();
    const other = bystander(harness);
    const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(changes, (places) => {
        const peer = harness.open();
        const bytes = Buffer.concat([
          peer.encode(connectPacket({ clientId: "fuzz" })),
          peer.encode(
            publishPacket("y", "1", { qos: 2, packetIdentifier: 1, properties: { topicAlias: 1 } }),
          ),
          peer.encode(publishPacket("y", "2", { qos: 1, packetIdentifier: 2 })),
          peer.encode(publishPacket("y", "3", { qos: 1, packetIdentifier: 3 })),
          peer.encode({ type: "pubrel", packetIdentifier: 1, reasonCode: 0 }),
        ]);
        for (const [place, value] of places) bytes[place % bytes.length] = value;
        peer.send(new Uint8Array(bytes));
        peer.cut();
        other.receive();
        expectUnharmed(harness, other);
      }),
      { numRuns: 1_000 },
    );
  });
});
