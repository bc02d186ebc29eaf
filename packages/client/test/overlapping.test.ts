/** Several subscriptions to one Topic Filter, or to filters that overlap: none takes from another, none gets anything twice. */
import { afterEach, describe, expect, it } from "vitest";
import { MqttConfigurationError } from "@anax/client";
import type { ClientOptions, SubscribeOptions } from "@anax/client";
import { VirtualClock } from "@anax/testing";
import { topicMatches } from "../src/core/topic-router.ts";
import { connected, disconnectAll, once } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

interface Served {
  readonly qos: number;
  readonly retainHandling: number;
  readonly identifier: number | undefined;
}

/** A server with the subscriptions of one Session, which sends one copy of a message for each, or one for all. */
class SubscribedServer extends ScriptedServer {
  readonly served: Map<string, Served> = new Map();
  readonly retained: Map<string, string> = new Map();
  readonly #sendsCopies: boolean;

  constructor(sendsCopies: boolean) {
    super();
    this.#sendsCopies = sendsCopies;
    this.script = (packet, connection) => {
      if (packet.type === "connect" && packet.cleanStart) this.served.clear();
      if (packet.type === "unsubscribe") {
        for (const filter of packet.topicFilters) this.served.delete(filter);
      }
      if (packet.type !== "subscribe") return false;
      const { packetIdentifier, subscriptions, properties } = packet;
      const identifier = properties?.subscriptionIdentifier;
      const reasonCodes = subscriptions.map(({ qos }) => qos);
      connection.send({ type: "suback", packetIdentifier, reasonCodes });
      for (const { topicFilter, qos, retainHandling } of subscriptions) {
        this.served.set(topicFilter, { qos, retainHandling, identifier });
        if (retainHandling === 2) continue;
        for (const [topic, text] of this.retained) {
          if (topicMatches(topic, topicFilter)) this.#send(topic, text, true, [identifier]);
        }
      }
      return true;
    };
  }

  publish(topic: string, text: string): void {
    const matching = [...this.served].filter(([filter]) => topicMatches(topic, filter));
    const identifiers = matching.map(([, { identifier }]) => identifier);
    if (this.#sendsCopies) for (const one of identifiers) this.#send(topic, text, false, [one]);
    else if (matching.length > 0) this.#send(topic, text, false, identifiers);
  }

  #send(topic: string, text: string, retain: boolean, ids: (number | undefined)[]): void {
    const subscriptionIdentifiers = ids.filter((one) => one !== undefined);
    const properties = subscriptionIdentifiers.length > 0 ? { subscriptionIdentifiers } : undefined;
    this.connection.publish(topic, text, { retain, ...(properties && { properties }) });
  }
}

async function start(sendsCopies: boolean, options: ClientOptions = {}) {
  const server = new SubscribedServer(sendsCopies);
  const clock = new VirtualClock();
  const { client } = await connected({ keepAliveSeconds: 0, clock, ...options }, server);
  const seen: string[] = [];
  const subscribe = (name: string, filters: string | string[], more: SubscribeOptions = {}) =>
    client.subscribe(filters, ({ text }) => seen.push(`${name} ${text}`), more);
  /** What the handlers got of what has been sent by now, in the order of their names. */
  const taken = async (): Promise<string[]> => {
    await client.ping();
    return seen.splice(0).toSorted();
  };
  return { server, client, clock, subscribe, taken };
}

const SERVERS = [
  ["a copy for each subscription", true],
  ["one message for all subscriptions", false],
] as const;

describe.each(SERVERS)("overlapping subscriptions, of a server that sends %s", (_, sendsCopies) => {
  it.each([3, 4, 5] as const)("in version %i get each message once", async (protocolVersion) => {
    const { server, subscribe, taken } = await start(sendsCopies, { protocolVersion });
    await subscribe("one", "a/#");
    await subscribe("two", "a/+");
    await subscribe("other", "b");
    for (const text of ["1", "2", "3"]) server.publish("a/b", text);
    server.publish("b", "4");
    const expected = ["one 1", "one 2", "one 3", "other 4", "two 1", "two 2", "two 3"];
    expect(await taken()).toEqual(expected);
  });

  it("get what the server sends while the first of them is given its identifier", async () => {
    const { server, subscribe, taken } = await start(sendsCopies);
    await subscribe("one", "a/#");
    server.publish("a/b", "1");
    const two = subscribe("two", "a/+");
    await two;
    server.publish("a/b", "2");
    expect((await taken()).filter((line) => line !== "two 1")).toEqual(["one 1", "one 2", "two 2"]);
  });

  it("that belong to one call get it once as well", async () => {
    const { server, subscribe, taken } = await start(sendsCopies);
    expect(await subscribe("both", ["a/#", "b", "a/+"], { qos: 1 })).toMatchObject({
      reasonCodes: [1, 1, 1],
      grantedQos: 1,
    });
    for (const topic of ["a/b", "b", "a"]) server.publish(topic, topic);
    expect(await taken()).toEqual(["both a", "both a/b", "both b"]);
  });

  it("with one identifier of the application get it once as well", async () => {
    const { server, subscribe, taken } = await start(sendsCopies);
    await subscribe("one", "a/#", { subscriptionIdentifier: 5 });
    await subscribe("two", "a/+", { subscriptionIdentifier: 5 });
    for (const text of ["1", "2"]) server.publish("a/b", text);
    expect(await taken()).toEqual(["one 1", "one 2", "two 1", "two 2"]);
  });

  it("get it once on the next connection, with a new Session and without", async () => {
    const { server, client, clock, subscribe, taken } = await start(sendsCopies);
    await subscribe("one", "a/#");
    await subscribe("two", "a/+");
    server.connection.close();
    await once(client, "disconnected");
    const isConnected = once(client, "connected");
    clock.advance(1);
    await isConnected;
    await client.ping();
    server.publish("a/b", "1");
    expect(await taken()).toEqual(["one 1", "two 1"]);
  });

  it("are told of no Subscription Identifier that the server has not", async () => {
    const server = new SubscribedServer(sendsCopies);
    server.connack = { properties: { subscriptionIdentifiersAvailable: false } };
    const { client } = await connected({}, server);
    const seen: string[] = [];
    await client.subscribe("a/#", () => seen.push("one"));
    await client.subscribe("a/+", () => seen.push("two"));
    server.publish("a/b", "1");
    await client.ping();
    expect(seen).toEqual(["one", "two"]);
    expect(server.packets("subscribe").map(({ properties }) => properties ?? {})).toEqual([{}, {}]);
  });
});

it("a message that comes alone shows a server that sends each once: nothing is taken for a copy", async () => {
  const { server, subscribe, taken } = await start(false, { protocolVersion: 4 });
  await subscribe("one", "a/#");
  await subscribe("two", "a/+");
  for (const text of ["1", "2", "2", "2"]) server.publish("a/b", text);
  expect(await taken()).toEqual(
    ["one 1", "one 2", "one 2", "one 2"]
      .flatMap((line) => [line, line.replace("one", "two")])
      .toSorted(),
  );
});

it("the same message later is no copy", async () => {
  const { server, clock, subscribe, taken } = await start(false, { protocolVersion: 4 });
  await subscribe("one", "a/#");
  await subscribe("two", "a/+");
  server.publish("a/b", "on");
  await taken();
  clock.advance(201);
  server.publish("a/b", "on");
  expect(await taken()).toEqual(["one on", "two on"]);
});

describe("the same filter twice", () => {
  it("is asked for with the highest QoS, and with what is left when one goes", async () => {
    const { server, client, subscribe } = await start(true);
    const two = subscribe("two", "a", { qos: 2 });
    await two;
    const zero = subscribe("zero", "a");
    expect(await zero).toMatchObject({ grantedQos: 0, reasonCodes: [0] });
    expect(server.served.get("a")?.qos).toBe(2);
    await two.unsubscribe();
    await client.ping();
    expect(server.served.get("a")).toMatchObject({ qos: 0, retainHandling: 2 });
    await zero.unsubscribe();
    expect(server.served.has("a")).toBe(false);
  });

  it("keeps the QoS of the first when the second has left", async () => {
    const { server, client, subscribe } = await start(true);
    await subscribe("one", "a", { qos: 1 });
    await subscribe("zero", "a").unsubscribe();
    await client.ping();
    expect(server.served.get("a")?.qos).toBe(1);
  });

  it("keeps the QoS on the next connection", async () => {
    const { server, client, clock, subscribe } = await start(true);
    await subscribe("one", "a", { qos: 1 });
    await subscribe("zero", "a");
    server.connection.close();
    await once(client, "disconnected");
    clock.advance(1);
    await server.until("subscribe", 4);
    expect(server.served.get("a")?.qos).toBe(1);
  });

  it.each([
    ["noLocal", true],
    ["noLocal", false],
    ["retainAsPublished", true],
    ["retainAsPublished", false],
  ] as const)(
    "with %s %s beside the contrary is refused, for the server keeps one",
    async (name, value) => {
      const { client, subscribe } = await start(true);
      const first = subscribe("one", "a", { [name]: !value });
      await first;
      expect(() => client.subscribe("a", { [name]: value })).toThrow(MqttConfigurationError);
      expect(() => client.subscribe("a", { [name]: value })).toThrow(
        `${name} cannot be ${value}: another subscription to a has ${!value}`,
      );
      await first.unsubscribe();
      await client.subscribe("a", { [name]: value });
    },
  );

  it.each([3, 4, 5] as const)(
    "in version %i brings retained messages to the second only",
    async (protocolVersion) => {
      const { server, subscribe, taken } = await start(true, { protocolVersion });
      server.retained.set("a", "kept");
      await subscribe("one", "a");
      expect(await taken()).toEqual(["one kept"]);
      await subscribe("two", "a");
      expect(await taken()).toEqual(["two kept"]);
      server.retained.set("a", "newer");
      server.publish("a", "newer");
      expect(await taken()).toEqual(["one newer", "two newer"]);
    },
  );

  it("lets none miss a retained message that comes after the second has subscribed", async () => {
    const { server, subscribe, taken } = await start(true);
    server.retained.set("a", "kept");
    const one = subscribe("one", "a");
    const two = subscribe("two", "a");
    await Promise.all([one, two]);
    expect(await taken()).toEqual(["one kept", "two kept"]);
  });

  it("brings them again to both on the next connection, once", async () => {
    const { server, client, clock, subscribe, taken } = await start(true);
    server.retained.set("a", "kept");
    await subscribe("one", "a");
    await subscribe("two", "a");
    await taken();
    server.connection.close();
    await once(client, "disconnected");
    clock.advance(1);
    await server.until("subscribe", 4);
    expect(await taken()).toEqual(["one kept", "two kept"]);
  });

  it("with overlapping filters brings retained messages once, in 3.1.1 too", async () => {
    const { server, subscribe, taken } = await start(true, { protocolVersion: 4 });
    server.retained.set("a/b", "kept");
    await subscribe("one", "a/#");
    await subscribe("two", "a/+");
    expect(await taken()).toEqual(["one kept", "two kept"]);
  });
});

it("a SUBSCRIBE that nobody wants any more is not sent on the next connection", async () => {
  const { server, client, clock, subscribe } = await start(true);
  server.script = (packet) => packet.type === "subscribe";
  const subscription = subscribe("one", "a");
  await server.until("subscribe");
  server.connection.close();
  await once(client, "disconnected");
  void subscription.unsubscribe();
  await expect(subscription).rejects.toMatchObject({ code: "ANAX_DISCONNECTED" });
  const isConnected = once(client, "connected");
  clock.advance(1);
  await isConnected;
  await client.ping();
  expect(server.packets("subscribe")).toHaveLength(1);
});
