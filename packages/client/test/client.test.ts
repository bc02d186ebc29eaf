/** The client as an application uses it, against a scripted server in memory. */
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  MqttClient,
  MqttConfigurationError,
  MqttConnectError,
  MqttDisconnectedError,
  MqttReasonError,
  MqttTimeoutError,
  connect,
} from "@anax/client";
import type { ClientOptions, DisconnectedEvent, Message } from "@anax/client";
import { ScriptedServer } from "./scripted-server.ts";

const URL = "mqtt://in.memory";
/** No test waits for a back-off. */
const AT_ONCE = { initialDelayMs: 0, maximumDelayMs: 0 };

const clients: MqttClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.disconnect();
});

async function connected(
  options: ClientOptions = {},
  server = new ScriptedServer(),
): Promise<{ server: ScriptedServer; client: MqttClient }> {
  const client = make(server, options);
  await client.connect();
  return { server, client };
}

function make(server: ScriptedServer, options: ClientOptions = {}): MqttClient {
  const client = new MqttClient(URL, {
    transport: server.transport,
    reconnect: AT_ONCE,
    ...options,
  });
  clients.push(client);
  return client;
}

function once<Name extends "connected" | "disconnected" | "message" | "error">(
  client: MqttClient,
  name: Name,
): Promise<unknown> {
  return new Promise((resolve) => {
    const registration = client.on(name, (event: unknown) => {
      registration.dispose();
      resolve(event);
    });
  });
}

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
    clients.push(await connect(url, { transport: server.transport }));
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
    const message = await new Promise((resolve) => client.subscribe("offline", resolve));
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

describe("publish", () => {
  it("takes topic, payload and options, or a message", async () => {
    const { server, client } = await connected();
    await client.publish("a", "text", { qos: 1, retain: true, userProperties: [["x", "y"]] });
    await client.publish({ topic: "b", payload: Uint8Array.of(1), qos: 2, contentType: "c" });
    expect(server.packets("publish")).toMatchObject([
      { topic: "a", qos: 1, retain: true, properties: { userProperties: [["x", "y"]] } },
      { topic: "b", qos: 2, payload: Uint8Array.of(1), properties: { contentType: "c" } },
    ]);
  });

  it("resolves with what the acknowledgement says", async () => {
    const { server, client } = await connected();
    server.script = (packet, connection) => {
      if (packet.type !== "publish" || packet.qos === 0) return false;
      const { packetIdentifier = 0 } = packet;
      const properties = { reasonString: "nobody" };
      connection.send({ type: "puback", packetIdentifier, reasonCode: 0x10, properties });
      return true;
    };
    expect(await client.publish("a", "", { qos: 1 })).toEqual({
      reasonCode: 0x10,
      reasonString: "nobody",
      packetIdentifier: 1,
    });
    expect(await client.publish("a", "")).toEqual({ reasonCode: 0 });
  });

  it("rejects with the Reason Code of a refusal", async () => {
    const { server, client } = await connected();
    server.script = (packet, connection) => {
      if (packet.type !== "publish") return false;
      const { packetIdentifier = 0 } = packet;
      connection.send({ type: "puback", packetIdentifier, reasonCode: 0x87 });
      return true;
    };
    const publish = client.publish("a", "", { qos: 1 });
    await expect(publish).rejects.toBeInstanceOf(MqttReasonError);
    await expect(publish).rejects.toMatchObject({ code: "ANAX_REASON", reasonCode: 0x87 });
  });

  it("writes once for all messages of a turn", async () => {
    const { server, client } = await connected();
    const before = server.connection.writes;
    const publishes = Array.from({ length: 1_000 }, () => client.publish("t", "x"));
    await Promise.all(publishes);
    expect(server.connection.writes).toBe(before + 1);
    await server.until("publish", 1_000);
  });

  it("at QoS 0 waits while the connection does not take bytes", async () => {
    const { server, client } = await connected();
    server.connection.isFast = false;
    await client.publish("t", "1");
    let isDone = false;
    const second = client.publish("t", "2").then(() => (isDone = true));
    await new Promise(setImmediate);
    expect(isDone).toBe(false);
    server.connection.drain();
    await second;
    await server.until("publish", 2);
  });

  it("rejects when there is no connection and none to come", async () => {
    const client = make(new ScriptedServer());
    await expect(client.publish("t", "x")).rejects.toBeInstanceOf(MqttDisconnectedError);
  });

  it.each([
    ["a wildcard in the topic", "a/#", {}],
    ["an alias out of range", "a", { topicAlias: 0 }],
    ["a wildcard in responseTopic", "a", { responseTopic: "+" }],
  ])("rejects %s", async (_, topic, options) => {
    const { client } = await connected();
    await expect(client.publish(topic, "", options)).rejects.toThrow(/topic/i);
  });

  it("rejects MQTT 5.0 options on 3.1.1", async () => {
    const { client } = await connected({ protocolVersion: 4 });
    const publish = client.publish("a", "", { contentType: "x" });
    await expect(publish).rejects.toBeInstanceOf(MqttConfigurationError);
    await expect(publish).rejects.toThrow("contentType needs MQTT 5.0, the client speaks 3.1.1");
  });

  it("stops waiting when its signal is aborted, and the message is not sent if it was not", async () => {
    const server = new ScriptedServer();
    server.connack = { properties: { receiveMaximum: 1 } };
    server.script = (packet) => packet.type === "publish";
    const { client } = await connected({}, server);
    const first = client.publish("first", "", { qos: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const second = client.publish("second", "", { qos: 1, signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    await expect(client.publish("third", "", { signal })).rejects.toBe(reason);
    await server.until("publish");
    server.connection.send({ type: "puback", packetIdentifier: 1, reasonCode: 0 });
    await first;
    await client.ping();
    expect(server.packets("publish").map(({ topic }) => topic)).toEqual(["first"]);
  });
});

describe("messages", () => {
  it("go to the handlers of the subscriptions that match, and to the event", async () => {
    const { server, client } = await connected();
    const seen: string[] = [];
    client.on("message", ({ topic }) => seen.push(`event ${topic}`));
    client.subscribe("a/+", ({ topic }) => seen.push(`a/+ ${topic}`));
    client.subscribe(["a/#", "b"], ({ topic }) => seen.push(`a/#,b ${topic}`));
    await client.subscribe("$share/group/a/b", ({ topic }) => seen.push(`share ${topic}`));
    for (const topic of ["a/b", "b", "c"]) server.connection.publish(topic, "");
    await client.ping();
    expect(seen).toEqual([
      "event a/b",
      "a/+ a/b",
      "a/#,b a/b",
      "share a/b",
      "event b",
      "a/#,b b",
      "event c",
    ]);
  });

  it("go by Subscription Identifier where the server says it", async () => {
    const { server, client } = await connected();
    const seen: string[] = [];
    client.subscribe("a/+", () => seen.push("one"), { subscriptionIdentifier: 1 });
    client.subscribe("a/#", () => seen.push("two"), { subscriptionIdentifier: 2 });
    await client.subscribe("a/b", () => seen.push("none"));
    server.connection.publish("a/b", "", { properties: { subscriptionIdentifiers: [2] } });
    await client.ping();
    expect(seen).toEqual(["two", "none"]);
  });

  it("a handler that throws or rejects becomes an error event, and nothing else happens", async () => {
    const { server, client } = await connected();
    const errors: Error[] = [];
    const seen: string[] = [];
    client.on("error", (error) => {
      errors.push(error);
      throw new Error("even this one");
    });
    client.on("message", () => {
      throw new Error("in an event");
    });
    client.subscribe("a", () => {
      throw new Error("in a handler");
    });
    client.subscribe("a", () => Promise.reject(new Error("in a promise")));
    await client.subscribe("a", ({ text }) => seen.push(text));
    server.connection.publish("a", "1");
    server.connection.publish("a", "2");
    await client.ping();
    expect(seen).toEqual(["1", "2"]);
    expect(errors.map(({ message }) => message).toSorted()).toEqual([
      "in a handler",
      "in a handler",
      "in a promise",
      "in a promise",
      "in an event",
      "in an event",
    ]);
    expect(client.connected).toBe(true);
  });

  it("are acknowledged by the application with manualAcknowledge", async () => {
    const { server, client } = await connected({ manualAcknowledge: true });
    const messages: Message[] = [];
    await client.subscribe("a", (message) => messages.push(message), { qos: 1 });
    server.connection.publish("a", "1", { qos: 1, packetIdentifier: 1 });
    server.connection.publish("a", "2", { qos: 1, packetIdentifier: 2 });
    await client.ping();
    expect(server.packets("puback")).toEqual([]);
    messages[1]?.acknowledge(0x83);
    messages[0]?.acknowledge();
    await server.until("puback", 2);
    expect(server.packets("puback")).toMatchObject([
      { packetIdentifier: 1, reasonCode: 0 },
      { packetIdentifier: 2, reasonCode: 0x83 },
    ]);
  });
});

describe("events", () => {
  it("stop when their registration is disposed", async () => {
    const { server, client } = await connected();
    const handler = vi.fn<() => void>();
    const registration = client.on("message", handler);
    server.connection.publish("a", "1");
    await client.ping();
    registration.dispose();
    server.connection.publish("a", "2");
    await client.ping();
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it("show packets in both directions", async () => {
    const server = new ScriptedServer();
    const client = make(server);
    const seen: string[] = [];
    const registration = client.on("packet", ({ direction, packet }) => {
      seen.push(`${direction} ${packet.type}`);
    });
    await client.connect();
    await client.publish("a", "", { qos: 1 });
    registration.dispose();
    await client.publish("a", "", { qos: 1 });
    expect(seen).toEqual(["out connect", "in connack", "out publish", "in puback"]);
  });

  it("tell how a connection ended", async () => {
    const { server, client } = await connected({ reconnect: false });
    const disconnected = once(client, "disconnected");
    server.connection.send({
      type: "disconnect",
      reasonCode: 0x98,
      properties: { reasonString: "maintenance" },
    });
    expect(await disconnected).toMatchObject({
      reasonCode: 0x98,
      reasonString: "maintenance",
      wasConnected: true,
      willReconnect: false,
    });
  });

  it("tell that the application ended it, without an error", async () => {
    const { client } = await connected();
    const disconnected = once(client, "disconnected");
    await client.disconnect();
    expect(await disconnected).toEqual({ reasonCode: 0, wasConnected: true, willReconnect: false });
  });
});

describe("disconnect", () => {
  it("sends its options, after what was published", async () => {
    const { server, client } = await connected({ sessionExpiryIntervalSeconds: 5 });
    const published = client.publish("a", "");
    await client.disconnect({
      reasonCode: 4,
      sessionExpiryIntervalSeconds: 9,
      userProperties: [["a", "b"]],
    });
    await published;
    expect(server.received.slice(-2)).toMatchObject([
      { type: "publish" },
      {
        type: "disconnect",
        reasonCode: 4,
        properties: { sessionExpiryIntervalSeconds: 9, userProperties: [["a", "b"]] },
      },
    ]);
  });

  it("[MQTT-3.14.2-1] does not raise a Session Expiry Interval of 0", async () => {
    const { client } = await connected();
    await expect(client.disconnect({ sessionExpiryIntervalSeconds: 9 })).rejects.toBeInstanceOf(
      MqttConfigurationError,
    );
  });

  it("rejects what still waits for an acknowledgement", async () => {
    const { server, client } = await connected();
    server.script = (packet) => packet.type === "publish";
    const publish = client.publish("a", "", { qos: 1 });
    await server.until("publish");
    await client.disconnect();
    await expect(publish).rejects.toBeInstanceOf(MqttDisconnectedError);
  });

  it("is what await using does, and may be called twice", async () => {
    const { server, client } = await connected();
    await client[Symbol.asyncDispose]();
    await client.disconnect();
    expect(server.packets("disconnect")).toHaveLength(1);
  });

  it("ends an attempt to connect", async () => {
    const server = new ScriptedServer();
    server.script = () => true;
    const client = make(server);
    const connecting = client.connect();
    await server.until("connect");
    await client.disconnect();
    await expect(connecting).rejects.toBeInstanceOf(MqttDisconnectedError);
  });
});

describe("ping", () => {
  it("resolves with the time it took", async () => {
    const { client } = await connected();
    expect(await client.ping()).toBeGreaterThanOrEqual(0);
  });

  it("rejects without a connection, and when it is lost", async () => {
    const server = new ScriptedServer();
    await expect(make(server).ping()).rejects.toBeInstanceOf(MqttDisconnectedError);
    const { client } = await connected({ reconnect: false }, server);
    server.script = (_, connection) => {
      connection.close();
      return true;
    };
    await expect(client.ping()).rejects.toBeInstanceOf(MqttDisconnectedError);
  });
});
