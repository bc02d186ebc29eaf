import { describe, expect, it } from "vitest";
import type { QoS } from "@anax/protocol";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { TRIM_INTERVAL_MS } from "../../src/core/byte-pool.ts";
import { acknowledgement, CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const READERS = 200;
const PAYLOAD_BYTES = 10_240;
/** What a receiver may cost beside the message that it shares. */
const BYTES_PER_RECEIVER = 256;
const TEXT = "x".repeat(PAYLOAD_BYTES);

/** A hook that changes nothing: messages take the way of single ones. */
const SINGLE: Hooks = { interceptingClientEnqueue: () => undefined };

function readers(harness: CoreHarness, qos: QoS, version: 4 | 5 = 5): ScriptedPeer[] {
  return Array.from({ length: READERS }, (_item, index) => {
    const peer = harness.connect(`r${index}`, { protocolVersion: version });
    subscribe(peer, { topicFilter: "big", qos });
    return peer;
  });
}

/** Bytes that output holds when a message of QoS `qos` was given to all and nothing of it is written yet. */
function heldAtMost(harness: CoreHarness, publisher: ScriptedPeer, qos: QoS): number {
  let most = 0;
  const { core } = harness;
  const flush = core.flush.bind(core);
  core.flush = () => {
    most = Math.max(most, core.pool.heldBytes);
    flush();
    most = Math.max(most, core.pool.heldBytes);
  };
  publisher.send(publishPacket("big", TEXT, { qos, ...(qos > 0 && { packetIdentifier: 1 }) }));
  core.flush = flush;
  return most;
}

describe("output holds a large message once, however many receive it", () => {
  for (const [name, hooks] of [
    ["in a run", {}],
    ["singly", SINGLE],
  ] as const) {
    for (const qos of [0, 1, 2] as const) {
      for (const version of [4, 5] as const) {
        it(`${name}, QoS ${qos}, to clients of version ${version}`, () => {
          const harness = new CoreHarness({}, hooks);
          const all = readers(harness, qos, version);
          const held = heldAtMost(harness, harness.connect("p"), qos);
          expect(held).toBeGreaterThan(PAYLOAD_BYTES);
          expect(held).toBeLessThan(PAYLOAD_BYTES + 100 + READERS * BYTES_PER_RECEIVER);
          for (const peer of all) expect(peer.receiveTexts()).toEqual([TEXT]);
          expect(harness.core.pool.heldBytes).toBe(0);
        });
      }
    }
  }

  it("while none of them reads, and until the last has it", () => {
    const harness = new CoreHarness();
    const all = readers(harness, 0);
    const publisher = harness.connect("p");
    for (const peer of all) peer.freeze();
    for (let round = 0; round < 4; round += 1) publisher.send(publishPacket("big", TEXT));
    // What is at the wire and what is behind it in the backlog share each message.
    const { pool } = harness.core;
    expect(pool.heldBytes).toBeLessThan(4 * PAYLOAD_BYTES + 400 + READERS * 3 * BYTES_PER_RECEIVER);
    expect(all[0]?.connection.output.backlogLength).toBeGreaterThan(3 * PAYLOAD_BYTES);
    for (const peer of all.slice(1)) peer.thaw();
    expect(pool.heldBytes).toBeGreaterThan(4 * PAYLOAD_BYTES);
    all[0]?.thaw();
    for (const peer of all) expect(peer.receiveTexts()).toEqual([TEXT, TEXT, TEXT, TEXT]);
    expect(pool.heldBytes).toBe(0);
  });

  it("that waited in their queues", () => {
    const harness = new CoreHarness({ inFlightMax: 1 });
    const all = readers(harness, 1);
    const publisher = harness.connect("p");
    for (let number = 1; number <= 3; number += 1)
      publisher.send(publishPacket("big", TEXT, { qos: 1, packetIdentifier: number }));
    for (const peer of all) peer.freeze();
    let most = 0;
    for (const peer of all) {
      for (const packet of peer.receive())
        if (packet.type === "publish")
          peer.send(acknowledgement("puback", packet.packetIdentifier ?? 0));
      most = Math.max(most, harness.core.pool.heldBytes);
    }
    expect(most).toBeGreaterThan(PAYLOAD_BYTES);
    expect(most).toBeLessThan(PAYLOAD_BYTES + 100 + READERS * BYTES_PER_RECEIVER);
    for (const peer of all) peer.thaw();
    expect(harness.core.pool.heldBytes).toBe(0);
  });

  it("and nothing that is counted stays when connections end with it", () => {
    const harness = new CoreHarness();
    const all = readers(harness, 0);
    for (const peer of all) peer.freeze();
    for (let round = 0; round < 3; round += 1) harness.inject({ topic: "big", payload: bytes() });
    for (const peer of all) {
      peer.isClosed = true;
      harness.core.closed(peer.connection);
    }
    expect(harness.core.pool.heldBytes).toBe(0);
  });
});

function bytes(): Uint8Array {
  return new TextEncoder().encode(TEXT);
}

describe("what a burst took", () => {
  it("is given back within a minute", () => {
    const harness = new CoreHarness();
    const all = readers(harness, 0);
    harness.inject({ topic: "big", payload: bytes() });
    for (const peer of all) peer.receive();
    expect(harness.core.pool.freeBytes).toBeGreaterThan(10_000);
    harness.advance(2 * TRIM_INTERVAL_MS);
    expect(2 * TRIM_INTERVAL_MS).toBeLessThan(60_000);
    expect(harness.core.pool.freeBytes).toBe(0);
    // And nothing is left to do after that.
    expect(harness.core.nextDeadline).toBe(Infinity);
  });

  it("stays as far as it is needed", () => {
    const harness = new CoreHarness();
    const [reader] = readers(harness, 0);
    for (let round = 0; round < 10; round += 1) {
      harness.inject({ topic: "big", payload: bytes() });
      harness.advance(TRIM_INTERVAL_MS / 2);
      reader?.receive();
      expect(harness.core.pool.freeBytes).toBeGreaterThan(0);
    }
  });
});
