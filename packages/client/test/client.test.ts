/** The client as an application uses it, against a scripted server in memory. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { MqttConfigurationError, MqttDisconnectedError, MqttReasonError } from "@anax/client";
import type { Message, PublishOptions } from "@anax/client";
import { VirtualClock } from "@anax/testing";
import { connected, disconnectAll, make, once } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

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

  it.each([
    ["an empty topic", "", {}, "needs a Topic Name or a Topic Alias"],
    ["a wildcard", "a/#", {}, "a/#"],
    ["U+0000", "a\0", {}, "U+0000"],
    ["a lone surrogate", "a\ud800", {}, "surrogate"],
    ["65 536 bytes", "x".repeat(65_536), {}, "65535"],
    ["a QoS that does not exist", "a", { qos: 7 }, "qos 7 is not an integer from 0 to 2"],
    ["a contentType that cannot be encoded", "a", { contentType: "\0" }, "U+0000"],
  ])("refuses %s by an error with a code, and stays connected", async (_, topic, wrong, said) => {
    const server = new ScriptedServer();
    server.connack = { properties: { topicAliasMaximum: 8 } };
    const { client } = await connected({}, server);
    const publish = client.publish(topic, "", wrong as PublishOptions);
    await expect(publish).rejects.toBeInstanceOf(MqttConfigurationError);
    await expect(publish).rejects.toThrow(said);
    await client.publish("b", "", { qos: 1 });
    expect(server.packets("publish")).toMatchObject([{ topic: "b" }]);
  });

  it("takes an empty topic with an alias that was set before", async () => {
    const server = new ScriptedServer();
    server.connack = { properties: { topicAliasMaximum: 8 } };
    const { client } = await connected({}, server);
    await client.publish("a", "", { topicAlias: 3 });
    await client.publish("", "", { topicAlias: 3, qos: 1 });
    expect(server.packets("publish")).toMatchObject([{ topic: "a" }, { topic: "" }]);
  });

  it("rejects MQTT 5.0 options on 3.1.1", async () => {
    const { client } = await connected({ protocolVersion: 4 });
    const publish = client.publish("a", "", { contentType: "x" });
    await expect(publish).rejects.toBeInstanceOf(MqttConfigurationError);
    await expect(publish).rejects.toThrow("contentType needs MQTT 5.0, not protocolVersion 4");
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

  it("has room in the queue again for each that its signal gave up", async () => {
    const server = new ScriptedServer();
    server.failure = new Error("away");
    const reconnect = { retryFirstConnect: true };
    const client = make(server, { queueMessagesMax: 5, reconnect, clock: new VirtualClock() });
    const away = once(client, "disconnected");
    client.connect().catch(() => {});
    await away;
    const controller = new AbortController();
    const { signal } = controller;
    const given = Array.from({ length: 5 }, () => client.publish("a", "x", { qos: 1, signal }));
    await expect(client.publish("b", "", { qos: 1 })).rejects.toMatchObject({
      code: "ANAX_QUEUE_FULL",
    });
    controller.abort();
    for (const publish of given) await expect(publish).rejects.toBe(signal.reason);
    expect(client.waitingMessages).toBe(0);
    const sixth = client.publish("c", "", { qos: 1 });
    server.failure = undefined;
    client.reconnectNow();
    await sixth;
    expect(server.packets("publish").map(({ topic }) => topic)).toEqual(["c"]);
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
    await client.subscribe("a/b", () => seen.push("ours"));
    const ours = server.packets("subscribe").at(-1)?.properties?.subscriptionIdentifier ?? 0;
    server.connection.publish("a/b", "", { properties: { subscriptionIdentifiers: [2] } });
    await client.ping();
    expect(seen).toEqual(["two"]);
    server.connection.publish("a/b", "", { properties: { subscriptionIdentifiers: [1, ours] } });
    await client.ping();
    expect(seen).toEqual(["two", "one", "ours"]);
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

describe("acknowledgements of the application", () => {
  const words = { reasonString: "disk full", userProperties: [["disk", "1"]] } as const;

  it.each([
    ["puback", 1],
    ["pubrec", 2],
  ] as const)("have words in %s, which are left out where they do not fit", async (type, qos) => {
    const { server, client } = await connected({ manualAcknowledge: true });
    const answer = { reasonCode: 0x97, ...words };
    await client.subscribe("a", (message) => message.acknowledge(answer), { qos });
    server.connection.publish("a", "1", { qos, packetIdentifier: 1 });
    await server.until(type);
    const { reasonCode } = answer;
    expect(server.packets(type)[0]).toMatchObject({ reasonCode, properties: words });
    server.connack = { properties: { maximumPacketSize: 20 } };
    const again = once(client, "connected");
    server.connection.close();
    await again;
    server.connection.publish("a", "2", { qos, packetIdentifier: 2 });
    await server.until(type, 2);
    expect(server.packets(type)[1]).toMatchObject({ packetIdentifier: 2, reasonCode });
    expect(server.packets(type)[1]?.properties ?? {}).toEqual({});
  });

  it("say no more before MQTT 5.0 than that the message was taken", async () => {
    const { server, client } = await connected({ manualAcknowledge: true, protocolVersion: 4 });
    await client.subscribe("a", (message) => message.acknowledge(words), { qos: 1 });
    server.connection.publish("a", "1", { qos: 1, packetIdentifier: 1 });
    await server.until("puback");
    expect(server.packets("puback")[0]).toMatchObject({ packetIdentifier: 1, reasonCode: 0 });
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

  it("show a packet as it was sent, without what the client keeps beside it", async () => {
    const client = make(new ScriptedServer());
    const sent: unknown[] = [];
    client.on("packet", ({ direction, packet }) => {
      if (direction === "out" && packet.type !== "connect") sent.push(packet);
    });
    await client.connect();
    await client.publish("a", "", { qos: 1 });
    await client.publish("a", "x");
    await client.subscribe("b", () => undefined);
    await client.unsubscribe("b");
    const subscription = expect.objectContaining({ topicFilter: "b" });
    expect(sent).toStrictEqual([
      {
        type: "publish",
        topic: "a",
        payload: new Uint8Array(),
        qos: 1,
        retain: false,
        duplicate: false,
        packetIdentifier: expect.any(Number),
      },
      {
        type: "publish",
        topic: "a",
        payload: Uint8Array.of(0x78),
        qos: 0,
        retain: false,
        duplicate: false,
      },
      {
        type: "subscribe",
        packetIdentifier: expect.any(Number),
        properties: {},
        subscriptions: [subscription],
      },
      { type: "unsubscribe", packetIdentifier: expect.any(Number), topicFilters: ["b"] },
    ]);
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
