/** What becomes of a client and its messages when connections are lost. */
import { afterEach, describe, expect, it } from "vitest";
import { MqttDisconnectedError } from "@anax/client";
import type { ClientOptions, DisconnectedEvent, MqttClient } from "@anax/client";
import { backOffMs } from "../src/core/back-off.ts";
import { disconnectAll, make } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

async function connected(
  options: ClientOptions = {},
): Promise<{ server: ScriptedServer; client: MqttClient; ends: DisconnectedEvent[] }> {
  const server = new ScriptedServer();
  const client = make(server, options);
  const ends: DisconnectedEvent[] = [];
  client.on("disconnected", (event) => ends.push(event));
  await client.connect();
  return { server, client, ends };
}

function nextConnected(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    const registration = client.on("connected", () => {
      registration.dispose();
      resolve();
    });
  });
}

function nextDisconnected(client: MqttClient): Promise<DisconnectedEvent> {
  return new Promise((resolve) => {
    const registration = client.on("disconnected", (event) => {
      registration.dispose();
      resolve(event);
    });
  });
}

describe("a connection that is lost", () => {
  it("comes back, as often as it takes", async () => {
    const { server, client, ends } = await connected();
    server.failure = new Error("down");
    server.connection.close(new Error("cut"));
    const back = nextConnected(client);
    client.on("disconnected", () => {
      if (ends.length === 4) server.failure = undefined;
    });
    await back;
    expect(ends.map(({ wasConnected, willReconnect }) => [wasConnected, willReconnect])).toEqual([
      [true, true],
      [false, true],
      [false, true],
      [false, true],
    ]);
    expect(client.connected).toBe(true);
  });

  it("stays away without reconnect", async () => {
    const { server, client } = await connected({ reconnect: false });
    const end = nextDisconnected(client);
    server.connection.close();
    expect(await end).toMatchObject({ wasConnected: true, willReconnect: false });
    await expect(client.publish("a", "")).rejects.toBeInstanceOf(MqttDisconnectedError);
  });

  it("lets nobody wait for a subscription when no connection is to come", async () => {
    const { server, client } = await connected({ reconnect: false });
    const gone = nextDisconnected(client);
    server.connection.close();
    await gone;
    await expect(client.subscribe("a")).rejects.toBeInstanceOf(MqttDisconnectedError);
    const loop = client.subscribe("a")[Symbol.asyncIterator]();
    await expect(loop.next()).rejects.toThrow("not connected");
    await client.unsubscribe("a");
    await client.connect();
    await client.subscribe("a");
    await client.disconnect();
    await expect(client.subscribe("b", () => {})).rejects.toThrow("not connected");
  });

  it("lets a subscription wait for the first connect", async () => {
    const client = make(new ScriptedServer());
    const subscription = client.subscribe("a");
    await client.connect();
    expect(await subscription).toMatchObject({ grantedQos: 0 });
  });

  it("is given up after attemptsMax", async () => {
    const { server, client, ends } = await connected({
      reconnect: { initialDelayMs: 0, delayMaxMs: 0, attemptsMax: 2 },
    });
    server.failure = new Error("down");
    server.connection.close();
    await expect(client.publish("a", "")).resolves.toBeDefined();
    await expect(client.publish("a", "", { qos: 1 })).rejects.toBeInstanceOf(Error);
    expect(ends.at(-1)).toMatchObject({ willReconnect: false });
    expect(ends).toHaveLength(3);
  });

  it.each([
    ["Session taken over", 0x8e],
    ["Server moved", 0x9d],
  ])("stays away after %s", async (_, reasonCode) => {
    const { server, client } = await connected();
    const end = nextDisconnected(client);
    server.connection.send({ type: "disconnect", reasonCode });
    expect(await end).toMatchObject({ reasonCode, willReconnect: false });
  });

  it.each([
    [4, 0x84, "unsupported protocol version (return code 1)"],
    [4, 0x85, "client identifier not valid (return code 2)"],
    [5, 0x84, "unsupported protocol version (0x84)"],
  ] as const)(
    "in version %i, what was accepted once is tried again although refused by %i",
    async (protocolVersion, reasonCode, words) => {
      const { server, client, ends } = await connected({ protocolVersion });
      server.connack = { reasonCode };
      server.connection.close(new Error("cut"));
      await nextDisconnected(client);
      const refused = await nextDisconnected(client);
      expect(refused).toMatchObject({ willReconnect: true, wasConnected: false, reasonCode });
      expect(refused.error?.message).toBe(`the server refused the connection: ${words}`);
      server.connack = {};
      await nextConnected(client);
      expect(ends.every(({ willReconnect }) => willReconnect)).toBe(true);
    },
  );

  it("in 3.1.1 is hopeless when the first is refused by return code 1", async () => {
    const server = new ScriptedServer();
    server.connack = { reasonCode: 0x84 };
    const reconnect = { initialDelayMs: 0, delayMaxMs: 0, retryFirstConnect: true };
    const client = make(server, { protocolVersion: 4, reconnect });
    await expect(client.connect()).rejects.toThrow("unsupported protocol version (return code 1)");
    expect(server.connections).toHaveLength(1);
  });

  it("stays away when the credentials are refused, unless they are asked for each time", async () => {
    for (const [password, willReconnect] of [
      ["fixed", false],
      [() => "fresh", true],
    ] as const) {
      const { server, client } = await connected({ userName: "u", password });
      server.connack = { reasonCode: 0x86 };
      server.connection.close();
      await nextDisconnected(client);
      expect(await nextDisconnected(client)).toMatchObject({ reasonCode: 0x86, willReconnect });
      await client.disconnect();
    }
  });

  it("may be awaited by connect", async () => {
    const { server, client } = await connected();
    server.connection.close();
    await nextDisconnected(client);
    await client.connect();
    expect(client.connected).toBe(true);
    expect(server.connections).toHaveLength(2);
  });

  it("does not come back after disconnect, also from within the event", async () => {
    const { server, client } = await connected();
    client.on("disconnected", () => client.disconnect());
    server.connection.close();
    await nextDisconnected(client);
    // Another client connects and comes back in the time that this one would have had.
    const other = await connected();
    other.server.connection.close();
    await nextConnected(other.client);
    expect(server.connections).toHaveLength(1);
    await expect(client.publish("a", "")).rejects.toBeInstanceOf(MqttDisconnectedError);
  });

  it("keeps the Client Identifier that the server assigned", async () => {
    const server = new ScriptedServer();
    server.connack = { properties: { assignedClientId: "given" } };
    const client = make(server, { clientId: "" });
    await client.connect();
    expect(client.clientId).toBe("given");
    server.connack = {};
    server.connection.close();
    await nextConnected(client);
    expect(server.packets("connect").map(({ clientId }) => clientId)).toEqual(["", "given"]);
  });
});

describe("messages", () => {
  it("published meanwhile wait, and leave in order after the subscriptions", async () => {
    const { server, client } = await connected();
    await client.subscribe("s", () => {});
    server.connection.close();
    await nextDisconnected(client);
    const results = Promise.all([
      client.publish("a", "", { qos: 1 }),
      client.publish("b", "", { qos: 0 }),
      client.publish("c", "", { qos: 2 }),
    ]);
    await results;
    const types = server.received
      .slice(2)
      .map((packet) => (packet.type === "publish" ? packet.topic : packet.type));
    expect(types).toEqual(["connect", "subscribe", "a", "b", "c", "pubrel"]);
  });

  it("in flight are repeated with DUP when the Session goes on", async () => {
    const { server, client } = await connected({ sessionExpiryIntervalSeconds: 60 });
    server.script = (packet) => packet.type === "publish";
    const publish = client.publish("a", "x", { qos: 1 });
    await server.until("publish");
    server.script = () => false;
    server.connack = { sessionPresent: true };
    server.connection.close();
    expect(await publish).toMatchObject({ packetIdentifier: 1 });
    expect(server.packets("publish").map(({ duplicate }) => duplicate)).toEqual([false, true]);
  });

  it("in flight fail when nobody will connect again", async () => {
    const { server, client } = await connected({ reconnect: false });
    server.script = (packet) => packet.type === "publish";
    const publish = client.publish("a", "x", { qos: 1 });
    await server.until("publish");
    server.connection.close();
    await expect(publish).rejects.toBeInstanceOf(MqttDisconnectedError);
  });
});

describe("backOffMs", () => {
  const options = { initialDelayMs: 100, delayMaxMs: 1_000 };

  it("doubles up to the maximum, less a random part of up to a half", () => {
    const longest = [0, 1, 2, 3, 4, 50].map((attempt) => backOffMs(options, attempt, 1));
    expect(longest).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    const shortest = [0, 1, 2, 3, 4, 50].map((attempt) => backOffMs(options, attempt, 0));
    expect(shortest).toEqual([50, 100, 200, 400, 500, 500]);
  });
});
