/** Whether connect and disconnect do what was asked last, whatever is under way. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { MqttDisconnectedError, MqttTimeoutError } from "@anax/client";
import type { ClientOptions, DisconnectedEvent, MqttClient } from "@anax/client";
import { VirtualClock } from "@anax/testing";
import { connected, disconnectAll, make, once, settled } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

function recordEnds(client: MqttClient): DisconnectedEvent[] {
  const ends: DisconnectedEvent[] = [];
  client.on("disconnected", (event) => ends.push(event));
  return ends;
}

describe("after disconnect", () => {
  /** What a user may give that takes its time. */
  const slow: readonly [string, (answer: Promise<void>) => ClientOptions][] = [
    ["a password", (answer) => ({ userName: "u", password: () => answer.then(() => "secret") })],
    [
      "an authentication",
      (answer) => ({
        authentication: { method: "m", handler: () => answer.then(() => undefined) },
      }),
    ],
  ];

  it.each(slow)("no connection is opened when %s comes late", async (_, options) => {
    const server = new ScriptedServer();
    let comes = (): void => {};
    const answer = new Promise<void>((resolve) => (comes = resolve));
    const client = make(server, options(answer));
    const connecting = client.connect();
    await client.disconnect();
    await expect(connecting).rejects.toBeInstanceOf(MqttDisconnectedError);
    comes();
    await settled();
    expect(server.requests).toEqual([]);
    expect(client.connected).toBe(false);
  });

  it.each(slow)("nor when %s comes after the time for connecting", async (_, options) => {
    const server = new ScriptedServer();
    const clock = new VirtualClock();
    let comes = (): void => {};
    const answer = new Promise<void>((resolve) => (comes = resolve));
    const client = make(server, { ...options(answer), clock, connectTimeoutMs: 1_000 });
    const connecting = client.connect();
    clock.advance(2_000);
    await expect(connecting).rejects.toBeInstanceOf(MqttTimeoutError);
    comes();
    await settled();
    expect(server.requests).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("a transport that is opened late is destroyed", async () => {
    const server = new ScriptedServer();
    let comes = (): void => {};
    const answer = new Promise<void>((resolve) => (comes = resolve));
    const client = make(server, {
      transport: async (request, events) => {
        const transport = await server.transport(request, events);
        await answer;
        return transport;
      },
    });
    const connecting = client.connect();
    await settled();
    await client.disconnect();
    await expect(connecting).rejects.toBeInstanceOf(MqttDisconnectedError);
    comes();
    await settled();
    expect(server.connection.isClosed).toBe(true);
    expect(server.received).toEqual([]);
  });

  it("connect connects, at once and also before anything has come about", async () => {
    const server = new ScriptedServer();
    const client = make(server);
    const first = client.connect();
    void client.disconnect();
    const second = client.connect();
    await expect(first).rejects.toThrow("the client was disconnected");
    await second;
    expect(client.connected).toBe(true);
    await client.publish("a", "", { qos: 1 });
  });

  it("connect connects while the last connection is still being closed", async () => {
    const { server, client } = await connected();
    const ends = recordEnds(client);
    const closed = client.disconnect();
    await client.connect();
    await client.publish("a", "", { qos: 1 });
    await closed;
    await settled();
    expect(client.connected).toBe(true);
    expect(ends).toHaveLength(1);
    expect(server.received.map(({ type }) => type)).toEqual([
      "connect",
      "disconnect",
      "connect",
      "publish",
    ]);
  });

  it("connect connects while the client waits between two attempts", async () => {
    const { server, client } = await connected({ clock: new VirtualClock() });
    server.connection.close(new Error("cut"));
    await once(client, "disconnected");
    void client.disconnect();
    await client.connect();
    expect(client.connected).toBe(true);
    expect(server.connections).toHaveLength(2);
  });

  it("only the last of many calls counts", async () => {
    const server = new ScriptedServer();
    const client = make(server);
    for (let round = 0; round < 20; round += 1) {
      client.connect().catch(() => {});
      if (round % 3 === 0) await nextTurn();
      void client.disconnect();
    }
    await client.connect();
    await settled();
    expect(client.connected).toBe(true);
    expect(server.connections.filter(({ isClosed }) => !isClosed)).toHaveLength(1);
  });

  it("a late word of the old transport does not disturb the new connection", async () => {
    const { server, client } = await connected();
    const [old] = server.connections;
    void client.disconnect();
    await client.connect();
    const publish = client.publish("a", "", { qos: 1 });
    old?.drain();
    old?.sendBytes([0xd0, 0x00]);
    old?.close(new Error("late"));
    await publish;
    await settled();
    expect(client.connected).toBe(true);
    expect(old?.writes).toBe(2);
  });
});

describe("connect called while the client comes back by itself", () => {
  it.each(["disconnected", "error"] as const)("in %s joins, and gives nothing up", async (name) => {
    const clock = new VirtualClock();
    const { server, client } = await connected({ reconnect: true, clock });
    const seen: string[] = [];
    await client.subscribe("a", ({ text }) => seen.push(text));
    const ends = recordEnds(client);
    const joined: Promise<unknown>[] = [];
    client.on(name, () => joined.push(client.connect()));
    if (name === "error") {
      client.on("disconnected", () => {
        throw new Error("the application failed");
      });
    }
    server.failure = new Error("away");
    server.connection.close(new Error("cut"));
    await once(client, "disconnected");
    const waiting = client.publish("b", "waited", { qos: 1 });
    for (let second = 0; second < 5; second += 1) {
      clock.advance(1_000);
      await settled();
    }
    server.failure = undefined;
    clock.advance(30_000);
    await Promise.all(joined);
    await waiting;
    expect(ends.length).toBeGreaterThan(2);
    expect(ends.every(({ willReconnect }) => willReconnect)).toBe(true);
    server.connection.publish("a", "still there");
    await settled();
    expect(seen).toEqual(["still there"]);
  });

  it("twice at once is one connection", async () => {
    const server = new ScriptedServer();
    const client = make(server);
    await Promise.all([client.connect(), client.connect()]);
    expect(server.connections).toHaveLength(1);
  });

  it("in disconnected tries anew when the client would not", async () => {
    const { server, client } = await connected({ reconnect: false });
    let again: Promise<unknown> | undefined;
    client.on("disconnected", () => (again ??= client.connect()));
    server.connection.close(new Error("cut"));
    await once(client, "connected");
    await again;
    expect(client.connected).toBe(true);
  });

  it("in disconnected after a first attempt that failed tries anew", async () => {
    const server = new ScriptedServer();
    server.failure = new Error("away");
    const client = make(server);
    let again: Promise<unknown> | undefined;
    client.on("disconnected", () => {
      server.failure = undefined;
      again ??= client.connect();
    });
    await expect(client.connect()).rejects.toThrow("away");
    await again;
    expect(client.connected).toBe(true);
  });
});

describe("the wait before the next attempt", () => {
  it("grows while the server drops what it has just accepted", async () => {
    const clock = new VirtualClock();
    const { server, client } = await connected({ reconnect: true, clock });
    const upMs: number[] = [];
    client.on("connected", () => upMs.push(clock.now()));
    let endedMs = 0;
    const waits: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      clock.advance(1_200);
      server.connection.close();
      await once(client, "disconnected");
      endedMs = clock.now();
      while (!client.connected) {
        clock.advance(100);
        await settled();
      }
      waits.push(clock.now() - endedMs);
    }
    expect(waits[0]).toBeLessThanOrEqual(1_100);
    expect(waits[3]).toBeGreaterThanOrEqual(4_000);
    expect(waits[5]).toBeGreaterThanOrEqual(15_000);
  });

  it("is short again after a connection that lasted", async () => {
    const clock = new VirtualClock();
    const { server, client } = await connected({ reconnect: true, clock, keepAliveSeconds: 0 });
    let waitedMs = 0;
    for (const livedMs of [1_200, 1_200, 1_200, 1_200, 30_000]) {
      clock.advance(livedMs);
      server.connection.close();
      await once(client, "disconnected");
      const lostMs = clock.now();
      while (!client.connected) {
        clock.advance(100);
        await settled();
      }
      waitedMs = clock.now() - lostMs;
    }
    expect(waitedMs).toBeLessThanOrEqual(1_100);
  });
});
