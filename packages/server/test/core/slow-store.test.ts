import { describe, expect, it } from "vitest";
import { lasting, publishPacket, subscribe } from "../support/core-harness.ts";
import type { CoreHarness } from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const LIMIT = 10_000;
const PAYLOAD = "x".repeat(100);
/** What one packet adds at most: its bytes, and what the records say beside them. */
const PACKET_BYTES_MAX = 300;

/** A server that has a session "s" of "t/#" whose client is away, and a store that begins to take its time. */
function slow(options = {}): DurableServer {
  const server = new DurableServer({
    unstoredBytesMax: LIMIT,
    queueMessagesMax: 100_000,
    ...options,
  });
  const s = server.harness.connect("s", lasting());
  subscribe(s, "t/#");
  s.cut();
  server.isCommitting = false;
  return server;
}

/** Sends QoS 1 messages, each in a chunk of its own, whatever the server reads of them. */
function flood(peer: ScriptedPeer, count: number, first = 1): void {
  for (let number = first; number < first + count; number += 1) {
    const text = `${number} ${PAYLOAD}`;
    peer.send(publishPacket("t/1", text, { qos: 1, packetIdentifier: number }));
  }
}

function batchBytes(server: DurableServer): number {
  const commit = server.take();
  const bytes = commit?.batch?.bytes.length ?? 0;
  if (commit !== undefined) server.finish(commit);
  return bytes;
}

function texts(harness: CoreHarness): string[] {
  return harness
    .connect("s", {
      cleanStart: false,
      properties: { sessionExpiryIntervalSeconds: 3_600, receiveMaximum: 1_000 },
    })
    .receiveTexts()
    .map((text) => text.replace(` ${PAYLOAD}`, ""));
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index + 1));
}

describe("while a commit takes its time", () => {
  it("a client that has more stored than may wait is read no further", () => {
    const server = slow();
    const peer = server.harness.connect("p");
    flood(peer, 1_000);
    expect(peer.wire.isPaused).toBe(true);
    expect(peer.unsentBytes).toBeGreaterThan(50_000);
    const bytes = batchBytes(server);
    expect(bytes).toBeGreaterThan(LIMIT);
    expect(bytes).toBeLessThan(LIMIT + PACKET_BYTES_MAX);
  });

  it("packets that came with others in one chunk wait too", () => {
    const server = slow();
    const peer = server.harness.connect("p");
    // QoS 1 and 2 in turn: of one kind they would be one run, which is stored as a whole.
    const packets = numbers(500).map((text) => {
      const packetIdentifier = Number(text);
      return publishPacket(`t/${text}`, PAYLOAD, {
        qos: packetIdentifier % 2 === 0 ? 1 : 2,
        packetIdentifier,
      });
    });
    peer.send(...packets);
    expect(batchBytes(server)).toBeLessThan(LIMIT + PACKET_BYTES_MAX);
  });

  it("many clients together are held to the same limit, and one packet each", () => {
    const server = slow();
    const peers = Array.from({ length: 50 }, (_, index) => server.harness.connect(`p${index}`));
    for (let round = 0; round < 4; round += 1) {
      for (const peer of peers) flood(peer, 20, 1 + round * 20);
      expect(batchBytes(server)).toBeLessThan(LIMIT + peers.length * PACKET_BYTES_MAX);
    }
  });

  it("all of it is stored and acknowledged in the end, in order", () => {
    const server = slow();
    const peer = server.harness.connect("p");
    flood(peer, 1_000);
    let commits = 0;
    while (peer.unsentBytes > 0 || server.harness.core.journal?.isBehind === true) {
      expect(batchBytes(server)).toBeLessThan(LIMIT + PACKET_BYTES_MAX);
      commits += 1;
    }
    expect(commits).toBeGreaterThan(10);
    const identifiers = peer
      .receive()
      .map((packet) => "packetIdentifier" in packet && packet.packetIdentifier);
    expect(identifiers).toEqual(numbers(1_000).map(Number));
    server.isCommitting = true;
    server.commit();
    const harness = server.crash();
    expect(texts(harness)).toEqual(numbers(1_000));
  });

  it("others go on: QoS 0, and QoS 1 for sessions that end with their connections", () => {
    const server = slow();
    const { harness } = server;
    const listener = harness.connect("listener");
    subscribe(listener, "other");
    const other = harness.connect("other");
    flood(harness.connect("p"), 1_000);
    other.send(
      publishPacket("other", "0"),
      publishPacket("other", "1", { qos: 1, packetIdentifier: 1 }),
    );
    expect(other.receiveOne("puback")).toMatchObject({ packetIdentifier: 1 });
    expect(listener.receiveTexts()).toEqual(["0", "1"]);
  });

  it("a client is read again as soon as there is room, and what it says then is heard", () => {
    const server = slow();
    const peer = server.harness.connect("p");
    flood(peer, 200);
    peer.send({ type: "pingreq" });
    expect(peer.receive()).toEqual([]);
    while (peer.unsentBytes > 0) batchBytes(server);
    expect(peer.wire.isPaused).toBe(false);
    server.commit();
    expect(peer.receive().some(({ type }) => type === "pingresp")).toBe(true);
  });

  it("[MQTT-3.1.2-22] a client that is not read is not taken for a silent one", () => {
    const server = slow();
    const peer = server.harness.connect("p", { keepAliveSeconds: 10 });
    flood(peer, 200);
    server.harness.advance(60_000);
    expect(peer.isEnded).toBe(false);
    while (peer.unsentBytes > 0) batchBytes(server);
    server.harness.advance(14_000);
    expect(peer.isEnded).toBe(false);
    server.harness.advance(2_000);
    expect(peer.isEnded).toBe(true);
  });

  it("a client that sends no more is still answered to the end", () => {
    const server = slow();
    const peer = server.harness.connect("p");
    const packets = numbers(300).map((text) =>
      publishPacket(`t/${text}`, PAYLOAD, { qos: 1, packetIdentifier: Number(text) }),
    );
    peer.send(...packets);
    server.harness.core.ended(peer.connection);
    server.harness.settle();
    expect(peer.isEnded).toBe(false);
    server.commit();
    expect(peer.receive().filter(({ type }) => type === "puback")).toHaveLength(300);
    expect(peer.isEnded).toBe(true);
  });

  it("a client that leaves meanwhile is forgotten", () => {
    const server = slow();
    const peer = server.harness.connect("p");
    flood(peer, 200);
    expect(server.harness.core.heldBack.size).toBe(1);
    peer.cut();
    expect(server.harness.core.heldBack.size).toBe(0);
    server.commit();
    expect(server.harness.reports).toEqual([]);
  });

  it.each(["full", "failed"] as const)(
    "clients are read again if the store is %s, to be told",
    (health) => {
      const server = slow();
      const { harness } = server;
      const peer = harness.connect("p");
      flood(peer, 200);
      harness.core.commitFailed(health);
      harness.settle();
      expect(harness.core.heldBack.size).toBe(0);
      const late = harness.connect("late");
      late.send(publishPacket("t/1", "late", { qos: 1, packetIdentifier: 1 }));
      const reasonCode = health === "full" ? 0x97 : 0x83;
      expect(late.receive()).toMatchObject([{ type: "puback", reasonCode }]);
    },
  );

  it("who has waited longest is read first", () => {
    const server = slow();
    const peers = ["a", "b", "c"].map((name) => server.harness.connect(name));
    for (const peer of peers) {
      peer.send(
        ...numbers(200).map((text) =>
          publishPacket(`t/${text}`, PAYLOAD, { qos: 1, packetIdentifier: Number(text) }),
        ),
      );
    }
    const progress: number[] = [];
    for (let commit = 0; commit < 5; commit += 1) batchBytes(server);
    for (const peer of peers) progress.push(peer.receive().length);
    expect(Math.min(...progress)).toBeGreaterThan(0);
  });
});
