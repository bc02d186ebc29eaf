import { encodePacket } from "@anax/protocol";
import type { ConnectPacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { connectPacket, CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

/** Sends bytes at a rate, in chunks of a tenth of a second each. */
function trickle(
  harness: CoreHarness,
  peer: ScriptedPeer,
  bytes: Uint8Array,
  bytesPerSecond: number,
): void {
  const size = Math.max(1, Math.round(bytesPerSecond / 10));
  for (let at = 0; at < bytes.length && !peer.isClosed; at += size) {
    harness.advance((1_000 * size) / bytesPerSecond);
    peer.send(bytes.slice(at, at + size));
  }
}

function large(bytes: number): Uint8Array {
  return encodePacket(publishPacket("a", "x".repeat(bytes), { qos: 1, packetIdentifier: 1 }), 5);
}

const WILL = { topic: "will", payload: new Uint8Array(0), qos: 0, retain: false } as const;

/** A client with a Will, and another that gets it and what the first publishes. */
function pair(keepAliveSeconds: number): {
  harness: CoreHarness;
  peer: ScriptedPeer;
  watcher: ScriptedPeer;
} {
  const harness = new CoreHarness();
  const watcher = harness.connect("s");
  subscribe(watcher, "#");
  const peer = harness.connect("c", { keepAliveSeconds, will: WILL });
  return { harness, peer, watcher };
}

describe("Keep Alive", () => {
  it("[MQTT-3.1.2-22] silence of one and a half Keep Alives ends the connection with 0x8D", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c", { keepAliveSeconds: 10 });
    harness.advance(14_999);
    expect(peer.isClosed).toBe(false);
    harness.advance(1);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x8d);
    expect(peer.isClosed).toBe(true);
  });

  it("any packet prolongs it", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c", { keepAliveSeconds: 10 });
    harness.advance(10_000);
    peer.send({ type: "pingreq" });
    harness.advance(14_999);
    expect(peer.isClosed).toBe(false);
    harness.advance(1);
    expect(peer.isClosed).toBe(true);
  });

  it("of 0 lets a client be silent for ever", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    harness.advance(10 ** 9);
    expect(peer.isClosed).toBe(false);
    expect(harness.core.nextDeadline).toBe(Infinity);
  });
});

describe("Keep Alive while a packet is on its way", () => {
  it.each([
    [2, 40_000, 8_000],
    [5, 50_000, 6_000],
    [1, 100_000, 1_000],
    [60, 30_000, 110],
  ])("of %i s is kept by %i bytes at %i a second", (keepAlive, size, bytesPerSecond) => {
    const { harness, peer, watcher } = pair(keepAlive);
    trickle(harness, peer, large(size), bytesPerSecond);
    expect(peer.receiveOne("puback").reasonCode).toBe(0);
    expect(watcher.receivePublishes()).toMatchObject([{ topic: "a" }]);
    harness.advance(keepAlive * 1_500 - 1);
    expect(peer.isClosed).toBe(false);
    harness.advance(1);
    expect(peer.isClosed).toBe(true);
  });

  it("ends one and a half times after the last byte", () => {
    const { harness, peer, watcher } = pair(2);
    trickle(harness, peer, large(40_000).slice(0, 32_000), 8_000);
    harness.advance(2_999);
    expect(peer.isClosed).toBe(false);
    harness.advance(1);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x8d);
    expect(watcher.receivePublishes()).toMatchObject([{ topic: "will" }]);
  });

  it("is not kept by less than 100 bytes a second", () => {
    const { harness, peer } = pair(10);
    trickle(harness, peer, large(1_400), 90);
    expect(peer.isClosed).toBe(true);
  });

  it("is not kept by what came quickly, when the rest does not", () => {
    const { harness, peer } = pair(10);
    peer.send(large(900_000).slice(0, 800_000));
    for (let second = 0; second < 30; second += 1) {
      harness.advance(1_000);
      peer.send("78");
    }
    expect(peer.isClosed).toBe(true);
  });

  it("is kept by what a wire gathers until a message of its own is whole", () => {
    const { harness, peer } = pair(2);
    for (let second = 0; second < 20; second += 1) {
      harness.advance(1_000);
      peer.wire.gathered += 500;
    }
    expect(peer.isClosed).toBe(false);
    harness.advance(6_000);
    expect(peer.isClosed).toBe(true);
  });
});

describe("the time for CONNECT", () => {
  const will = { ...WILL, payload: new Uint8Array(60_000) };
  const slow: ConnectPacket = connectPacket({ clientId: "c", will });

  it("is longer for a large one that is on its way", () => {
    const harness = new CoreHarness({ connectTimeoutMs: 5_000 });
    const peer = harness.open();
    trickle(harness, peer, peer.encode(slow), 8_000);
    expect(peer.receiveOne("connack").reasonCode).toBe(0);
  });

  it("is over for a stranger who is slower than 1000 bytes a second", () => {
    const harness = new CoreHarness({ connectTimeoutMs: 5_000 });
    const peer = harness.open();
    trickle(harness, peer, peer.encode(slow).slice(0, 5_000), 950);
    expect(peer.isClosed).toBe(true);
  });
});
