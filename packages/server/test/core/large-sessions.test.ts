import type { ConnectPacket, PublishPacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { lasting, publishPacket, subscribe } from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const OPTIONS = { queueMessagesMax: 100_000, inFlightMax: 65_535 } as const;
const EAGER: Partial<ConnectPacket> = {
  cleanStart: false,
  properties: { sessionExpiryIntervalSeconds: 3_600, receiveMaximum: 60_000 },
};
const FILTERS = 200;
const QUEUED = 5_000;

/** A session with many subscriptions and a long queue, that is away, and somebody who publishes to it. */
function large(server: DurableServer): ScriptedPeer {
  const s = server.harness.connect("s", lasting());
  subscribe(s, { topicFilter: "t/#", qos: 1 });
  for (let number = 0; number < FILTERS; number += 1)
    subscribe(s, { topicFilter: `f/${number}`, qos: 1 });
  s.cut();
  const p = server.harness.connect("p");
  for (let number = 0; number < QUEUED; number += 1) publish(p, number);
  server.checkpoint();
  return p;
}

function publish(peer: ScriptedPeer, number: number): void {
  const packetIdentifier = (number % 65_535) + 1;
  peer.send(publishPacket("t/x", String(number), { qos: 1, packetIdentifier }));
  peer.receive();
}

/** Bytes of the rows that a checkpoint writes. */
function rowBytes(server: DurableServer): number {
  const before = new Map(server.medium.sessions);
  server.checkpoint();
  let bytes = 0;
  for (const [key, row] of server.medium.sessions) if (before.get(key) !== row) bytes += row.length;
  return bytes;
}

/** What its client gets when it comes back. */
function received(server: DurableServer): string[] {
  const s = server.harness.connect("s", EAGER);
  const publishes = s
    .receive()
    .filter((packet): packet is PublishPacket => packet.type === "publish");
  return publishes.map(({ payload }) => new TextDecoder().decode(payload));
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

describe("a session with many subscriptions and a long queue", () => {
  it("is as it was after a crash", () => {
    const server = new DurableServer(OPTIONS);
    large(server);
    server.crash();
    const s = server.harness.core.sessions.get("s");
    expect(s?.subscriptions.size).toBe(FILTERS + 1);
    expect(received(server)).toEqual(numbers(0, QUEUED));
  });

  it("costs a checkpoint no more than what has changed", () => {
    const server = new DurableServer(OPTIONS);
    const p = large(server);
    publish(p, QUEUED);
    const afterOne = rowBytes(server);
    // One run of consecutive messages, and the row itself.
    expect(afterOne).toBeLessThan(200);
    server.crash();
    expect(received(server)).toEqual(numbers(0, QUEUED + 1));
  });

  it("costs a message between those of others five bytes", () => {
    const server = new DurableServer(OPTIONS);
    for (const clientId of ["s", "other"]) {
      const peer = server.harness.connect(clientId, lasting());
      subscribe(peer, { topicFilter: `${clientId}/#`, qos: 1 });
      peer.cut();
    }
    const p = server.harness.connect("p");
    for (let number = 0; number < QUEUED; number += 1) {
      const packetIdentifier = number + 1;
      const topic = number % 2 === 0 ? "s/x" : "other/x";
      p.send(publishPacket(topic, String(number), { qos: 1, packetIdentifier }));
      p.receive();
    }
    expect(rowBytes(server)).toBeLessThan(QUEUED * 5 + 1_000);
  });

  it("begins where its queue began when the server crashed, and goes on at any place", () => {
    const server = new DurableServer({ ...OPTIONS, queueMessagesMax: 3_000 });
    const p = large(server);
    // The oldest have made room, some of a part that is not written again.
    for (let number = QUEUED; number < QUEUED + 700; number += 1) publish(p, number);
    server.checkpoint();
    server.crash();
    const again = server.harness.connect("p");
    publish(again, QUEUED + 700);
    server.checkpoint();
    server.crash();
    expect(received(server)).toEqual(numbers(QUEUED + 701 - 3_000, QUEUED + 701));
  });

  it("leaves no part behind when it has become small, and none when it has ended", () => {
    const server = new DurableServer(OPTIONS);
    large(server);
    const parts = (): number =>
      Array.from(server.medium.sessions.keys()).filter((key) => key > 0x1_0000_0000).length;
    expect(parts()).toBe(3);
    const s = server.harness.connect("s", EAGER);
    for (const packet of s.receive())
      if (packet.type === "publish" && packet.packetIdentifier !== undefined)
        s.send({ type: "puback", packetIdentifier: packet.packetIdentifier, reasonCode: 0 });
    server.checkpoint();
    expect(parts()).toBe(1);
    server.crash();
    server.harness.connect("s", { cleanStart: true });
    server.checkpoint();
    expect(parts()).toBe(0);
  });

  it("is not understood where a part of it is missing", () => {
    const server = new DurableServer(OPTIONS);
    large(server);
    const key = Array.from(server.medium.sessions.keys()).find((one) => one > 0x1_0000_0000);
    server.medium.sessions.delete(key ?? 0);
    expect(() => server.crash()).toThrow(/part \d is missing/);
  });
});
