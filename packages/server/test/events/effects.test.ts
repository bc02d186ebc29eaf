/** Each writable field of the events does what it says, as a client sees it. */
import type { SubscribePacket } from "@anax/protocol";
import { afterEach, describe, expect, it } from "vitest";
import type { MqttServer, MqttServerOptions, ServerEventHandlers } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
  text,
} from "../support/memory-server.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { until } from "../support/turns.ts";

let server: MqttServer;

afterEach(() => server.stop());

async function start(on: ServerEventHandlers, options: MqttServerOptions = {}): Promise<void> {
  server = await startedServer({ on, ...options });
}

function newcomer(version: 4 | 5 = 5): MqttPeer {
  return new MqttPeer(server.connectInMemory(), version);
}

function subscription(...filters: string[]): SubscribePacket {
  const plain = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const subscriptions = filters.map((topicFilter) => ({ topicFilter, ...plain }));
  return { type: "subscribe", packetIdentifier: 9, subscriptions };
}

describe("validatingConnection", () => {
  it("refuses with a code, a reason, a server to go to and user properties", async () => {
    await start({
      validatingConnection: (event) => {
        event.reasonCode = 0x9c;
        event.reasonString = "full";
        event.serverReference = "other:1883";
        event.responseUserProperties = [["a", "b"]];
      },
    });
    expect(await newcomer().connect()).toMatchObject({
      type: "connack",
      reasonCode: 0x9c,
      properties: {
        reasonString: "full",
        serverReference: "other:1883",
        userProperties: [["a", "b"]],
      },
    });
  });

  it("grants a Client Identifier, a Keep Alive, an expiry interval and the rest of CONNACK", async () => {
    await start({
      validatingConnection: (event) => {
        event.assignedClientId = "given";
        event.serverKeepAliveSeconds = 7;
        event.grantedSessionExpiryIntervalSeconds = 70;
        event.responseInformation = "answers/";
        event.authenticationMethodAccepted = true;
        event.responseAuthenticationData = Uint8Array.of(1, 2);
        event.reasonString = "hello";
      },
    });
    const properties = { requestResponseInformation: true, authenticationMethod: "token" };
    const connack = await newcomer().connect({ clientId: "", properties });
    expect(connack).toMatchObject({
      reasonCode: 0,
      properties: {
        assignedClientId: "given",
        serverKeepAliveSeconds: 7,
        sessionExpiryIntervalSeconds: 70,
        responseInformation: "answers/",
        authenticationData: Uint8Array.of(1, 2),
        reasonString: "hello",
      },
    });
    expect(server.sessions.get("given")).toMatchObject({ expiryIntervalSeconds: 70 });
    expect(server.clients.get("given")).toMatchObject({ keepAliveSeconds: 7 });
  });

  it.each([4, 5] as const)("leaves a client its own identifier, version %i", async (version) => {
    await start({ validatingConnection: (event) => void (event.assignedClientId = "given") });
    const connack = await newcomer(version).connect({
      clientId: "own",
      protocolVersion: version,
      keepAliveSeconds: 7,
    });
    expect(connack).toMatchObject({ reasonCode: 0 });
    expect(connack).not.toHaveProperty("properties.assignedClientId");
    expect(server.clients.get("own")).toBeDefined();
    expect(server.clients.get("given")).toBeUndefined();
    expect(server.statistics.handlerFailures).toBe(1);
  });

  it("keeps whom it refuses from taking over a session", async () => {
    let isOpen = true;
    await start({
      validatingConnection: (event) => {
        if (!isOpen) event.reasonCode = 0x87;
      },
    });
    const first = await connected(server, "one");
    isOpen = false;
    expect(await newcomer().connect({ clientId: "one" })).toMatchObject({ reasonCode: 0x87 });
    first.sendPacket({ type: "pingreq" });
    expect(await first.packet()).toEqual({ type: "pingresp" });
  });
});

describe("session items", () => {
  it("are one map for all events of a session", async () => {
    const seen: unknown[] = [];
    await start({
      validatingConnection: ({ sessionItems }) => void sessionItems.set("user", "ann"),
      clientConnected: ({ sessionItems }) => void seen.push(sessionItems.get("user")),
      interceptingSubscription: ({ sessionItems }) => void seen.push(sessionItems.get("user")),
      interceptingPublish: ({ sessionItems }) => void seen.push(sessionItems.get("user")),
      clientDisconnected: ({ sessionItems }) => void seen.push(sessionItems.get("user")),
      sessionDeleted: ({ sessionItems }) => void seen.push(sessionItems.get("user")),
    });
    const client = await connected(server, "one");
    await subscribe(client, "a");
    client.sendPacket(publication("b", "", 1));
    await client.packet();
    client.end();
    await until(() => seen.length === 5);
    expect(new Set(seen)).toEqual(new Set(["ann"]));
  });

  it("survive the connection; those of the next one are joined with them, where the newer counts", async () => {
    let round = 0;
    await start({
      validatingConnection: ({ sessionItems }) => {
        round += 1;
        sessionItems.set(`round ${round}`, true).set("latest", round);
      },
    });
    const first = await connected(server, "one", LASTING);
    first.end();
    await until(() => server.clients.count === 0);
    await connected(server, "one", LASTING);
    const items = Object.fromEntries(server.sessions.get("one")?.items ?? []);
    expect(items).toEqual({ "round 1": true, "round 2": true, latest: 2 });
  });

  it("are new with Clean Start", async () => {
    await start({
      clientConnected: ({ sessionItems }) => void sessionItems.set("old", true),
    });
    await connected(server, "one", LASTING);
    const seen: unknown[] = [];
    server.on("clientConnected", ({ sessionItems }) => void seen.push(sessionItems.size));
    await connected(server, "one", { ...LASTING, cleanStart: true });
    expect(seen).toEqual([1]);
  });
});

describe("interceptingSubscription", () => {
  it("throws where a handler writes into the filter, which is to be replaced", async () => {
    let failure: unknown;
    await start({
      interceptingSubscription: ({ topicFilter }) => {
        try {
          Object.assign(topicFilter, { qos: 0 });
        } catch (error) {
          failure = error;
        }
      },
    });
    const client = await connected(server, "one");
    client.sendPacket(subscription("a"));
    await client.packet();
    expect(failure).toBeInstanceOf(TypeError);
  });

  it("may put another filter, QoS and options in place of the client's", async () => {
    await start({
      interceptingSubscription: (event) => {
        const { topicFilter } = event;
        const own = `home/${topicFilter.topicFilter}`;
        event.topicFilter = { ...topicFilter, topicFilter: own, qos: 1, retainAsPublished: true };
      },
    });
    const client = await connected(server, "one");
    client.sendPacket(subscription("a"));
    expect(await client.packet()).toMatchObject({ type: "suback", reasonCodes: [1] });
    expect(server.sessions.subscriptions("one")).toMatchObject([
      { topicFilter: "home/a", qos: 1, retainAsPublished: true },
    ]);
  });

  it("may grant another QoS, refuse, explain, and pretend", async () => {
    await start({
      interceptingSubscription: (event) => {
        const { topicFilter } = event.topicFilter;
        event.response.userProperties = [["filter", topicFilter]];
        event.response.reasonString = `about ${topicFilter}`;
        if (topicFilter === "lower") event.response.reasonCode = 0;
        if (topicFilter === "refused") event.response.reasonCode = 0x87;
        if (topicFilter === "pretended") event.processSubscription = false;
      },
    });
    const client = await connected(server, "one");
    client.sendPacket(subscription("lower", "refused", "pretended"));
    expect(await client.packet()).toMatchObject({
      type: "suback",
      reasonCodes: [0, 0x87, 2],
      properties: {
        reasonString: "about lower; about refused; about pretended",
        userProperties: [
          ["filter", "lower"],
          ["filter", "refused"],
          ["filter", "pretended"],
        ],
      },
    });
    const filters = server.sessions.subscriptions("one");
    expect(filters?.map(({ topicFilter }) => topicFilter)).toEqual(["lower"]);
  });

  it("may end the connection, after SUBACK has left", async () => {
    await start({
      interceptingSubscription: (event) => {
        event.closeConnection = true;
      },
    });
    const client = await connected(server, "one");
    client.sendPacket(subscription("a"));
    expect(await client.packet()).toMatchObject({ type: "suback" });
    expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x80 });
    await client.closed;
  });

  it("a refused filter gives no retained messages", async () => {
    await start({
      interceptingSubscription: (event) => {
        if (event.topicFilter.topicFilter === "a") event.response.reasonCode = 0x87;
      },
    });
    await server.retainedMessages.set({ topic: "a", payload: "x" });
    await server.retainedMessages.set({ topic: "b", payload: "x" });
    const client = await connected(server, "one");
    client.sendPacket(subscription("a", "b"));
    await client.packet();
    expect(await client.packet()).toMatchObject({ type: "publish", topic: "b" });
  });
});

describe("interceptingUnsubscription", () => {
  it("may refuse, explain, and pretend", async () => {
    const gone: string[] = [];
    await start({
      interceptingUnsubscription: (event) => {
        event.response.userProperties = [["topic", event.topic]];
        event.response.reasonString = `about ${event.topic}`;
        if (event.topic === "a") event.response.reasonCode = 0x87;
        if (event.topic === "b") event.processUnsubscription = false;
      },
      clientUnsubscribedTopic: ({ topic }) => void gone.push(topic),
    });
    const client = await connected(server, "one");
    client.sendPacket(subscription("a", "b", "c"));
    await client.packet();
    const topicFilters = ["a", "b", "c", "d"];
    client.sendPacket({ type: "unsubscribe", packetIdentifier: 3, topicFilters });
    expect(await client.packet()).toMatchObject({
      type: "unsuback",
      reasonCodes: [0x87, 0, 0, 0x11],
      properties: {
        reasonString: "about a; about b; about c; about d",
        userProperties: topicFilters.map((topic) => ["topic", topic]),
      },
    });
    const left = server.sessions.subscriptions("one")?.map(({ topicFilter }) => topicFilter);
    expect(left).toEqual(["a", "b"]);
    expect(gone).toEqual(["c"]);
  });

  it("may end the connection, after UNSUBACK has left", async () => {
    await start({
      interceptingUnsubscription: (event) => {
        event.closeConnection = true;
      },
    });
    const client = await connected(server, "one");
    client.sendPacket({ type: "unsubscribe", packetIdentifier: 3, topicFilters: ["a"] });
    expect(await client.packet()).toMatchObject({ type: "unsuback" });
    expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x80 });
  });
});

describe("preparingSession", () => {
  it("is told of the Will and restores a session, in order, before CONNACK", async () => {
    const events: unknown[] = [];
    await start({
      preparingSession: (event) => {
        events.push([event.isExistingSession, event.willDelayIntervalSeconds]);
        if (event.isExistingSession) return;
        event.subscriptions = [{ topicFilter: "restored", qos: 1 }];
        const message = { topic: "kept", qos: 1, retain: false } as const;
        event.messages = [1, 2].map((byte) => ({ ...message, payload: Uint8Array.of(byte) }));
      },
    });
    const will = {
      topic: "w",
      payload: new Uint8Array(0),
      qos: 0,
      retain: false,
      properties: { willDelayIntervalSeconds: 5 },
    } as const;
    const client = newcomer();
    expect(await client.connect({ clientId: "one", ...LASTING, will })).toMatchObject({
      sessionPresent: true,
    });
    expect(await client.packet()).toMatchObject({ topic: "kept", payload: Uint8Array.of(1) });
    expect(await client.packet()).toMatchObject({ topic: "kept", payload: Uint8Array.of(2) });
    await server.injectApplicationMessage({ topic: "restored" });
    expect(await client.packet()).toMatchObject({ topic: "restored" });
    await connected(server, "one", LASTING);
    expect(events).toEqual([
      [false, 5],
      [true, undefined],
    ]);
  });
});

describe("clientConnected and clientDisconnected", () => {
  it("are told the password", async () => {
    const seen: unknown[] = [];
    await start({
      clientConnected: ({ password, userName }) => void seen.push([userName, text(password)]),
      clientDisconnected: ({ password }) => void seen.push(text(password)),
    });
    const password = new TextEncoder().encode("secret");
    const client = await connected(server, "one", { userName: "ann", password });
    client.end();
    await until(() => seen.length === 2);
    expect(seen).toEqual([["ann", "secret"], "secret"]);
  });

  it("tells what DISCONNECT of the client said", async () => {
    const seen: unknown[] = [];
    await start({
      clientDisconnected: ({ disconnectType, reasonCode, reasonString, userProperties }) => {
        seen.push({ disconnectType, reasonCode, reasonString, userProperties });
      },
    });
    const client = await connected(server, "one");
    const properties = { reasonString: "bye", userProperties: [["a", "b"]] } as const;
    client.sendPacket({ type: "disconnect", reasonCode: 4, properties });
    await client.closed;
    expect(seen).toEqual([{ disconnectType: "clean", reasonCode: 4, ...properties }]);
  });
});

describe("loadingRetainedMessage", () => {
  it("brings back what was kept elsewhere, at each start", async () => {
    await start({
      loadingRetainedMessage: (event) => {
        const payload = Uint8Array.of(event.loadedRetainedMessages.length + 1);
        event.loadedRetainedMessages.push({ topic: "a", payload, qos: 1, retain: true });
      },
    });
    const client = await connected(server, "one");
    await subscribe(client, "a");
    expect(await client.packet()).toMatchObject({ topic: "a", retain: true, qos: 1 });
  });
});

describe("retainedMessageChanged", () => {
  it("tells of a message that expired", async () => {
    const clock = new ManualClock();
    const changes: unknown[] = [];
    await start(
      {
        retainedMessageChanged: ({ topic, changedRetainedMessage }) => {
          changes.push([topic, changedRetainedMessage?.messageExpiryIntervalSeconds]);
        },
      },
      { clock },
    );
    const message = { topic: "a", payload: "1", messageExpiryIntervalSeconds: 10 } as const;
    await server.retainedMessages.set(message);
    clock.advance(10_001);
    expect(changes).toEqual([
      ["a", 10],
      ["a", undefined],
    ]);
  });

  it("says whether the message is another one than before", async () => {
    const clock = new ManualClock();
    const told: boolean[] = [];
    await start({ retainedMessageChanged: (event) => void told.push(event.isChanged) }, { clock });
    const message = { topic: "a", payload: "1", qos: 1 } as const;
    const changes = [
      message,
      message,
      { ...message, payload: "2" },
      { ...message, payload: "2", qos: 0 as const },
      { ...message, payload: "2", qos: 0 as const, contentType: "text" },
      { ...message, payload: "2", qos: 0 as const, contentType: "text" },
      { ...message, payload: "" },
    ];
    for (const change of changes) await server.retainedMessages.set(change);
    expect(told).toEqual([true, false, true, true, true, false, true]);
    told.length = 0;
    const expiring = { ...message, messageExpiryIntervalSeconds: 10 };
    for (let round = 0; round < 2; round += 1) {
      await server.retainedMessages.set(expiring);
      clock.advance(5_000);
    }
    expect(told).toEqual([true, true]);
  });

  it("does not tell of the server's own topics, which each start makes anew", async () => {
    const clock = new ManualClock();
    const topics: string[] = [];
    const retainedMessageChanged = ({ topic }: { topic: string }): void => void topics.push(topic);
    await start({ retainedMessageChanged }, { clock, systemTopics: { intervalSeconds: 1 } });
    const own = "$SYS/broker/uptime";
    await until(() => server.retainedMessages.get(own) !== undefined);
    clock.advance(1_000);
    expect(await server.retainedMessages.delete(own)).toBe(true);
    await server.retainedMessages.set({ topic: "a", payload: "1" });
    expect(topics).toEqual(["a"]);
  });
});

it.each([
  ["disconnected", {}, (client: MqttPeer) => client.end()],
  ["cleanStart", LASTING, () => void connected(server, "one", { cleanStart: true })],
  ["deleted", LASTING, () => void server.sessions.delete("one")],
  ["disconnected", {}, () => void connected(server, "one", { cleanStart: false })],
] as const)("sessionDeleted fires where a session ends: %s", async (cause, fields, end) => {
  const causes: string[] = [];
  await start({ sessionDeleted: (event) => void causes.push(event.cause) });
  end(await connected(server, "one", fields));
  await until(() => causes.length > 0);
  expect(causes).toEqual([cause]);
});

it("sessionDeleted fires where a session expires", async () => {
  const clock = new ManualClock();
  const causes: string[] = [];
  await start({ sessionDeleted: ({ cause }) => void causes.push(cause) }, { clock });
  const client = await connected(server, "one", LASTING);
  client.end();
  await until(() => server.clients.count === 0);
  clock.advance(3_600_001);
  expect(causes).toEqual(["expired"]);
});
