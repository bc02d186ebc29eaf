/** Arguments of a client's calls, as plain JavaScript may write them: what would be ignored is an error that says so. */
import { afterEach, describe, expect, it } from "vitest";
import { MqttClient, MqttConfigurationError } from "@anax/client";
import { connected, disconnectAll, make } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

type AnyCall = (...given: unknown[]) => unknown;

/** The call without its types. */
function untyped(client: MqttClient, name: "publish" | "subscribe" | "unsubscribe"): AnyCall {
  return client[name].bind(client) as AnyCall;
}

describe("publish", () => {
  it.each([
    [["t", "p", { retained: true }], 'unknown option "retained", only qos retain'],
    [["t", "p", { Qos: 1 }], 'unknown option "Qos"'],
    [["t", "p", { qos: 1, topic: "u" }], 'unknown option "topic"'],
    [["t", "p", { retain: "false" }], "retain must be of type boolean, not string"],
    [["t", "p", { retain: 1 }], "retain must be of type boolean, not number"],
    [["t", "p", { qos: "1" }], "qos of type string is not an integer from 0 to 2"],
    [["t", "p", { contentType: 5 }], "contentType must be of type string, not number"],
    [["t", "p", { userProperties: { a: "b" } }], "userProperties must be of type Array"],
    [["t", "p", { payloadFormatIndicator: 2 }], "payloadFormatIndicator 2 is not"],
    [["t", "p", { signal: {} }], "signal must be of type AbortSignal, not Object"],
    [["t", "p", 1], "options must be an object, not number"],
    [["t", "p", () => 1], "options must be an object, not function"],
    [["t", { qos: 1 }], "payload must be of type string or Uint8Array, not Object"],
    [["t", 5], "payload must be of type string or Uint8Array, not number"],
    [["t", new ArrayBuffer(1)], "payload must be of type string or Uint8Array, not ArrayBuffer"],
    [[null], "what is published, if not a topic, must be of type Object, not Null"],
    [[undefined, "p"], "must be of type Object, not undefined"],
    [[["t"], "p"], "must be of type Object, not Array"],
    [[{}], "topic must be of type string, not undefined"],
    [[{ topic: null }], "topic must be of type string, not Null"],
    [[{ topic: "t", Payload: "p" }], 'unknown option "Payload", it is called payload'],
    [["t", "p", { qos: 1 }, String], "publish takes nothing behind the options"],
    [["t", "p", undefined, String], "publish takes nothing behind the options"],
    [[{ topic: "t" }, "p"], "publish takes nothing behind the message"],
    [[{ topic: "t" }, undefined, { qos: 1 }], "publish takes nothing behind the message"],
  ])("%o is refused", async (given, said) => {
    const { server, client } = await connected();
    const publish = untyped(client, "publish")(...given);
    await expect(publish).rejects.toBeInstanceOf(MqttConfigurationError);
    await expect(publish).rejects.toThrow(said);
    expect(server.packets("publish")).toEqual([]);
  });

  it("is refused for its options whether there is a connection or not", async () => {
    const publish = untyped(make(new ScriptedServer()), "publish");
    await expect(publish("t", "p", { retained: true })).rejects.toThrow('option "retained"');
  });

  it("takes null as absent, and what is published by a received message", async () => {
    const { server, client } = await connected();
    const publish = untyped(client, "publish");
    const nothing = { qos: null, retain: null, contentType: null, userProperties: null };
    await publish("t", null, { ...nothing, signal: null });
    await publish({ topic: "t", payload: null, ...nothing });
    await server.until("publish", 2);
    const plain = { topic: "t", payload: new Uint8Array(), qos: 0, retain: false };
    expect(server.packets("publish")).toMatchObject([plain, plain]);
  });
});

describe("subscribe", () => {
  it.each([
    [["q", 5], "what follows the Topic Filters, if not a handler, must be of type Object"],
    [["q", "1"], "must be of type Object, not string"],
    [["q", { QoS: 1 }], 'unknown option "QoS", it is called qos'],
    [["q", () => 1, { QoS: 1 }], 'unknown option "QoS"'],
    [["q", () => 1, 1], "options must be an object, not number"],
    [["q", { qos: 1 }, { noLocal: true }], "subscribe takes nothing behind the options"],
    [["q", { qos: 1 }, () => 1], "subscribe takes nothing behind the options"],
    [["q", { overflow: "drop" }], 'overflow "drop" is not one of "dropOldest"'],
    [["q", { noLocal: "no" }], "noLocal must be of type boolean"],
    [["q", { retainHandling: 3 }], "retainHandling 3 is not an integer from 0 to 2"],
    [[5], "a Topic Filter must be of type string or Object, not number"],
    [[undefined], "a Topic Filter must be of type string or Object, not undefined"],
    [[["a", null]], "a Topic Filter must be of type string or Object, not Null"],
    [[{ topic: "q" }], 'unknown option "topic" in a Topic Filter, only topicFilter qos'],
    [[{ qos: 1 }], "topicFilter must be of type string, not undefined"],
    [[[]], "at least one Topic Filter is needed"],
  ])("%o is refused", async (given, said) => {
    const { server, client } = await connected();
    const act = (): unknown => untyped(client, "subscribe")(...given);
    expect(act).toThrow(MqttConfigurationError);
    expect(act).toThrow(said);
    expect(server.packets("subscribe")).toEqual([]);
  });

  it("shows the beginning of a long filter", async () => {
    const { client } = await connected();
    for (const call of ["subscribe", "unsubscribe"] as const) {
      const act = async (): Promise<unknown> => untyped(client, call)(`a/#/${"x".repeat(65_532)}`);
      await expect(act()).rejects.toThrow(/^invalid Topic Filter: "a\/#\/x{76}"\.\.\. \(65536 /);
    }
  });

  it("takes null as absent", async () => {
    const { server, client } = await connected();
    const nothing = {
      qos: null,
      noLocal: null,
      bufferMessagesMax: null,
      overflow: null,
      signal: null,
    };
    await untyped(client, "subscribe")("a", null, nothing);
    await untyped(client, "subscribe")("b", nothing);
    expect(server.packets("subscribe")).toMatchObject([
      { subscriptions: [{ topicFilter: "a", qos: 0, noLocal: false }] },
      { subscriptions: [{ topicFilter: "b", qos: 0, noLocal: false }] },
    ]);
  });
});

describe("unsubscribe and disconnect", () => {
  it.each([
    [["q", { reason: 1 }], 'unknown option "reason", only userProperties signal'],
    [["q", 5], "options must be an object, not number"],
    [[5], "a Topic Filter must be of type string, not number"],
  ])("unsubscribe %o is refused", async (given, said) => {
    const { client } = await connected();
    const unsubscribe = untyped(client, "unsubscribe")(...given);
    await expect(unsubscribe).rejects.toBeInstanceOf(MqttConfigurationError);
    await expect(unsubscribe).rejects.toThrow(said);
  });

  it.each([
    [{ reasoncode: 4 }, 'unknown option "reasoncode", it is called reasonCode'],
    [{ reasonCode: 256 }, "reasonCode 256 is not an integer from 0 to 255"],
    [true, "options must be an object, not boolean"],
  ])("disconnect %o is refused, and the connection stays", async (given, said) => {
    const { client } = await connected();
    const disconnect = client.disconnect(given as object);
    await expect(disconnect).rejects.toBeInstanceOf(MqttConfigurationError);
    await expect(disconnect).rejects.toThrow(said);
    expect(client.connected).toBe(true);
  });

  it("take null as absent", async () => {
    const { client } = await connected();
    await client.unsubscribe("a", null as never);
    await client.disconnect(null as never);
    expect(client.connected).toBe(false);
  });
});

it("a client takes nothing behind its options", () => {
  const Client: new (...given: unknown[]) => MqttClient = MqttClient as never;
  expect(() => new Client("mqtt://h", {}, console)).toThrow(MqttConfigurationError);
  expect(() => new Client("mqtt://h", {}, console)).toThrow("takes nothing behind its options");
});

it("connect takes no options, which would come too late", async () => {
  const client = make(new ScriptedServer());
  const connect = client.connect.bind(client) as AnyCall;
  await expect(connect({ clientId: "me" })).rejects.toThrow("connect takes no argument");
});

it("a password function that gives none ends the attempt, and nothing is sent", async () => {
  const server = new ScriptedServer();
  const client = make(server, { password: () => undefined as never });
  const connecting = client.connect();
  await expect(connecting).rejects.toBeInstanceOf(MqttConfigurationError);
  await expect(connecting).rejects.toThrow("password must be of type string or Uint8Array");
  expect(server.packets("connect")).toEqual([]);
});
