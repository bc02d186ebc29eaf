/** From the options of a client to its connection, against a scripted server in memory. */
import { afterEach, describe, expect, it } from "vitest";
import {
  MqttClient,
  MqttConfigurationError,
  MqttConnectError,
  MqttTimeoutError,
  connect,
} from "@anax/client";
import type { ClientOptions, DisconnectedEvent, ReconnectOptions, WillOptions } from "@anax/client";
import { AT_ONCE, connected, disconnectAll, make, once } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

const URL = "mqtt://in.memory";

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

describe("options", () => {
  it.each([
    ["a URL of another protocol", "http://x", {}],
    ["a URL that is none", "no url", {}],
    ["a unix URL with one slash too few", "unix://tmp/x", {}],
    ["a number out of range", URL, { keepAliveSeconds: 70_000 }],
    ["a receiveMaximum of 0", URL, { receiveMaximum: 0 }],
    ["a number that is no integer", URL, { connectTimeoutMs: 0.5 }],
    ["a wildcard in the topic of the will", URL, { will: { topic: "a/#" } }],
    ["a will without a topic", URL, { will: {} as WillOptions }],
    ["a QoS of the will that does not exist", URL, { will: { topic: "a", qos: 7 as 2 } }],
    ["MQTT 5.0 options on 3.1.1", URL, { protocolVersion: 4, sessionExpiryIntervalSeconds: 1 }],
    [
      "MQTT 5.0 will options on 3.1.1",
      URL,
      { protocolVersion: 4, will: { topic: "t", contentType: "x" } },
    ],
    [
      "authentication on 3.1.1",
      URL,
      { protocolVersion: 4, authentication: { method: "m", handler: () => undefined } },
    ],
    ["a password without userName on 3.1.1", URL, { protocolVersion: 4, password: "x" }],
    ["an empty clientId on 3.1", URL, { protocolVersion: 3, clientId: "" }],
    ["an unknown version", URL, { protocolVersion: 6 as 5 }],
  ] satisfies [string, string, ClientOptions][])("%s is refused", (_, url, options) => {
    expect(() => new MqttClient(url, options)).toThrow(MqttConfigurationError);
  });

  it("that do not exist are refused, and those that do are listed", () => {
    const options = { keepalive: 5 } as ClientOptions;
    expect(() => new MqttClient(URL, options)).toThrow(MqttConfigurationError);
    const said = /^there is no option "keepalive", only .*\bkeepAliveSeconds\b/;
    expect(() => new MqttClient(URL, options)).toThrow(said);
    const reconnect = { period: 5 } as ReconnectOptions;
    expect(() => new MqttClient(URL, { reconnect })).toThrow('there is no option "period"');
  });

  it("that cannot be encoded end the attempt by an error with a code", async () => {
    const client = make(new ScriptedServer(), { clientId: "a\0" });
    await expect(client.connect()).rejects.toBeInstanceOf(MqttConfigurationError);
  });

  it("show a URL that is refused", () => {
    expect(() => new MqttClient("no url")).toThrow("no url");
    expect(() => new MqttClient("mqtt://user:a@secret@ho st")).toThrow(/mqtt:\/\/ho st$/);
  });

  it("may leave out the path of a WebSocket URL", () => {
    for (const url of ["wss://h:1", "wss://h:1/"]) {
      expect(new MqttClient(url).address.path).toBe("/mqtt");
    }
    expect(new MqttClient("ws://h/p?q").address.path).toBe("/p?q");
    expect(new MqttClient({ protocol: "ws", path: "/" }).address.path).toBe("/");
  });

  it("never show a password in an error", () => {
    expect(() => new MqttClient("mqtt://user:secret@ho st")).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("secret") }),
    );
  });

  it("are not changed", () => {
    const options = Object.freeze({
      will: Object.freeze({ topic: "t" }),
      reconnect: Object.freeze({}),
    });
    expect(() => new MqttClient(URL, options)).not.toThrow();
  });

  it("may be given with an address in parts", () => {
    const client = new MqttClient({ protocol: "wss", host: "h", path: "/p" });
    expect(client.address).toEqual({ protocol: "wss", host: "h", port: 443, path: "/p" });
    expect(new MqttClient("unix:///tmp/a%20b").address.path).toBe("/tmp/a b");
    expect(new MqttClient("mqtt://[::1]").address).toMatchObject({ host: "::1", port: 1883 });
  });
});
