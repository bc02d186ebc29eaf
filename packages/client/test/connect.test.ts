/** From the options of a client to its connection, against a scripted server in memory. */
import { afterEach, describe, expect, it } from "vitest";
import { MqttConnectError, MqttTimeoutError, connect } from "@anax/client";
import type { DisconnectedEvent } from "@anax/client";
import { AT_ONCE, connected, disconnectAll, make, once } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

describe("connect", () => {
  it("resolves with what the server offers", async () => {
    const server = new ScriptedServer();
    server.connack = { properties: { maximumQos: 1, topicAliasMaximum: 5 } };
    const { client } = await connected({}, server);
    expect(client.connected).toBe(true);
    expect(client.connectResult).toMatchObject({ maximumQos: 1, topicAliasMaximum: 5 });
    await client.disconnect();
    expect(client.connected).toBe(false);
    expect(client.connectResult).toBeUndefined();
  });

  it("sends every option in CONNECT", async () => {
    const { server } = await connected({
      clientId: "me",
      cleanStart: false,
      keepAliveSeconds: 7,
      userName: "user",
      password: async () => "secret",
      sessionExpiryIntervalSeconds: 8,
      receiveMaximum: 9,
      maximumPacketSize: 1_000,
      topicAliasMaximum: 10,
      requestResponseInformation: true,
      requestProblemInformation: false,
      userProperties: [["a", "b"]],
      will: { topic: "gone", payload: "bye", qos: 1, retain: true, willDelayIntervalSeconds: 3 },
    });
    expect(server.packets("connect")).toEqual([
      {
        type: "connect",
        protocolVersion: 5,
        clientId: "me",
        cleanStart: false,
        keepAliveSeconds: 7,
        userName: "user",
        password: new TextEncoder().encode("secret"),
        will: {
          topic: "gone",
          payload: new TextEncoder().encode("bye"),
          qos: 1,
          retain: true,
          properties: { willDelayIntervalSeconds: 3 },
        },
        properties: {
          sessionExpiryIntervalSeconds: 8,
          receiveMaximum: 9,
          maximumPacketSize: 1_000,
          topicAliasMaximum: 10,
          requestResponseInformation: true,
          requestProblemInformation: false,
          userProperties: [["a", "b"]],
        },
      },
    ]);
  });

  it("takes credentials from the URL", async () => {
    const server = new ScriptedServer();
    const url = "mqtt://us%40er:pa%3Ass@in.memory:99";
    const client = await connect(url, { transport: server.transport });
    await client.disconnect();
    expect(server.packets("connect")[0]).toMatchObject({
      userName: "us@er",
      password: new TextEncoder().encode("pa:ss"),
    });
    expect(server.requests[0]?.address).toEqual({
      protocol: "mqtt",
      host: "in.memory",
      port: 99,
      path: "",
    });
  });

  it("rejects with the Reason Code of a refusal, and does not try again", async () => {
    const server = new ScriptedServer();
    server.connack = { reasonCode: 0x86, properties: { reasonString: "no" } };
    const client = make(server);
    const disconnected = once(client, "disconnected");
    const error: unknown = await client.connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MqttConnectError);
    expect(error).toMatchObject({
      reasonCode: 0x86,
      reasonString: "no",
      code: "ANAX_CONNECT_FAILED",
    });
    expect(await disconnected).toMatchObject({
      reasonCode: 0x86,
      wasConnected: false,
      willReconnect: false,
      error,
    });
    expect(server.connections).toHaveLength(1);
  });

  it("rejects with the cause when the server cannot be reached", async () => {
    const server = new ScriptedServer();
    server.failure = new Error("ECONNREFUSED");
    const error: unknown = await make(server)
      .connect()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MqttConnectError);
    expect(error).toMatchObject({ cause: server.failure });
  });

  it("rejects when CONNACK does not come in time", async () => {
    const server = new ScriptedServer();
    server.script = () => true;
    const client = make(server, { connectTimeoutMs: 1 });
    await expect(client.connect()).rejects.toBeInstanceOf(MqttTimeoutError);
  });

  it("rejects when the connection is lost before CONNACK", async () => {
    const server = new ScriptedServer();
    server.script = (_, connection) => {
      connection.close();
      return true;
    };
    await expect(make(server).connect()).rejects.toBeInstanceOf(MqttConnectError);
  });

  it("tries again with retryFirstConnect until it succeeds", async () => {
    const server = new ScriptedServer();
    server.failure = new Error("not yet");
    const client = make(server, { reconnect: { ...AT_ONCE, retryFirstConnect: true } });
    const events: DisconnectedEvent[] = [];
    client.on("disconnected", (event) => {
      events.push(event);
      if (events.length === 3) server.failure = undefined;
    });
    await client.connect();
    expect(events).toHaveLength(3);
    expect(events.every(({ wasConnected, willReconnect }) => !wasConnected && willReconnect)).toBe(
      true,
    );
  });

  it("gives the same connection to whoever asks meanwhile", async () => {
    const server = new ScriptedServer();
    const client = make(server);
    const results = await Promise.all([client.connect(), client.connect()]);
    expect(results[0]).toBe(results[1]);
    expect(await client.connect()).toBe(results[0]);
    expect(server.connections).toHaveLength(1);
  });

  it("can be called again after disconnect", async () => {
    const { server, client } = await connected();
    await client.disconnect();
    await client.connect();
    expect(client.connected).toBe(true);
    expect(server.connections).toHaveLength(2);
  });

  it("rejects with the reason of an aborted signal", async () => {
    const server = new ScriptedServer();
    server.script = () => true;
    const controller = new AbortController();
    const client = make(server, { signal: controller.signal });
    const connecting = client.connect();
    await server.until("connect");
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    await expect(client.connect()).rejects.toBe(reason);
  });

  it("hears what the server says right behind CONNACK before it closes", async () => {
    const server = new ScriptedServer();
    const client = make(server, { reconnect: false });
    server.script = (packet, connection) => {
      if (packet.type !== "connect") return false;
      connection.send(
        { type: "connack", sessionPresent: false, reasonCode: 0 },
        { type: "disconnect", reasonCode: 0x97 },
      );
      connection.close();
      return true;
    };
    const disconnected = once(client, "disconnected");
    await client.connect();
    expect(await disconnected).toMatchObject({ reasonCode: 0x97, wasConnected: true });
  });

  it("delivers what the server sends right behind CONNACK to whoever subscribes after it", async () => {
    const server = new ScriptedServer();
    server.script = (packet, connection) => {
      if (packet.type !== "connect") return false;
      connection.send(
        { type: "connack", sessionPresent: true, reasonCode: 0 },
        {
          type: "publish",
          topic: "offline",
          payload: new Uint8Array(),
          qos: 0,
          retain: false,
          duplicate: false,
        },
      );
      return true;
    };
    const { client } = await connected({ cleanStart: false, clientId: "p" }, server);
    const message = await new Promise((resolve) => {
      client.subscribe("offline", resolve);
    });
    expect(message).toMatchObject({ topic: "offline" });
  });
});
