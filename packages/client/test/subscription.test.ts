/** Subscriptions: their answer, their loop, their end, and what becomes of them when a connection is lost. */
import { afterEach, describe, expect, it } from "vitest";
import {
  MqttConfigurationError,
  MqttDisconnectedError,
  MqttQueueFullError,
  MqttReasonError,
} from "@anax/client";
import type { Message, Subscription } from "@anax/client";
import { connected, disconnectAll, make } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

/** The server answers SUBSCRIBE by these codes. */
function answerBy(server: ScriptedServer, ...reasonCodes: number[]): void {
  server.script = (packet, connection) => {
    if (packet.type !== "subscribe") return false;
    const { packetIdentifier } = packet;
    connection.send({ type: "suback", packetIdentifier, reasonCodes });
    return true;
  };
}

async function take(subscription: Subscription, count: number): Promise<string[]> {
  const texts: string[] = [];
  if (count === 0) return texts;
  for await (const message of subscription) {
    texts.push(message.text);
    if (texts.length === count) break;
  }
  return texts;
}

describe("subscribe", () => {
  it("resolves with what was granted", async () => {
    const { server, client } = await connected();
    answerBy(server, 2, 1);
    const subscription = client.subscribe(["a", "b"], undefined, { qos: 2 });
    expect(await subscription).toEqual({ reasonCodes: [2, 1], grantedQos: 1 });
    expect(subscription.topicFilters).toEqual(["a", "b"]);
  });

  it("sends filters with options of their own in one packet [3.8.3.1]", async () => {
    const { server, client } = await connected();
    const subscription = client.subscribe(
      ["a", { topicFilter: "b", qos: 1, noLocal: true }, { topicFilter: "c", retainHandling: 2 }],
      { qos: 2, retainAsPublished: true },
    );
    expect(await subscription).toEqual({ reasonCodes: [2, 1, 2], grantedQos: 1 });
    expect(subscription.topicFilters).toEqual(["a", "b", "c"]);
    const common = { retainAsPublished: true, retainHandling: 0, noLocal: false, qos: 2 };
    expect(server.packets("subscribe").map(({ subscriptions }) => subscriptions)).toEqual([
      [
        { ...common, topicFilter: "a" },
        { ...common, topicFilter: "b", qos: 1, noLocal: true },
        { ...common, topicFilter: "c", retainHandling: 2 },
      ],
    ]);
  });

  it("takes one filter with options of its own, and refuses what it cannot be", async () => {
    const { server, client } = await connected({ protocolVersion: 4 });
    await client.subscribe({ topicFilter: "a", qos: 1 });
    expect(server.packets("subscribe")[0]?.subscriptions[0]?.qos).toBe(1);
    expect(() => client.subscribe({ topicFilter: "a", noLocal: true })).toThrow("needs MQTT 5.0");
    expect(() => client.subscribe([{ topicFilter: "a", Qos: 1 } as never])).toThrow(
      'unknown option "Qos" in a Topic Filter',
    );
    const { client: other } = await connected();
    expect(() => other.subscribe([{ topicFilter: "$share/g/a", noLocal: true }])).toThrow(
      "a Shared Subscription cannot have noLocal",
    );
  });

  it("sends its options", async () => {
    const { server, client } = await connected();
    await client.subscribe("a", {
      qos: 1,
      noLocal: true,
      retainAsPublished: true,
      retainHandling: 2,
      subscriptionIdentifier: 5,
      userProperties: [["a", "b"]],
    });
    expect(server.packets("subscribe")).toEqual([
      {
        type: "subscribe",
        packetIdentifier: 1,
        subscriptions: [
          { topicFilter: "a", qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        ],
        properties: { subscriptionIdentifier: 5, userProperties: [["a", "b"]] },
      },
    ]);
  });

  it("rejects with the Reason Code of a refusal, and its loop throws", async () => {
    const { server, client } = await connected();
    answerBy(server, 0x87);
    const subscription = client.subscribe("a");
    await expect(subscription).rejects.toBeInstanceOf(MqttReasonError);
    await expect(subscription).rejects.toMatchObject({ reasonCode: 0x87 });
    await expect(take(subscription, 1)).rejects.toMatchObject({ reasonCode: 0x87 });
    expect(subscription.isEnded).toBe(true);
  });

  it("rejects when one of several filters is refused; the others go on", async () => {
    const { server, client } = await connected();
    answerBy(server, 0, 0x80);
    const seen: string[] = [];
    const subscription = client.subscribe(["a", "b"], ({ topic }) => seen.push(topic));
    await expect(subscription).rejects.toMatchObject({
      reasonCode: 0x80,
      reasonCodes: [0, 0x80],
      filters: ["a", "b"],
    });
    expect(subscription.topicFilters).toEqual(["a"]);
    server.connection.publish("a", "");
    server.connection.publish("b", "");
    await client.ping();
    expect(seen).toEqual(["a"]);
  });

  it("refused is an error event when nobody waits for it", async () => {
    const { server, client } = await connected();
    answerBy(server, 0x87);
    const error = new Promise((resolve) => client.on("error", resolve));
    client.subscribe("a", () => {});
    expect(await error).toMatchObject({ reasonCode: 0x87 });
  });

  it("that fails at once is told to whoever awaits it, and is no error event then", async () => {
    const client = make(new ScriptedServer(), { reconnect: false });
    const errors: Error[] = [];
    client.on("error", (error) => errors.push(error));
    await client.connect();
    await client.disconnect();
    const passedOn = async (): Promise<unknown> => client.subscribe("a", () => {});
    await expect(passedOn()).rejects.toThrow("not connected");
    await expect((async () => await client.subscribe("a"))()).rejects.toThrow("not connected");
    const unawaited = new Promise((resolve) => client.on("error", resolve));
    client.subscribe("b", () => {});
    await unawaited;
    expect(errors).toHaveLength(1);
  });

  it.each([
    ["a filter with a misplaced wildcard", "a#", {}],
    ["an empty filter", "", {}],
    ["a Shared Subscription without a name", "$share//a", {}],
    ["no filter", [], {}],
    ["[MQTT-3.8.3-4] a Shared Subscription with noLocal", "$share/g/a", { noLocal: true }],
    ["a Subscription Identifier of 0", "a", { subscriptionIdentifier: 0 }],
  ])("throws for %s", async (_, filters, options) => {
    const { client } = await connected();
    expect(() => client.subscribe(filters, options)).toThrow(MqttConfigurationError);
  });

  it("throws for MQTT 5.0 options on 3.1.1", async () => {
    const { client } = await connected({ protocolVersion: 4 });
    expect(() => client.subscribe("a", { retainHandling: 1 })).toThrow("retainHandling");
  });

  it("may come before connect", async () => {
    const server = new ScriptedServer();
    const client = make(server);
    const subscription = client.subscribe("a");
    await client.connect();
    expect(await subscription).toMatchObject({ grantedQos: 0 });
  });
});

describe("for await", () => {
  it("gives the messages in order, and leaving it unsubscribes", async () => {
    const { server, client } = await connected();
    const taking = take(client.subscribe("a"), 3);
    await server.until("subscribe");
    for (const text of ["1", "2", "3", "4"]) server.connection.publish("a", text);
    expect(await taking).toEqual(["1", "2", "3"]);
    expect(server.packets("unsubscribe")).toMatchObject([{ topicFilters: ["a"] }]);
  });

  it("has what came before it began", async () => {
    const { server, client } = await connected();
    const subscription = client.subscribe("a");
    await subscription;
    server.connection.publish("a", "early");
    await client.ping();
    expect(await take(subscription, 1)).toEqual(["early"]);
  });

  it.each([
    ["dropOldest", ["4", "5"], 3],
    ["dropNewest", ["1", "2"], 3],
  ] as const)("too slow, with %s, has %j", async (overflow, expected, dropped) => {
    const { server, client } = await connected();
    const subscription = client.subscribe("a", { bufferMessagesMax: 2, overflow });
    await subscription;
    for (const text of ["1", "2", "3", "4", "5"]) server.connection.publish("a", text);
    await client.ping();
    expect(subscription.droppedMessages).toBe(dropped);
    expect(await take(subscription, 2)).toEqual(expected);
  });

  it("too slow, with error, gives what it has and then throws, and the subscription is over", async () => {
    const { server, client } = await connected();
    const subscription = client.subscribe("a", { bufferMessagesMax: 2, overflow: "fail" });
    await subscription;
    for (const text of ["1", "2", "3"]) server.connection.publish("a", text);
    await server.until("unsubscribe");
    const texts: string[] = [];
    const loop = async (): Promise<void> => {
      for await (const { text } of subscription) texts.push(text);
    };
    await expect(loop()).rejects.toBeInstanceOf(MqttQueueFullError);
    expect(texts).toEqual(["1", "2"]);
  });

  it("ends when the application disconnects", async () => {
    const { client } = await connected();
    const subscription = client.subscribe("a");
    await subscription;
    const taking = take(subscription, 1);
    await client.disconnect();
    expect(await taking).toEqual([]);
  });

  it("throws when the connection is lost for good", async () => {
    const { server, client } = await connected({ reconnect: false });
    const subscription = client.subscribe("a");
    await subscription;
    const taking = take(subscription, 1);
    server.connection.close(new Error("cut"));
    await expect(taking).rejects.toBeInstanceOf(MqttDisconnectedError);
  });

  it("throws the reason of its signal, and unsubscribes", async () => {
    const { server, client } = await connected();
    const controller = new AbortController();
    const subscription = client.subscribe("a", { signal: controller.signal });
    await subscription;
    const taking = take(subscription, 1);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(taking).rejects.toBe(reason);
    await server.until("unsubscribe");
  });

  it("of an aborted signal is not even asked for", async () => {
    const { server, client } = await connected();
    const reason = new Error("before");
    const subscription = client.subscribe("a", { signal: AbortSignal.abort(reason) });
    await expect(take(subscription, 1)).rejects.toBe(reason);
    await client.ping();
    expect(server.packets("subscribe")).toEqual([]);
  });

  it("may be left while there is no connection", async () => {
    const { server, client } = await connected();
    const subscription = client.subscribe("a");
    await subscription;
    server.connection.publish("a", "1");
    await client.ping();
    server.failure = new Error("down");
    server.connection.close();
    expect(await take(subscription, 1)).toEqual(["1"]);
  });
});

describe("unsubscribe", () => {
  it("of 3.1.1 resolves with success for each filter, which is all that UNSUBACK says there", async () => {
    const { client } = await connected({ protocolVersion: 4 });
    await client.subscribe(["a", "$share/g"]);
    expect(await client.unsubscribe(["a", "$share/g"])).toEqual({ reasonCodes: [0, 0] });
  });

  it("takes $share/g for no filter on 5.0 only, and a misplaced wildcard never", async () => {
    const { client } = await connected();
    expect(() => client.subscribe("$share/g")).toThrow(MqttConfigurationError);
    const { client: older } = await connected({ protocolVersion: 4 });
    expect(() => older.subscribe("a/#/b")).toThrow(MqttConfigurationError);
  });

  it("of a subscription tells the server, and its handler gets no more", async () => {
    const { server, client } = await connected();
    const seen: Message[] = [];
    const subscription = client.subscribe("a", (message) => seen.push(message));
    await subscription;
    expect(await subscription.unsubscribe()).toEqual({ reasonCodes: [0] });
    server.connection.publish("a", "");
    await client.ping();
    expect(seen).toEqual([]);
  });

  it("does not tell the server while another subscription has the same filter", async () => {
    const { server, client } = await connected();
    const first = client.subscribe(["a", "b"]);
    const second = client.subscribe("a");
    await second;
    await first.unsubscribe();
    expect(server.packets("unsubscribe")).toMatchObject([{ topicFilters: ["b"] }]);
    await second[Symbol.asyncDispose]();
    expect(server.packets("unsubscribe")).toMatchObject([
      { topicFilters: ["b"] },
      { topicFilters: ["a"] },
    ]);
  });

  it("of the client ends the filters of all subscriptions", async () => {
    const { server, client } = await connected();
    const first = client.subscribe(["a", "b"]);
    const second = client.subscribe("a");
    await second;
    expect(await client.unsubscribe("a")).toEqual({ reasonCodes: [0] });
    expect(first.topicFilters).toEqual(["b"]);
    expect(second.isEnded).toBe(true);
    expect(server.packets("unsubscribe")).toMatchObject([{ topicFilters: ["a"] }]);
  });

  it("rejects with the Reason Code of a refusal", async () => {
    const { server, client } = await connected();
    server.script = (packet, connection) => {
      if (packet.type !== "unsubscribe") return false;
      const { packetIdentifier } = packet;
      connection.send({ type: "unsuback", packetIdentifier, reasonCodes: [0x87] });
      return true;
    };
    await expect(client.unsubscribe("a")).rejects.toMatchObject({
      reasonCode: 0x87,
      reasonCodes: [0x87],
      filters: ["a"],
    });
  });

  it("resolves when the connection is lost before the answer", async () => {
    const { server, client } = await connected();
    server.script = (packet) => packet.type === "unsubscribe";
    const leaving = client.unsubscribe("a");
    await server.until("unsubscribe");
    server.connection.close();
    expect(await leaving).toEqual({ reasonCodes: [] });
    server.script = () => false;
    await server.until("unsubscribe", 2);
  });
});

describe("after a connection was lost", () => {
  it("subscriptions are made anew when the server has no Session", async () => {
    const { server, client } = await connected();
    await client.subscribe("a", () => {}, { qos: 1 });
    await client.subscribe("b").unsubscribe();
    const taking = take(client.subscribe("c"), 1);
    await server.until("subscribe", 3);
    server.connection.close(new Error("cut"));
    await server.until("connect", 2);
    await server.until("subscribe", 5);
    expect(server.packets("subscribe").slice(3)).toMatchObject([
      { subscriptions: [{ topicFilter: "a", qos: 1 }] },
      { subscriptions: [{ topicFilter: "c" }] },
    ]);
    server.connection.publish("c", "again");
    expect(await taking).toEqual(["again"]);
  });

  it("they are not when the server has kept the Session", async () => {
    const { server, client } = await connected({ sessionExpiryIntervalSeconds: 60 });
    await client.subscribe("a", () => {});
    server.connack = { sessionPresent: true };
    server.connection.close();
    await server.until("connect", 2);
    await new Promise((resolve) => client.on("connected", resolve));
    await client.ping();
    expect(server.packets("subscribe")).toHaveLength(1);
    expect(server.packets("connect").map(({ cleanStart }) => cleanStart)).toEqual([true, false]);
  });

  it("an unanswered SUBSCRIBE is sent again", async () => {
    const { server, client } = await connected();
    server.script = (packet) => packet.type === "subscribe";
    const subscription = client.subscribe("a");
    await server.until("subscribe");
    server.script = () => false;
    server.connection.close();
    expect(await subscription).toMatchObject({ grantedQos: 0 });
  });
});
