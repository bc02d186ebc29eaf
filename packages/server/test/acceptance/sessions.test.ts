/** What MQTTnet's own tests ask of a server: retained messages, sessions, Wills, events. The identifiers are those of the acceptance list. */
import type { QoS } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import type { ApplicationMessage } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { connected, LASTING, startedServer, subscribe } from "../support/memory-server.ts";
import { until } from "../support/turns.ts";
import { AcceptanceServer, Inbox } from "./acceptance-server.ts";

describe("C01", () => {
  it("a retained message is there for later subscribers, and comes without RETAIN to present ones", async () => {
    const acceptance = await AcceptanceServer.start();
    const publisher = await acceptance.client("publisher");
    const flags: boolean[] = [];
    publisher.on("message", ({ retain }) => void flags.push(retain));
    await publisher.subscribe("a", { qos: 1 });
    await publisher.publish("a", "kept", { retain: true, qos: 1 });
    const later = await acceptance.client("later");
    later.on("message", ({ retain }) => void flags.push(retain));
    await later.subscribe("a", { qos: 1 });
    await until(() => flags.length === 2);
    expect(flags).toEqual([false, true]);
  });

  it("an update replaces it, an empty payload removes it", async () => {
    const acceptance = await AcceptanceServer.start();
    const publisher = await acceptance.client("publisher");
    for (const payload of ["first", "second"]) {
      await publisher.publish("a", payload, { retain: true, qos: 1 });
    }
    const inbox = await Inbox.open(await acceptance.client("second"), "a");
    await until(() => inbox.texts.length === 1);
    expect(inbox.texts).toEqual(["second"]);
    await publisher.publish("a", "", { retain: true, qos: 1 });
    const third = await acceptance.client("third");
    const none = await Inbox.open(third, "a");
    await third.ping();
    expect(none.texts).toEqual([]);
  });
});

describe("C02", () => {
  it.each([
    [2, 0, 0],
    [1, 2, 1],
    [0, 2, 0],
  ] as const)(
    "published at QoS %i and subscribed at %i comes at %i",
    async (published, granted, got) => {
      const acceptance = await AcceptanceServer.start();
      await acceptance.server.retainedMessages.set({ topic: "a", payload: "x", qos: published });
      const client = await acceptance.client("one");
      const arrived = new Promise<QoS>((resolve) =>
        client.on("message", ({ qos }) => resolve(qos)),
      );
      await client.subscribe("a", { qos: granted });
      expect(await arrived).toBe(got);
    },
  );

  it.each([
    [0, [1, 1]],
    [1, [1, 0]],
    [2, [0, 0]],
  ] as const)(
    "Retain Handling %i gives so many at the first and second subscription: %j",
    async (retainHandling, counts) => {
      const server = await startedServer();
      await server.retainedMessages.set({ topic: "a", payload: "x" });
      const client = await connected(server, "one");
      const got: number[] = [];
      for (let round = 0; round < 2; round += 1) {
        client.sendPacket({
          type: "subscribe",
          packetIdentifier: 1,
          subscriptions: [
            { topicFilter: "a", qos: 0, noLocal: false, retainAsPublished: false, retainHandling },
          ],
        });
        client.sendPacket({ type: "pingreq" });
        let publishes = 0;
        for (let packet = await client.packet(); packet?.type !== "pingresp";) {
          if (packet?.type === "publish") publishes += 1;
          packet = await client.packet();
        }
        got.push(publishes);
      }
      expect(got).toEqual(counts);
      await server.stop();
    },
  );

  it("Retain As Published keeps the flag of live messages", async () => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    const flags: [string, boolean][] = [];
    client.on("message", ({ topic, retain }) => void flags.push([topic, retain]));
    await client.subscribe("kept/+", { retainAsPublished: true });
    await client.subscribe("plain/+", { retainAsPublished: false });
    for (const topic of ["kept/1", "plain/1"]) {
      await client.publish(topic, "x", { retain: true, qos: 1 });
    }
    await until(() => flags.length === 2);
    expect(flags).toEqual([
      ["kept/1", true],
      ["plain/1", false],
    ]);
  });
});

describe("C03", () => {
  it("a program keeps retained messages by the events, and brings them back", async () => {
    const kept = new Map<string, ApplicationMessage>();
    const on = {
      loadingRetainedMessage: (event: { loadedRetainedMessages: ApplicationMessage[] }) => {
        event.loadedRetainedMessages = [...kept.values()];
      },
      retainedMessageChanged: (event: {
        topic: string;
        changedRetainedMessage: ApplicationMessage | undefined;
      }) => {
        if (event.changedRetainedMessage === undefined) kept.delete(event.topic);
        else kept.set(event.topic, event.changedRetainedMessage);
      },
      retainedMessagesCleared: () => kept.clear(),
    };
    const first = await AcceptanceServer.start({ on });
    const client = await first.client("one");
    await Promise.all(
      Array.from({ length: 100 }, (_none, number) =>
        client.publish(`t/${number}`, "x", { retain: true, qos: 1 }),
      ),
    );
    await client.publish("t/0", "", { retain: true, qos: 1 });
    expect(kept.size).toBe(99);
    const second = await AcceptanceServer.start({ on });
    expect(second.server.retainedMessages.count).toBe(99);
    expect(second.server.retainedMessages.get("t/0")).toBeUndefined();
    expect(second.server.retainedMessages.get("undefined/topic")).toBeUndefined();
    await second.server.retainedMessages.clear();
    expect(kept.size).toBe(0);
  });
});

describe("D01", () => {
  it("3.1.1: a session after a clean one is new", async () => {
    const acceptance = await AcceptanceServer.start();
    const clean = await acceptance.client("one", { protocolVersion: 4, cleanStart: true });
    await clean.disconnect();
    const kept = await acceptance.client("one", { protocolVersion: 4, cleanStart: false });
    expect(kept.connectResult?.sessionPresent).toBe(false);
    await kept.disconnect();
    const again = await acceptance.client("one", { protocolVersion: 4, cleanStart: false });
    expect(again.connectResult?.sessionPresent).toBe(true);
  });

  it("5.0: a session lives as long as its expiry interval, which may change", async () => {
    const acceptance = await AcceptanceServer.start();
    const present = async (seconds: number): Promise<boolean | undefined> => {
      const options = { cleanStart: false, sessionExpiryIntervalSeconds: seconds };
      const client = await acceptance.client("one", options);
      const isPresent = client.connectResult?.sessionPresent;
      await client.disconnect();
      await until(() => acceptance.server.clients.count === 0);
      return isPresent;
    };
    expect(await present(60)).toBe(false);
    expect(await present(60)).toBe(true);
    expect(await present(0)).toBe(true);
    expect(await present(60)).toBe(false);
  });
});

it("D02 an expired session is not used; what waits for one that lives is counted and delivered", async () => {
  const clock = new ManualClock();
  const server = await startedServer({ clock });
  const session = { cleanStart: false, properties: { sessionExpiryIntervalSeconds: 3 } };
  for (const clientId of ["expires", "lives"]) {
    const client = await connected(server, clientId, clientId === "lives" ? LASTING : session);
    await subscribe(client, "a");
    client.end();
  }
  await until(() => server.clients.count === 0);
  for (const payload of ["1", "2", "3"]) {
    await server.injectApplicationMessage({ topic: "a", payload, qos: 1 });
  }
  expect(server.sessions.get("lives")?.queuedMessages).toBe(3);
  clock.advance(6_000);
  expect(server.sessions.get("expires")).toBeUndefined();
  const back = await connected(server, "lives", LASTING);
  for (const byte of [0x31, 0x32, 0x33]) {
    expect(await back.packet()).toMatchObject({ payload: Uint8Array.of(byte) });
  }
  await server.stop();
});

it.each([1, 2] as const)(
  "D03 QoS %i that was not acknowledged comes again: same identifier, with DUP",
  async (qos) => {
    const server = await startedServer();
    const client = await connected(server, "one", LASTING);
    await subscribe(client, "a");
    await server.injectApplicationMessage({ topic: "a", qos });
    const first = await client.packet();
    client.end();
    await until(() => server.clients.count === 0);
    const again = await connected(server, "one", LASTING);
    const second = await again.packet();
    expect(first).toMatchObject({ type: "publish", duplicate: false });
    expect(second).toEqual({ ...first, duplicate: true });
    await server.stop();
  },
);

it("D04 session items are seen by every hook and by the status; a deleted session ends its connection", async () => {
  const seen: unknown[] = [];
  const acceptance = await AcceptanceServer.start({
    on: {
      validatingConnection: ({ sessionItems }) => void sessionItems.set("default", "anax"),
      interceptingSubscription: ({ sessionItems }) => void seen.push(sessionItems.get("default")),
      interceptingPublish: ({ sessionItems }) => void seen.push(sessionItems.get("default")),
      sessionDeleted: ({ sessionItems }) => void seen.push(sessionItems.get("default")),
    },
  });
  const client = await acceptance.client("one");
  await client.subscribe("a", { qos: 0 });
  await client.publish("a", "x", { qos: 1 });
  expect(acceptance.server.sessions.get("one")?.items.get("default")).toBe("anax");
  await acceptance.server.sessions.delete("one");
  await until(() => !client.connected);
  expect(seen).toEqual(["anax", "anax", "anax"]);
});

describe("D05", () => {
  it("counts are exact", async () => {
    const acceptance = await AcceptanceServer.start();
    const client = await acceptance.client("one");
    const inbox = await Inbox.open(client, "a", { qos: 1 });
    for (let count = 0; count < 25; count += 1) await client.publish("a", "x", { qos: 1 });
    const status = () => acceptance.server.clients.get("one");
    await until(() => inbox.texts.length === 25 && status()?.packetsReceived === 52);
    expect(status()).toMatchObject({
      messagesReceived: 25,
      messagesSent: 25,
      // CONNECT, SUBSCRIBE, 25 PUBLISH and 25 PUBACK; as many the other way.
      packetsReceived: 52,
      packetsSent: 52,
    });
  });

  it("lists are empty after the clients have gone, but for sessions that last", async () => {
    const acceptance = await AcceptanceServer.start();
    const { clients, sessions } = acceptance.server;
    const lasting = { cleanStart: false, sessionExpiryIntervalSeconds: 60 };
    const one = await acceptance.client("one", lasting);
    const two = await acceptance.client("two", lasting);
    const three = await acceptance.client("three");
    expect([clients.count, sessions.count]).toEqual([3, 3]);
    await one.disconnect();
    await three.disconnect();
    await until(() => clients.count === 1);
    expect(sessions.count).toBe(2);
    await two.disconnect();
    await until(() => clients.count === 0);
    expect(clients.list().items).toEqual([]);
    expect(sessions.list().items.map(({ clientId }) => clientId)).toEqual(["one", "two"]);
  });
});

it("D06 the server subscribes and unsubscribes a client", async () => {
  const acceptance = await AcceptanceServer.start();
  const client = await acceptance.client("one");
  const texts: string[] = [];
  client.on("message", ({ text }) => void texts.push(text));
  expect(await acceptance.server.sessions.subscribe("one", "a")).toEqual([0]);
  await acceptance.server.injectApplicationMessage({ topic: "a", payload: "1" });
  await until(() => texts.length === 1);
  expect(await acceptance.server.sessions.unsubscribe("one", "a")).toEqual([0]);
  await acceptance.server.injectApplicationMessage({ topic: "a", payload: "2" });
  await client.ping();
  expect(texts).toEqual(["1"]);
});

describe("D07", () => {
  it("a message for one session reaches that client only, under the identifier that is told", async () => {
    const acceptance = await AcceptanceServer.start();
    const [one, two] = [await acceptance.client("one"), await acceptance.client("two")];
    const identifiers: unknown[] = [];
    for (const client of [one, two]) {
      client.on("message", ({ packetIdentifier }) => void identifiers.push(packetIdentifier));
    }
    const message = { topic: "a", payload: "x", qos: 1 } as const;
    const delivery = await acceptance.server.sessions.deliverApplicationMessage("one", message);
    await two.ping();
    expect(identifiers).toEqual([delivery.packetIdentifier]);
  });

  it("a full queue refuses the newest, or overwrites the oldest and tells of it", async () => {
    const overwritten: string[] = [];
    for (const queueOverflow of ["dropNewest", "dropOldest"] as const) {
      const server = await startedServer({ queueMessagesMax: 1, queueOverflow });
      server.on("queuedApplicationMessageOverwritten", ({ applicationMessage }) => {
        overwritten.push(applicationMessage.topic);
      });
      const client = await connected(server, "one", LASTING);
      client.end();
      await until(() => server.clients.count === 0);
      const tried: unknown[] = [];
      for (const topic of ["first", "second"]) {
        tried.push(await server.sessions.tryEnqueueApplicationMessage("one", { topic, qos: 1 }));
      }
      expect(tried).toEqual([{}, queueOverflow === "dropOldest" ? {} : undefined]);
      const third = server.sessions.deliverApplicationMessage("one", { topic: "third", qos: 1 });
      if (queueOverflow === "dropNewest") await expect(third).rejects.toThrow("one");
      else third.catch(() => undefined);
      await server.stop();
    }
    expect(overwritten).toEqual(["first", "second"]);
  });
});

describe("E01", () => {
  it.each([4, 5] as const)(
    "version %i: a Will comes when the link breaks, not after DISCONNECT",
    async (protocolVersion) => {
      const intercepted: string[] = [];
      const acceptance = await AcceptanceServer.start({
        on: {
          interceptingPublish: ({ topic, clientId }) =>
            void intercepted.push(`${clientId} ${topic}`),
        },
      });
      const watcher = await acceptance.client("watcher");
      const inbox = await Inbox.open(watcher, "will/#");
      const dies = await acceptance.client("dies", {
        protocolVersion,
        will: { topic: "will/dies", payload: "gone" },
      });
      const leaves = await acceptance.client("leaves", {
        protocolVersion,
        will: { topic: "will/leaves", payload: "gone" },
      });
      await leaves.disconnect();
      await acceptance.server.clients.disconnect("dies");
      await until(() => inbox.topics.length === 1);
      await dies.disconnect();
      expect(inbox.topics).toEqual(["will/dies"]);
      expect(intercepted).toEqual(["dies will/dies"]);
    },
  );

  it("a take-over publishes the Will of the older connection [MQTT-3.1.2-8]", async () => {
    const acceptance = await AcceptanceServer.start();
    const inbox = await Inbox.open(await acceptance.client("watcher"), "will");
    await acceptance.client("one", { will: { topic: "will", payload: "taken over" } });
    await acceptance.client("one");
    await until(() => inbox.texts.length === 1);
    expect(inbox.texts).toEqual(["taken over"]);
  });
});

it("F01 an acknowledged message is told once for QoS 1 and 2, never for QoS 0", async () => {
  const told: unknown[] = [];
  const acceptance = await AcceptanceServer.start({
    on: {
      clientAcknowledgedPublishPacket: ({ applicationMessage, acknowledgePacket, isCompleted }) => {
        told.push([applicationMessage.topic, acknowledgePacket.type, isCompleted]);
      },
    },
  });
  const client = await acceptance.client("one");
  await client.subscribe("+", { qos: 2 });
  for (const qos of [0, 1, 2] as const) {
    await acceptance.server.injectApplicationMessage({ topic: `qos${qos}`, qos });
  }
  await until(() => told.length === 2);
  await client.ping();
  expect(told).toEqual([
    ["qos1", "puback", true],
    ["qos2", "pubcomp", true],
  ]);
});

it("G01 events say who it is, from where, and how", async () => {
  const seen: Record<string, unknown> = {};
  const acceptance = await AcceptanceServer.start({
    on: {
      clientConnected: (event) => void (seen["connected"] = event),
      clientDisconnected: (event) => void (seen["disconnected"] = event),
      clientSubscribedTopic: (event) => void (seen["subscribed"] = event),
      clientUnsubscribedTopic: (event) => void (seen["unsubscribed"] = event),
      interceptingPublish: ({ clientId, userName }) =>
        void (seen["published"] = { clientId, userName }),
      started: () => void (seen["started"] = true),
      stopped: () => void (seen["stopped"] = true),
    },
  });
  const client = await acceptance.client("one", { userName: "ann", password: "secret" });
  await client.subscribe("a", { qos: 0 });
  await client.publish("b", "x", { qos: 1 });
  await client.unsubscribe("a");
  await client.disconnect();
  await until(() => seen["disconnected"] !== undefined);
  await acceptance.server.stop();
  const who = { clientId: "one", userName: "ann" };
  const from = { protocolVersion: 5, peer: { transport: "tcp", remoteAddress: "127.0.0.1" } };
  const password = new TextEncoder().encode("secret");
  expect(seen).toMatchObject({
    connected: { ...who, ...from, password },
    disconnected: { ...who, ...from, password },
    subscribed: { ...who, ...from, topicFilter: { topicFilter: "a" } },
    unsubscribed: { ...who, ...from, topic: "a" },
    published: who,
    started: true,
    stopped: true,
  });
});
