/** What MQTTnet's own tests ask of a server: publish and subscribe. The identifiers are those of the acceptance list. */
import { topicMatchesFilter } from "@anax/protocol";
import type { ProtocolVersion, QoS } from "@anax/protocol";
import type { Message } from "@anax/client";
import { describe, expect, it } from "vitest";
import { connected, publication, startedServer } from "../support/memory-server.ts";
import { until } from "../support/turns.ts";
import { AcceptanceServer, Inbox } from "./acceptance-server.ts";

describe("B01", () => {
  it.each([0, 1, 2] as const)("QoS %i reaches a subscriber once", async (qos) => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    const inbox = await Inbox.open(client, "#", { qos });
    await client.publish("a", "first", { qos });
    await client.publish("a", "", { qos });
    await client.publish("a", "last", { qos });
    await until(() => inbox.texts.at(-1) === "last");
    expect(inbox.texts).toEqual(["first", "", "last"]);
  });

  it("a thousand messages of many clients arrive", async () => {
    const acceptance = await AcceptanceServer.start();
    const receiver = await acceptance.client("receiver");
    const inbox = await Inbox.open(receiver, "#", { qos: 1 });
    const names = Array.from({ length: 20 }, (_none, number) => `sender-${number}`);
    const senders = await Promise.all(names.map((name) => acceptance.client(name)));
    await Promise.all(
      senders.flatMap((sender, number) =>
        Array.from({ length: 50 }, (_none, count) =>
          sender.publish(`from/${number}`, String(count), { qos: 1 }),
        ),
      ),
    );
    await until(() => inbox.texts.length >= 1_000);
    expect(inbox.texts).toHaveLength(1_000);
    const perSender = new Map<string, number>();
    for (const topic of inbox.topics) perSender.set(topic, (perSender.get(topic) ?? 0) + 1);
    expect(new Set(perSender.values())).toEqual(new Set([50]));
  });

  it("a body of 30 MB stays whole", async () => {
    const acceptance = await AcceptanceServer.start({
      maximumPacketSize: 40_000_000,
      queueBytesMax: 40_000_000,
      backlogBytesMax: 40_000_000,
    });
    const client = await acceptance.client("one");
    const arrived = new Promise<Uint8Array>((resolve) => {
      client.on("message", ({ payload }) => resolve(payload));
    });
    await client.subscribe("a", { qos: 1 });
    const body = new Uint8Array(30_000_000).map((_byte, index) => index * 7 + (index >> 8));
    await client.publish("a", body, { qos: 1 });
    expect(Buffer.compare(Buffer.from(await arrived), Buffer.from(body))).toBe(0);
  });
});

const MATCHES: readonly (readonly [string, string, boolean])[] = [
  ["A", "A", true],
  ["A", "B", false],
  ["A", "#", true],
  ["A", "+", true],
  ["A/B", "A/B", true],
  ["A/B", "A/+", true],
  ["A/B", "A/#", true],
  ["A/B/C", "A/+/C", true],
  ["A/B/C", "A/+/+", true],
  ["A/B/C", "A/+/#", true],
  ["A/B/C", "A/B/+", true],
  ["A/B/C/D", "A/+/C/+", true],
  ["A/B/C/D", "A/+/C/#", true],
  ["A/B1/B2/C", "A/+/C", false],
  ["$SYS/a", "#", false],
  ["$SYS/a", "+/a", false],
  ["$SYS/a", "$SYS/#", true],
  ["a/$x", "a/#", true],
  ["/", "+/+", true],
  ["/", "#", true],
  ["/", "+", false],
  ["/finance", "+/+", true],
  ["/finance", "/+", true],
  ["/finance", "+", false],
  ["sport", "sport/#", true],
  ["sport/tennis/player1/ranking", "sport/tennis/player1/#", true],
  ["sport/tennis/player1", "sport/tennis/+", true],
  ["sport", "sport/+", false],
  ["sport/", "sport/+", true],
  ["a//b", "a/+/b", true],
  ["a//b", "a//b", true],
  ["ä/用户", "ä/+", true],
];

describe("B02 and B03", () => {
  it.each(MATCHES)("%s against %s is %s", async (topic, filter, matches) => {
    const server = await startedServer();
    const stream = server.subscribe(filter);
    const { matched } = await server.injectApplicationMessage({ topic });
    expect(matched === 1).toBe(matches);
    expect(topicMatchesFilter(topic, filter)).toBe(matches);
    await stream.return();
    await server.stop();
  });
});

describe("B04", () => {
  it("500 subscriptions in one packet and in 500 packets work, and end", async () => {
    const acceptance = await AcceptanceServer.start();
    const filters = Array.from({ length: 500 }, (_none, number) => `t/${number}`);
    const one = await acceptance.client("one");
    await one.subscribe(filters, () => undefined, { qos: 1 });
    const many = await acceptance.client("many");
    await Promise.all(filters.map((filter) => many.subscribe(filter, () => undefined)));
    expect(acceptance.server.sessions.get("one")?.subscriptionCount).toBe(500);
    expect(acceptance.server.sessions.get("many")?.subscriptionCount).toBe(500);
    const topic = "t/499";
    expect(await acceptance.server.injectApplicationMessage({ topic })).toMatchObject({
      matched: 2,
    });
    await one.unsubscribe(filters);
    await many.unsubscribe(filters.slice(0, 499));
    expect(await acceptance.server.injectApplicationMessage({ topic })).toMatchObject({
      matched: 1,
    });
  });
});

describe("B05", () => {
  it("SUBACK has one code for each filter, in order", async () => {
    const server = await startedServer({
      on: {
        interceptingSubscription: (event) => {
          if (event.topicFilter.topicFilter === "denied") event.response.reasonCode = 0x8f;
        },
      },
    });
    const client = await connected(server, "one");
    const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const asked: readonly (readonly [string, QoS])[] = [
      ["a", 0],
      ["b", 2],
      ["denied", 2],
      ["c", 1],
      ["a#", 2],
      ["d", 0],
    ];
    client.sendPacket({
      type: "subscribe",
      packetIdentifier: 5,
      subscriptions: asked
        .filter(([topicFilter]) => topicFilter !== "a#")
        .map(([topicFilter, qos]) => ({ topicFilter, qos, ...plain })),
    });
    expect(await client.packet()).toMatchObject({ reasonCodes: [0, 2, 0x8f, 1, 0] });
    await server.stop();
  });

  it("a denied filter gives no retained messages", async () => {
    const acceptance = await AcceptanceServer.start({
      on: {
        interceptingSubscription: (event) => {
          event.response.reasonCode = 0x8f;
        },
      },
    });
    await acceptance.server.retainedMessages.set({ topic: "a", payload: "x" });
    const client = await acceptance.client("one");
    await expect(client.subscribe("a", { qos: 0 })).rejects.toMatchObject({ reasonCode: 0x8f });
    expect(acceptance.server.clients.get("one")?.messagesSent).toBe(0);
  });
});

it("B06 interceptors rewrite filters and see user properties", async () => {
  const seen: unknown[] = [];
  const acceptance = await AcceptanceServer.start({
    on: {
      interceptingSubscription: (event) => {
        seen.push(event.userProperties);
        event.topicFilter = { ...event.topicFilter, topicFilter: "rewritten" };
      },
      interceptingUnsubscription: ({ userProperties }) => void seen.push(userProperties),
    },
  });
  const client = await acceptance.client("one");
  const userProperties = [["a", "b"]] as const;
  await client.subscribe("original", () => undefined, { userProperties });
  const filters = acceptance.server.sessions.subscriptions("one");
  expect(filters).toMatchObject([{ topicFilter: "rewritten" }]);
  await client.unsubscribe("original", { userProperties });
  expect(seen).toEqual([userProperties, userProperties]);
});

describe("B07", () => {
  it("a message that is injected when a subscription is made is delivered", async () => {
    const acceptance = await AcceptanceServer.start({
      on: {
        clientSubscribedTopic: () => {
          void acceptance.server.injectApplicationMessage({ topic: "a", payload: "hello" });
        },
      },
    });
    const client = await acceptance.client("one");
    const inbox = await Inbox.open(client, "a");
    await until(() => inbox.texts.length === 1);
    expect(inbox.texts).toEqual(["hello"]);
  });

  it.each(["interceptingSubscription", "interceptingPublish"] as const)(
    "an end of the connection in the middle of %s is told to who waits",
    async (name) => {
      const acceptance = await AcceptanceServer.start();
      acceptance.server.on(name, async (event) => {
        await acceptance.server.clients.disconnect(event.clientId);
      });
      const client = await acceptance.client("one");
      const work = {
        interceptingSubscription: () => Promise.resolve(client.subscribe("a", { qos: 0 })),
        interceptingPublish: () => client.publish("a", "x", { qos: 1 }),
      };
      await expect(work[name]()).rejects.toMatchObject({ reasonCode: 0x98 });
    },
  );
});

describe("B08", () => {
  it("No Local holds back one's own messages", async () => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    const other = await acceptance.client("other");
    const without = await Inbox.open(client, "a", { noLocal: true });
    const withOwn = await Inbox.open(client, "b");
    await client.publish("a", "own");
    await client.publish("b", "own");
    await other.publish("a", "foreign", { qos: 1 });
    await until(() => without.texts.length > 0 && withOwn.texts.length > 0);
    expect([without.texts, withOwn.texts]).toEqual([["foreign"], ["own"]]);
  });

  it("Subscription Identifiers come with the message, all of them", async () => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    const identifiers: number[][] = [];
    client.on(
      "message",
      (message) => void identifiers.push([...(message.subscriptionIdentifiers ?? [])]),
    );
    await client.subscribe("a/b", { subscriptionIdentifier: 1 });
    await client.subscribe("a/#", { subscriptionIdentifier: 2 });
    await client.publish("a/b", "x", { qos: 1 });
    await client.publish("a/c", "x", { qos: 1 });
    await until(() => identifiers.length === 2);
    expect(identifiers.map((some) => new Set(some))).toEqual([new Set([1, 2]), new Set([2])]);
  });

  it("CONNACK says what the server offers", async () => {
    const all = await AcceptanceServer.start();
    expect((await all.client("one")).connectResult).toMatchObject({
      maximumQos: 2,
      retainAvailable: true,
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: true,
      sharedSubscriptionAvailable: true,
      topicAliasMaximum: 100,
    });
    const little = await AcceptanceServer.start({
      maximumQos: 1,
      retainAvailable: false,
      wildcardSubscriptionAvailable: false,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      topicAliasMaximum: 0,
    });
    expect((await little.client("one")).connectResult).toMatchObject({
      maximumQos: 1,
      retainAvailable: false,
      wildcardSubscriptionAvailable: false,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      topicAliasMaximum: 0,
    });
  });
});

it("B09 who publishes with a Topic Alias alone reaches receivers under the whole topic", async () => {
  const server = await startedServer();
  const [publisher, receiver] = [await connected(server, "p"), await connected(server, "r")];
  await receiver.subscribe("a/#");
  publisher.sendPacket({ ...publication("a/b", "1"), properties: { topicAlias: 1 } });
  publisher.sendPacket({ ...publication("", "2"), properties: { topicAlias: 1 } });
  for (const payload of ["1", "2"]) {
    const packet = await receiver.packet();
    expect(packet).toMatchObject({ topic: "a/b", payload: new TextEncoder().encode(payload) });
    expect(packet).not.toHaveProperty("properties.topicAlias");
  }
  await server.stop();
});

describe("B10", () => {
  it.each([
    [4, 5],
    [5, 4],
    [3, 5],
    [5, 3],
  ] as const)("what version %i publishes, version %i receives", async (from, to) => {
    const acceptance = await AcceptanceServer.start();
    const version = (protocolVersion: ProtocolVersion) => ({ protocolVersion });
    const receiver = await acceptance.client("receiver", version(to));
    const inbox = await Inbox.open(receiver, "#", { qos: 2 });
    const sender = await acceptance.client("sender", version(from));
    await sender.publish("a", "hello", { qos: 2 });
    await until(() => inbox.texts.length === 1);
    expect(inbox.texts).toEqual(["hello"]);
  });

  it("the properties of a message pass unchanged", async () => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    const arrived = new Promise<Message>((resolve) => client.on("message", resolve));
    await client.subscribe("a", { qos: 1 });
    const properties = {
      contentType: "text/plain",
      responseTopic: "answers",
      correlationData: Uint8Array.of(1, 2),
      payloadFormatIndicator: 1,
      userProperties: [
        ["a", "1"],
        ["a", "2"],
      ],
    } as const;
    await client.publish("a", "hello", { qos: 1, ...properties });
    const message = await arrived;
    expect({ ...properties }).toEqual({
      contentType: message.contentType,
      responseTopic: message.responseTopic,
      correlationData: message.correlationData,
      payloadFormatIndicator: message.payloadFormatIndicator,
      userProperties: message.userProperties,
    });
  });
});

it("B11 a publish tells whether anybody subscribes, where the version can tell", async () => {
  const acceptance = await AcceptanceServer.start();
  const client = await acceptance.client("one");
  expect(await client.publish("a", "x", { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  await client.subscribe("a", { qos: 1 });
  expect(await client.publish("a", "x", { qos: 2 })).toMatchObject({
    reasonCode: 0,
    packetIdentifier: expect.any(Number) as number,
  });
  const older = await acceptance.client("older", { protocolVersion: 4 });
  expect(await older.publish("nobody", "x", { qos: 1 })).toMatchObject({ reasonCode: 0 });
});

it("B12 an interceptor changes messages, injected ones too, and what nobody takes is told", async () => {
  const unconsumed: string[] = [];
  const senders: string[] = [];
  const acceptance = await AcceptanceServer.start({
    on: {
      interceptingPublish: (event) => {
        senders.push(event.clientId);
        const { applicationMessage: message } = event;
        if (message === undefined) return;
        const payload = new TextEncoder().encode("extended");
        event.applicationMessage = { ...message, topic: `changed/${message.topic}`, payload };
      },
      applicationMessageNotConsumed: ({ applicationMessage }) => {
        unconsumed.push(applicationMessage.topic);
      },
    },
  });
  const client = await acceptance.client("one");
  await client.publish("nobody", "x", { qos: 1 });
  const inbox = await Inbox.open(client, "changed/#");
  await client.publish("a", "x", { qos: 1 });
  await acceptance.server.injectApplicationMessage({ topic: "b" }, { clientId: "job" });
  await until(() => inbox.texts.length === 2);
  expect(inbox.topics).toEqual(["changed/a", "changed/b"]);
  expect(inbox.texts).toEqual(["extended", "extended"]);
  expect(unconsumed).toEqual(["changed/nobody"]);
  expect(senders).toEqual(["one", "one", "job"]);
});

it("B13 a veto holds back some receivers only, also of retained messages", async () => {
  const acceptance = await AcceptanceServer.start({
    on: {
      interceptingClientEnqueue: (event) => {
        event.acceptEnqueue = event.receiverClientId !== "two";
      },
    },
  });
  await acceptance.server.retainedMessages.set({ topic: "kept", payload: "kept" });
  const inboxes: Inbox[] = [];
  for (const clientId of ["one", "two", "three"]) {
    inboxes.push(await Inbox.open(await acceptance.client(clientId), "#"));
  }
  await acceptance.server.injectApplicationMessage({ topic: "a", payload: "x" });
  await until(() => inboxes[0]?.texts.length === 2 && inboxes[2]?.texts.length === 2);
  expect(inboxes.map(({ texts }) => texts)).toEqual([["kept", "x"], [], ["kept", "x"]]);
});

describe("B14", () => {
  it("a receiver gets messages in order, behind acknowledgements that come late too", async () => {
    const acceptance = await AcceptanceServer.start();
    const receiver = await acceptance.client("r", { manualAcknowledge: true, receiveMaximum: 2 });
    const texts: string[] = [];
    await receiver.subscribe(
      "a",
      (message) => {
        texts.push(message.text);
        setImmediate(() => message.acknowledge());
      },
      { qos: 1 },
    );
    const sender = await acceptance.client("s");
    for (let count = 0; count < 20; count += 1) void sender.publish("a", String(count), { qos: 1 });
    await until(() => texts.length === 20);
    expect(texts).toEqual(Array.from({ length: 20 }, (_none, count) => String(count)));
  });

  it("what waited for a client that was away comes in order, and once", async () => {
    const acceptance = await AcceptanceServer.start();
    const session = { cleanStart: false, sessionExpiryIntervalSeconds: 60 };
    const away = await acceptance.client("away", session);
    await away.subscribe("a", () => undefined, { qos: 2 });
    await away.disconnect();
    await until(() => acceptance.server.clients.get("away") === undefined);
    const sender = await acceptance.client("sender");
    for (const text of "0214365879") await sender.publish("a", text, { qos: 2 });
    const texts: string[] = [];
    const back = await acceptance.client("away", session);
    back.on("message", ({ text }) => void texts.push(text));
    const has = (count: number) => () =>
      acceptance.server.sessions.get("away")?.inFlightMessages === 0 && texts.length >= count;
    await until(has(10));
    expect(texts.join("")).toBe("0214365879");
    await back.disconnect();
    const again = await acceptance.client("away", session);
    again.on("message", ({ text }) => void texts.push(text));
    await again.ping();
    expect(texts).toHaveLength(10);
  });
});

it.each([0, 1, 2] as const)(
  "B15 who publishes and subscribes inside a handler is not held up, QoS %i",
  async (qos) => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    const answers: string[] = [];
    await client.subscribe(
      "ask",
      async ({ text }) => {
        await client.subscribe(`answer/${text}`, (answer) => void answers.push(answer.text), {
          qos,
        });
        await client.publish(`answer/${text}`, `re: ${text}`, { qos });
      },
      { qos },
    );
    await Promise.all(["1", "2", "3"].map((text) => client.publish("ask", text, { qos })));
    await until(() => answers.length === 3);
    expect(answers.toSorted()).toEqual(["re: 1", "re: 2", "re: 3"]);
  },
);

it("B16 a shared subscription gives each message to one of its members", async () => {
  const acceptance = await AcceptanceServer.start();
  const inboxes: Inbox[] = [];
  for (const clientId of ["one", "two"]) {
    const client = await acceptance.client(clientId);
    inboxes.push(await Inbox.open(client, "$share/group/a", { qos: 1 }));
  }
  const sender = await acceptance.client("sender");
  for (let count = 0; count < 10; count += 1) await sender.publish("a", String(count), { qos: 1 });
  const counts = (): number[] => inboxes.map(({ texts }) => texts.length);
  await until(() => counts().reduce((sum, one) => sum + one, 0) === 10);
  expect(counts()).toEqual([5, 5]);
});
