import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeliverySampling } from "../../src/core/connection/delivery-sampling.ts";
import type { MqttServer } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { connected, publication, startedServer, subscribe } from "../support/memory-server.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";
import { CoreHarness } from "../support/core-harness.ts";
import { turns } from "../support/turns.ts";

const clock = new ManualClock();
let server: MqttServer;
let publisher: MqttPeer;
let receiver: MqttPeer;

beforeAll(async () => {
  server = await startedServer({ clock, users: { ann: "secret" } });
  const password = new TextEncoder().encode("secret");
  publisher = await connected(server, "p", { userName: "ann", password });
  receiver = await connected(server, "r", { userName: "ann", password, protocolVersion: 4 });
  await subscribe(receiver, "t", 2);
});

afterAll(async () => {
  publisher.end();
  receiver.end();
  await server.stop();
});

function row(protocolVersion: number): object | undefined {
  return server.traffic.listeners.find((one) => one.protocolVersion === protocolVersion);
}

function sampled(): number {
  return server.traffic.deliveryTimes.counts.reduce((sum, count) => sum + count, 0);
}

describe("traffic", () => {
  it("is counted by listener and version, also of connections that are gone or count anew", async () => {
    publisher.sendPacket(publication("t", "abc"));
    await receiver.packet();
    expect(row(5)).toMatchObject({
      listener: "memory",
      connectionsCurrent: 1,
      messagesReceived: 1,
      messagesSent: 0,
    });
    expect(row(4)).toMatchObject({ connectionsCurrent: 1, messagesReceived: 0, messagesSent: 1 });
    expect(server.clients.resetStatistics("p")).toBe(true);
    const before = row(5);
    expect(before).toMatchObject({ messagesReceived: 1 });
    const refused = connected(server, "x", { userName: "eve" });
    await expect(refused).rejects.toThrow("was not let in");
    await turns();
    expect(row(5)).toEqual(before);
    expect(row(0)).toMatchObject({ messagesReceived: 0 });
    const { bytesReceived, bytesSent } = server.statistics;
    const sum = (name: "bytesReceived" | "bytesSent"): number =>
      server.traffic.listeners.reduce((all, one) => all + one[name], 0);
    expect([sum("bytesReceived"), sum("bytesSent")]).toEqual([bytesReceived, bytesSent]);
  });

  it("is counted by QoS, in runs and one by one", async () => {
    server.resetStatistics();
    for (const retain of [false, true])
      for (const qos of [1, 2] as const) {
        publisher.sendPacket({ ...publication("t", "abc", qos), retain, packetIdentifier: qos });
        await publisher.packet();
        await receiver.packet();
        if (qos === 2) publisher.sendPacket({ type: "pubrel", packetIdentifier: 2, reasonCode: 0 });
      }
    expect(server.statistics).toMatchObject({
      publishesReceived: 4,
      publishesReceivedQos1: 2,
      publishesReceivedQos2: 2,
      publishBytesReceivedQos1: 6,
      publishesSentQos1: 2,
      publishesSentQos2: 2,
      publishBytesSentQos2: 6,
    });
    expect(server.traffic).toMatchObject({ inFlightMessages: 4 });
  });

  it("has results of authentications", async () => {
    server.resetStatistics();
    const again = connected(server, "y", { userName: "eve" });
    await expect(again).rejects.toThrow("was not let in");
    expect(server.statistics).toMatchObject({
      authenticationsAccepted: 0,
      authenticationsRefused: 1,
      authenticationFailures: 0,
    });
  });
});

describe("times of deliveries", () => {
  it("are measured of one message in ten milliseconds", async () => {
    const before = sampled();
    clock.advance(10);
    for (let count = 0; count < 3; count += 1) {
      publisher.sendPacket(publication("t"));
      await receiver.packet();
    }
    expect(sampled()).toBe(before + 1);
    clock.advance(10);
    publisher.sendPacket(publication("t"));
    await receiver.packet();
    expect(sampled()).toBe(before + 2);
  });

  it("are of those that do not read too, and of none that has gone", () => {
    const harness = new CoreHarness();
    const times: number[] = [];
    const sampling = new DeliverySampling(
      () => 5,
      (ms) => times.push(ms),
    );
    const peer = harness.connect("a");
    const [connection] = harness.core.connections;
    if (connection === undefined) throw new Error("no connection");
    sampling.begin(1, 2);
    sampling.give(connection);
    sampling.end();
    expect(times).toEqual([4]);
    sampling.begin(10, 20);
    sampling.give(connection);
    // It is waited for, so there is no other sample meanwhile.
    sampling.begin(5_000, 5_000);
    expect(sampling.isOpen).toBe(false);
    sampling.begin(10_010, 10_010);
    expect(times).toEqual([4, 10_000]);
    sampling.give(connection);
    peer.cut();
    harness.settle();
    sampling.begin(90_000, 90_000);
    expect(times).toEqual([4, 10_000]);
    expect(sampling.isOpen).toBe(true);
  });
});
