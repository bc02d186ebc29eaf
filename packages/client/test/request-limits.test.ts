/** What is not answered ends all the same, by a signal or after a time, and leaves nothing behind. */
import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { MqttTimeoutError } from "@anax/client";
import type { MqttClient } from "@anax/client";
import { VirtualClock } from "@anax/testing";
import { connected, disconnectAll, make, once, settled } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

/** A server that answers CONNECT and nothing else. */
function silentServer(): ScriptedServer {
  const server = new ScriptedServer();
  server.script = ({ type }) => type !== "connect" && type !== "disconnect";
  return server;
}

const REQUESTS: readonly [
  string,
  (client: MqttClient, signal?: AbortSignal) => PromiseLike<unknown>,
][] = [
  ["PUBLISH", (client, signal) => client.publish("a", "", { qos: 1, signal })],
  ["PUBLISH", (client, signal) => client.publish("a", "", { qos: 2, signal })],
  ["SUBSCRIBE", (client, signal) => client.subscribe("a", { signal })],
  ["UNSUBSCRIBE", (client, signal) => client.unsubscribe("a", { signal })],
  ["PINGREQ", (client, signal) => client.ping({ signal })],
  ["AUTH", (client, signal) => client.reauthenticate({ signal })],
];

const AUTHENTICATION = { method: "m", handler: () => undefined };

describe.each(REQUESTS)("%s that is not answered", (name, request) => {
  it("rejects after requestTimeoutMs", async () => {
    const clock = new VirtualClock();
    const options = {
      clock,
      requestTimeoutMs: 3_000,
      keepAliveSeconds: 0,
      authentication: AUTHENTICATION,
    };
    const server = silentServer();
    server.connack = { properties: { authenticationMethod: "m" } };
    const { client } = await connected(options, server);
    await settled();
    let outcome: unknown;
    request(client).then(
      () => (outcome = "answered"),
      (error: unknown) => (outcome = error),
    );
    await settled();
    clock.advance(2_999);
    await settled();
    expect(outcome).toBeUndefined();
    clock.advance(1);
    await settled();
    expect(outcome).toBeInstanceOf(MqttTimeoutError);
    expect(outcome).toMatchObject({ message: `no answer within 3 s to ${name}` });
    expect(client.connected).toBe(true);
  });

  it("rejects when its signal is aborted, and leaves no listener", async () => {
    const server = silentServer();
    server.connack = { properties: { authenticationMethod: "m" } };
    const { client } = await connected({ authentication: AUTHENTICATION }, server);
    const abort = new AbortController();
    const result = request(client, abort.signal);
    const { signal } = abort;
    abort.abort();
    await expect(result).rejects.toBe(signal.reason);
    await settled();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("requestTimeoutMs", () => {
  it("does not run while there is no connection", async () => {
    const clock = new VirtualClock();
    const server = new ScriptedServer();
    const client = make(server, { clock, requestTimeoutMs: 3_000, reconnect: true });
    const subscription = client.subscribe("a");
    clock.advance(60_000);
    await client.connect();
    await subscription;
    server.connection.close();
    await once(client, "disconnected");
    const publish = client.publish("b", "", { qos: 1 });
    server.failure = new Error("away");
    for (let second = 0; second < 60; second += 1) {
      clock.advance(1_000);
      await settled();
    }
    server.failure = undefined;
    clock.advance(30_000);
    expect(await publish).toMatchObject({ reasonCode: 0 });
  });

  it("looks for an answer that has arrived before it is over", async () => {
    const clock = new VirtualClock();
    const server = silentServer();
    const { client } = await connected(
      { clock, requestTimeoutMs: 3_000, keepAliveSeconds: 0 },
      server,
    );
    await settled();
    const publish = client.publish("b", "", { qos: 1 });
    await server.until("publish");
    server.connection.send({ type: "puback", packetIdentifier: 1, reasonCode: 0 });
    clock.advance(10_000);
    expect(await publish).toMatchObject({ reasonCode: 0 });
  });

  it("tells the server to forget a subscription that it may have granted", async () => {
    const clock = new VirtualClock();
    const server = silentServer();
    const { client } = await connected(
      { clock, requestTimeoutMs: 3_000, keepAliveSeconds: 0 },
      server,
    );
    await settled();
    const subscription = client.subscribe("a");
    await server.until("subscribe");
    clock.advance(3_000);
    await expect(subscription).rejects.toBeInstanceOf(MqttTimeoutError);
    await server.until("unsubscribe");
    expect(subscription.isEnded).toBe(true);
  });

  it("leaves no timer behind", async () => {
    const clock = new VirtualClock();
    const { client } = await connected({ clock, requestTimeoutMs: 3_000, keepAliveSeconds: 0 });
    await settled();
    await client.publish("a", "", { qos: 1 });
    await client.subscribe("a");
    await client.unsubscribe("a");
    await settled();
    expect(clock.pending).toBe(0);
  });
});

describe("ping", () => {
  it("without an answer closes the connection after pingrespTimeoutMs, whatever the Keep Alive", async () => {
    const clock = new VirtualClock();
    const options = { clock, keepAliveSeconds: 0, reconnect: false, pingrespTimeoutMs: 2_000 };
    const { client } = await connected(options, silentServer());
    await settled();
    const pong = client.ping();
    await settled();
    clock.advance(2_100);
    await expect(pong).rejects.toThrow("no answer within 2 s to PINGREQ");
    expect(client.connected).toBe(false);
  });
});

describe("a signal that outlives its clients", () => {
  it("is listened to only while a client is not idle", async () => {
    const { signal } = new AbortController();
    const listeners = (): number => getEventListeners(signal, "abort").length;
    const server = new ScriptedServer();
    const client = make(server, { signal, reconnect: false });
    expect(listeners()).toBe(0);
    await client.connect();
    await client.connect();
    expect(listeners()).toBe(1);
    await client.disconnect();
    expect(listeners()).toBe(0);
    await client.connect();
    const gone = once(client, "disconnected");
    server.connection.close();
    await gone;
    expect(listeners()).toBe(0);
    server.failure = new Error("away");
    await expect(client.connect()).rejects.toThrow("away");
    expect(listeners()).toBe(0);
  });

  it("has no listener left of publishes and subscriptions that are over", async () => {
    const { signal } = new AbortController();
    const { client } = await connected();
    for (let count = 0; count < 10; count += 1) {
      await client.publish("a", "", { qos: 1, signal });
      const subscription = client.subscribe("a", { signal });
      await subscription;
      await subscription.unsubscribe();
      await client.unsubscribe("a", { signal });
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("still ends the client when it is aborted", async () => {
    const abort = new AbortController();
    const { client } = await connected({ signal: abort.signal });
    const gone = once(client, "disconnected");
    abort.abort();
    expect(await gone).toMatchObject({
      willReconnect: false,
      error: abort.signal.reason as unknown,
    });
    await expect(client.connect()).rejects.toBe(abort.signal.reason);
  });
});
