/** Messages that come before anybody has subscribed, as from a Session that the server has kept. */
import { afterEach, describe, expect, it } from "vitest";
import { MqttServer } from "@anax/server";
import { MqttClient, MqttQueueFullError } from "@anax/client";
import type { ClientOptions } from "@anax/client";
import { connected, disconnectAll, once } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

const KEPT = { cleanStart: false, sessionExpiryIntervalSeconds: 60 } as const;

/** A client whose Session the server has kept, and these messages at QoS 1 that it sent at once. */
async function resumed(texts: readonly string[], options: ClientOptions = {}) {
  const server = new ScriptedServer();
  server.connack = { sessionPresent: true };
  const { client } = await connected({ ...KEPT, ...options }, server);
  texts.forEach((text, index) => {
    server.connection.publish("a", text, { qos: 1, packetIdentifier: index + 1 });
  });
  await client.ping();
  return { server, client };
}

describe("a message that nobody wants yet", () => {
  it("waits for a handler that is registered after the connection is up", async () => {
    const { server, client } = await resumed(["1", "2", "3"]);
    expect(client.unclaimedMessages).toBe(3);
    const seen: string[] = [];
    const subscription = client.subscribe("a", ({ text }) => seen.push(text), { qos: 1 });
    expect(seen).toEqual([]);
    await subscription;
    expect(seen).toEqual(["1", "2", "3"]);
    server.connection.publish("a", "4");
    await client.ping();
    expect(seen).toEqual(["1", "2", "3", "4"]);
    expect(client.unclaimedMessages).toBe(0);
  });

  it("goes before one that comes in the same turn as the handler", async () => {
    const { server, client } = await resumed(["1"]);
    const seen: string[] = [];
    client.on("packet", ({ packet }) => {
      const isNext = packet.type === "publish" && seen.length === 0;
      if (isNext) client.subscribe("a", ({ text }) => seen.push(text));
    });
    server.connection.publish("a", "2");
    await client.ping();
    expect(seen).toEqual(["1", "2"]);
  });

  it("waits for a loop, and for a message handler", async () => {
    const loop = await resumed(["1", "2"]);
    const texts: string[] = [];
    for await (const { text } of loop.client.subscribe("a")) {
      if (texts.push(text) === 2) break;
    }
    expect(texts).toEqual(["1", "2"]);
    const { client } = await resumed(["3"]);
    expect(await once(client, "message")).toMatchObject({ text: "3" });
    expect(client.unclaimedMessages).toBe(0);
  });

  it("waits on when a subscription to something else begins", async () => {
    const { client } = await resumed(["1"]);
    const seen: string[] = [];
    await client.subscribe("b", ({ text }) => seen.push(text));
    expect(client.unclaimedMessages).toBe(1);
    await client.subscribe("#", ({ text }) => seen.push(text));
    expect(seen).toEqual(["1"]);
  });

  it("pushes out the oldest when too many wait, which is told once for each connection", async () => {
    const { server, client } = await resumed([], { unclaimedMessagesMax: 2 });
    const errors: Error[] = [];
    client.on("error", (error) => errors.push(error));
    for (const text of ["1", "2", "3", "4"]) server.connection.publish("a", text);
    await client.ping();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(MqttQueueFullError);
    expect(errors[0]?.message).toMatch(/"a" was dropped: .* 2 messages may wait/);
    const seen: string[] = [];
    await client.subscribe("a", ({ text }) => seen.push(text));
    expect(seen).toEqual(["3", "4"]);
  });

  it("is dropped and told when none may wait", async () => {
    const { server, client } = await resumed([], { unclaimedMessagesMax: 0 });
    const error = once(client, "error");
    server.connection.publish("a", "1");
    expect(await error).toBeInstanceOf(MqttQueueFullError);
    expect(client.unclaimedMessages).toBe(0);
  });

  it("is not kept when the application has left its subscription", async () => {
    const { server, client } = await resumed([]);
    await client.subscribe("a").unsubscribe();
    server.connection.publish("a", "under way");
    await client.ping();
    expect(client.unclaimedMessages).toBe(0);
  });

  it("is forgotten when it comes again on the next connection, because nobody acknowledged it", async () => {
    const { server, client } = await resumed(["1"], { manualAcknowledge: true });
    server.connection.close();
    await once(client, "connected");
    server.connection.publish("a", "1", { qos: 1, packetIdentifier: 1, duplicate: true });
    await client.ping();
    const seen: string[] = [];
    await client.subscribe("a", (message) => {
      seen.push(message.text);
      message.acknowledge();
    });
    expect(seen).toEqual(["1"]);
    expect(server.packets("puback")).toHaveLength(1);
  });
});

it("a Session of a real server loses nothing to who subscribes 20 ms after connecting", async () => {
  await using server = new MqttServer({
    listeners: [{ type: "tcp", host: "127.0.0.1", port: 0 }],
    systemTopics: false,
  });
  await server.start();
  const options = { ...KEPT, clientId: "late" };
  {
    await using client = new MqttClient(server.address().url, options);
    await client.connect();
    await client.subscribe("a", { qos: 1 });
  }
  await using publisher = new MqttClient(server.address().url);
  await publisher.connect();
  for (const text of ["1", "2", "3", "4", "5"]) await publisher.publish("a", text, { qos: 1 });
  await using client = new MqttClient(server.address().url, options);
  await client.connect();
  while (client.unclaimedMessages < 5) await client.ping();
  const seen: string[] = [];
  await client.subscribe("a", ({ text }) => seen.push(text), { qos: 1 });
  expect(seen).toEqual(["1", "2", "3", "4", "5"]);
});
