import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MqttServer } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
} from "../support/memory-server.ts";
import { until } from "../support/turns.ts";

let server: MqttServer;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  server = await startedServer({ clock });
});
afterEach(() => server.stop());

describe("a client's status", () => {
  it("says who it is, when it came and what it sent", async () => {
    const connectedAtMs = clock.now();
    const client = await connected(server, "one", { userName: "ann", keepAliveSeconds: 60 });
    const before = server.clients.get("one");
    clock.advance(1_000);
    client.sendPacket(publication("a", "text", 1));
    expect(await client.packet()).toMatchObject({ type: "puback" });
    clock.advance(1_000);
    client.sendPacket({ type: "pingreq" });
    expect(await client.packet()).toMatchObject({ type: "pingresp" });
    const status = server.clients.get("one");
    expect(status).toMatchObject({
      clientId: "one",
      userName: "ann",
      protocolVersion: 5,
      peer: { transport: "memory", secure: false },
      connectedAtMs,
      lastNonKeepAlivePacketReceivedAtMs: connectedAtMs + 1_000,
      lastPacketReceivedAtMs: connectedAtMs + 2_000,
      lastPacketSentAtMs: connectedAtMs + 2_000,
      keepAliveSeconds: 60,
      sessionExpiryIntervalSeconds: 0,
      packetsReceived: 3,
      packetsSent: 3,
      messagesReceived: 1,
      messagesSent: 0,
      bytesWaiting: 0,
    });
    expect(status?.bytesReceived).toBeGreaterThan(before?.bytesReceived ?? Infinity);
    expect(status?.bytesSent).toBeGreaterThan(before?.bytesSent ?? Infinity);
  });

  it("counts from zero again on request", async () => {
    await connected(server, "one");
    expect(server.clients.resetStatistics("one")).toBe(true);
    expect(server.clients.get("one")).toMatchObject({ bytesReceived: 0, packetsSent: 0 });
    expect(server.clients.resetStatistics("two")).toBe(false);
  });

  it("is there for connected clients only", async () => {
    const client = await connected(server, "one", LASTING);
    client.end();
    await until(() => server.clients.count === 0);
    expect(server.clients.get("one")).toBeUndefined();
    expect(server.clients.get("two")).toBeUndefined();
    expect(server.clients.list()).toEqual({ items: [] });
  });
});

it("lists clients page by page, by a filter", async () => {
  for (const clientId of ["a1", "b1", "a2", "a3"]) await connected(server, clientId);
  const filter = ({ clientId }: { clientId: string }): boolean => clientId.startsWith("a");
  const first = server.clients.list({ filter, limit: 2 });
  expect(first.items.map(({ clientId }) => clientId)).toEqual(["a1", "a2"]);
  const { cursor = "" } = first;
  const last = server.clients.list({ cursor });
  expect(last.items.map(({ clientId }) => clientId)).toEqual(["a3"]);
  expect(last.cursor).toBeUndefined();
});

describe("disconnect", () => {
  it("tells an MQTT 5.0 client why", async () => {
    const client = await connected(server, "one");
    const options = {
      reasonCode: 0x9d,
      reasonString: "moved",
      serverReference: "other:1883",
      userProperties: [["a", "b"]],
    } as const;
    expect(await server.clients.disconnect("one", options)).toBe(true);
    const { reasonCode, ...properties } = options;
    expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode, properties });
    await client.closed;
  });

  it("says Administrative action if nothing else is said", async () => {
    const client = await connected(server, "one");
    await server.clients.disconnect("one");
    expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x98 });
  });

  it("just closes the connection of an older client", async () => {
    const client = await connected(server, "one", { protocolVersion: 4 });
    await server.clients.disconnect("one");
    expect(await client.packet()).toBeUndefined();
  });

  it("leaves the session as it is and the Will published", async () => {
    const watcher = await connected(server, "watcher");
    await subscribe(watcher, "will", 0);
    const will = { topic: "will", payload: new Uint8Array(0), qos: 0, retain: false } as const;
    await connected(server, "one", { ...LASTING, will });
    await server.clients.disconnect("one");
    expect(await watcher.packet()).toMatchObject({ type: "publish", topic: "will" });
    expect(server.sessions.get("one")).toMatchObject({ isConnected: false });
  });

  it("does not say 0x00, which means that no Will is published, to a client that leaves one", async () => {
    const will = { topic: "will", payload: new Uint8Array(0), qos: 0, retain: false } as const;
    const leaving = await connected(server, "one", { will });
    await server.clients.disconnect("one", { reasonCode: 0 });
    expect(await leaving.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x98 });
    const plain = await connected(server, "two");
    await server.clients.disconnect("two", { reasonCode: 0 });
    expect(await plain.packet()).toMatchObject({ type: "disconnect", reasonCode: 0 });
  });

  it("says whether there was such a client", async () => {
    expect(await server.clients.disconnect("nobody")).toBe(false);
  });

  it("refuses reason codes that a server does not send", async () => {
    await connected(server, "one");
    for (const reasonCode of [4, 0x85, 300]) {
      const problem = `reasonCode ${reasonCode} is no Reason Code that a server sends`;
      await expect(server.clients.disconnect("one", { reasonCode })).rejects.toThrow(problem);
      await expect(server.stop({ reasonCode })).rejects.toThrow(problem);
    }
    expect(server.clients.count).toBe(1);
  });
});

describe("a server that is to be emptied", () => {
  it("lets nobody in, keeps who is there, and opens again", async () => {
    const one = await connected(server, "one");
    server.acceptNewConnections = false;
    expect(() => server.connectInMemory()).toThrow("more connections");
    one.sendPacket({ type: "pingreq" });
    expect(await one.packet()).toMatchObject({ type: "pingresp" });
    server.acceptNewConnections = true;
    await connected(server, "two");
    expect(server.clients.count).toBe(2);
  });
});

it("counts everything from zero again but what is there now", async () => {
  const client = await connected(server, "one");
  client.sendPacket(publication("a", "text", 1));
  await client.packet();
  server.resetStatistics();
  expect(server.statistics).toMatchObject({
    publishesReceived: 0,
    connectionsTotal: 0,
    transportsTotal: 0,
    connectionsCurrent: 1,
    connectionsMaximum: 1,
    transportsCurrent: 1,
    sessionsCurrent: 1,
  });
});

it("changes nothing while it is stopped", async () => {
  await server.stop();
  await expect(server.clients.disconnect("one")).rejects.toThrow("not started");
  await expect(server.sessions.delete("one")).rejects.toThrow("not started");
  await expect(server.retainedMessages.clear()).rejects.toThrow("not started");
  expect(() => server.subscribe("#")).toThrow("not started");
});
