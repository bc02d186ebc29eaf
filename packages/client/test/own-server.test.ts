/** The client against the server of this project: every transport, and what takes two to go right. */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  MqttConnectError,
  MqttDisconnectedError,
  MqttNotSupportedError,
  connect,
} from "@anax/client";
import type {
  AuthenticationStep,
  ClientEvents,
  ClientOptions,
  Message,
  MqttClient,
  Subscription,
  TransportFactory,
} from "@anax/client";
import { MqttServer } from "@anax/server";
import type { MqttServerOptions } from "@anax/server";

const SERVER_SHUTTING_DOWN = 0x8b;
const SESSION_TAKEN_OVER = 0x8e;
/** Reconnects at once; a server that is starting refuses a few attempts. */
const AT_ONCE = { initialDelayMs: 5, delayMaxMs: 5 };

const socketPath = join(tmpdir(), `anax-client-test-${process.pid}`);
const servers: MqttServer[] = [];
const clients: MqttClient[] = [];

async function start(options: MqttServerOptions = {}): Promise<MqttServer> {
  const listeners = [
    { type: "tcp", host: "127.0.0.1", port: 0 },
    { type: "websocket", host: "127.0.0.1", port: 0 },
    { type: "unix", path: socketPath },
    { type: "memory" },
  ] as const;
  const server = new MqttServer({ listeners, systemTopics: false, ...options });
  servers.push(server);
  await server.start();
  return server;
}

/** A connection without a network, whose bytes wait for nobody. */
function inMemory(server: MqttServer): TransportFactory {
  return async (_request, events) => {
    const stream = server.connectInMemory();
    stream.on("data", (chunk: Uint8Array) => events.onBytes(chunk));
    stream.on("drain", () => events.onDrained());
    stream.on("close", () => events.onClosed());
    return {
      write: (bytes) => stream.write(bytes),
      close: () => stream.end(),
      destroy: () => stream.destroy(),
    };
  };
}

async function open(
  server: MqttServer,
  options: ClientOptions = {},
  transport: "tcp" | "ws" | "unix" | "memory" = "memory",
): Promise<MqttClient> {
  const isInMemory = transport === "memory";
  const url = isInMemory ? "mqtt://in.memory" : server.address(transport).url;
  const memory = isInMemory ? { transport: inMemory(server) } : {};
  const client = await connect(url, { reconnect: AT_ONCE, ...memory, ...options });
  clients.push(client);
  return client;
}

/** The next event of this name. */
function next<Name extends keyof ClientEvents>(
  client: MqttClient,
  name: Name,
): Promise<ClientEvents[Name]> {
  return new Promise((resolve) => {
    const registration = client.on(name, (event) => {
      registration.dispose();
      resolve(event);
    });
  });
}

async function take(subscription: Subscription, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  const iterator = subscription[Symbol.asyncIterator]();
  while (messages.length < count) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    messages.push(value);
  }
  return messages;
}

function texts(messages: readonly Message[]): string[] {
  return messages.map(({ text }) => text);
}

beforeEach(() => {
  rmSync(socketPath, { force: true });
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.disconnect();
  for (const server of servers.splice(0)) await server.stop({ deadlineMs: 100 });
});

describe.each(["tcp", "ws", "unix", "memory"] as const)("over %s", (transport) => {
  it.each([3, 4, 5] as const)("in version %i, every QoS goes both ways", async (version) => {
    const client = await open(await start(), { protocolVersion: version }, transport);
    const subscription = client.subscribe("a/+", { qos: 2 });
    expect((await subscription).grantedQos).toBe(2);
    for (const qos of [0, 1, 2] as const) await client.publish("a/b", `${qos}`, { qos });
    const messages = await take(subscription, 3);
    expect(messages.map(({ text, qos }) => `${text}${qos}`)).toEqual(["00", "11", "22"]);
  });

  it("keeps 10 000 messages in their order, none lost and none twice", async () => {
    const server = await start({ queueMessagesMax: 20_000 });
    const client = await open(server, {}, transport);
    const numbers: number[] = [];
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const onMessage = ({ text }: Message): void => {
      numbers.push(Number(text));
      if (numbers.length === 10_000) finish();
    };
    await client.subscribe("many", onMessage, { qos: 1 });
    const sent = Array.from({ length: 10_000 }, (_, number) =>
      client.publish("many", `${number}`, { qos: 1 }),
    );
    await Promise.all(sent);
    await finished;
    expect(numbers).toEqual(sent.map((_, number) => number));
  });
});

describe("a Session", () => {
  const KEPT = { clientId: "kept", cleanStart: false, sessionExpiryIntervalSeconds: 60 };

  it("goes on when the server is there again, with what was published meanwhile", async () => {
    const server = await start();
    const client = await open(server, KEPT);
    const subscription = client.subscribe("a", { qos: 1 });
    await subscription;
    const lost = next(client, "disconnected");
    await server.stop();
    await expect(lost).resolves.toMatchObject({
      reasonCode: SERVER_SHUTTING_DOWN,
      willReconnect: true,
    });
    const later = client.publish("a", "later", { qos: 2 });
    const back = next(client, "connected");
    await server.start();
    expect((await back).sessionPresent).toBe(true);
    await later;
    expect(texts(await take(subscription, 1))).toEqual(["later"]);
  });

  it("that the server has forgotten is made anew with its subscriptions", async () => {
    const server = await start();
    const client = await open(server);
    const subscription = client.subscribe("a");
    await subscription;
    await server.stop();
    const back = next(client, "connected");
    await server.start();
    expect((await back).sessionPresent).toBe(false);
    await client.ping();
    await client.publish("a", "again");
    expect(texts(await take(subscription, 1))).toEqual(["again"]);
  });

  it("keeps messages for a client that is away, and gives them when it returns", async () => {
    const server = await start();
    const away = await open(server, KEPT);
    await away.subscribe("a", { qos: 1 });
    await away.disconnect();
    const other = await open(server);
    await other.publish("a", "1", { qos: 1 });
    await other.publish("a", "2", { qos: 2 });
    const back = await open(server, KEPT);
    expect(texts(await take(back.subscribe("a", { qos: 1, retainHandling: 2 }), 2))).toEqual([
      "1",
      "2",
    ]);
  });

  it("[MQTT-3.1.4-3] is taken over; the client that had it does not fight for it", async () => {
    const server = await start();
    const first = await open(server, { clientId: "one" });
    const ended = next(first, "disconnected");
    await open(server, { clientId: "one" });
    await expect(ended).resolves.toMatchObject({
      reasonCode: SESSION_TAKEN_OVER,
      willReconnect: false,
    });
  });
});

describe("a will", () => {
  it("[MQTT-3.1.2-8] is published when the connection is lost", async () => {
    const server = await start();
    const watcher = await open(server);
    const wills = watcher.subscribe("will/+", { qos: 1 });
    await wills;
    const will = { topic: "will/a", payload: "gone", qos: 1, contentType: "text" } as const;
    const client = await open(server, { clientId: "a", reconnect: false, will });
    await server.clients.disconnect(client.clientId, { reasonCode: 0x98 });
    const [message] = await take(wills, 1);
    expect(message).toMatchObject({ text: "gone", contentType: "text", qos: 1 });
  });

  it("[MQTT-3.14.4-3] is forgotten after an orderly end, unless that asks for it", async () => {
    const server = await start();
    const watcher = await open(server);
    const wills = watcher.subscribe("will");
    await wills;
    for (const [payload, reasonCode] of [
      ["silent", 0],
      ["told", 4],
    ] as const) {
      const client = await open(server, { will: { topic: "will", payload } });
      await client.disconnect({ reasonCode });
    }
    expect(texts(await take(wills, 1))).toEqual(["told"]);
  });
});

describe("MQTT 5.0", () => {
  it("carries a request and its response", async () => {
    const server = await start();
    const [asking, answering] = [await open(server), await open(server)];
    await answering.subscribe("question", ({ text, responseTopic = "", correlationData }) =>
      answering.publish(responseTopic, `${text}!`, { correlationData }),
    );
    const answers = asking.subscribe(`answer/${asking.clientId}`);
    await answers;
    await asking.publish("question", "ready", {
      responseTopic: `answer/${asking.clientId}`,
      correlationData: Uint8Array.of(1, 2),
    });
    const [answer] = await take(answers, 1);
    expect(answer?.text).toBe("ready!");
    expect(answer?.correlationData).toEqual(Uint8Array.of(1, 2));
  });

  it("carries all properties of a message", async () => {
    const client = await open(await start());
    const subscription = client.subscribe("p", { subscriptionIdentifier: 7 });
    await subscription;
    await client.publish("p", "x", {
      contentType: "text/plain",
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: 60,
      userProperties: [
        ["a", "1"],
        ["a", "2"],
      ],
    });
    const [message] = await take(subscription, 1);
    expect(message).toMatchObject({
      contentType: "text/plain",
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: 60,
      subscriptionIdentifiers: [7],
      userProperties: [
        ["a", "1"],
        ["a", "2"],
      ],
    });
  });

  it("uses Topic Aliases both ways", async () => {
    const server = await start({ topicAliasMaximum: 2, outgoingTopicAliasMaximum: 2 });
    const client = await open(server, { topicAliasMaximum: 2 });
    const empty = { in: 0, out: 0 };
    client.on("packet", ({ direction, packet }) => {
      if (packet.type === "publish" && packet.topic === "") empty[direction] += 1;
    });
    const subscription = client.subscribe("topic/#");
    await subscription;
    const topics = [1, 1, 2, 1, 3, 2, 3].map((number) => `topic/${number}`);
    for (const topic of topics) await client.publish(topic);
    const messages = await take(subscription, topics.length);
    expect(messages.map(({ topic }) => topic)).toEqual(topics);
    expect(empty.in).toBeGreaterThan(0);
    expect(empty.out).toBeGreaterThan(0);
  });

  it("works through a Receive Maximum of 1 on both sides", async () => {
    const server = await start({ receiveMaximum: 1 });
    const client = await open(server, { receiveMaximum: 1 });
    const subscription = client.subscribe("one", { qos: 2 });
    await subscription;
    const numbers = Array.from({ length: 50 }, (_, number) => `${number}`);
    await Promise.all(
      numbers.map((text, index) => client.publish("one", text, { qos: index % 2 ? 1 : 2 })),
    );
    expect(texts(await take(subscription, 50)).toSorted()).toEqual(numbers.toSorted());
  });

  it("[MQTT-3.2.2-15] does not send what is larger than the server takes", async () => {
    const client = await open(await start({ maximumPacketSize: 1_000 }));
    const large = client.publish("a", new Uint8Array(2_000), { qos: 1 });
    await expect(large).rejects.toBeInstanceOf(MqttNotSupportedError);
    await client.publish("a", new Uint8Array(500), { qos: 1 });
  });

  it("[MQTT-3.1.2-24] is not sent what is larger than it takes", async () => {
    const server = await start();
    const [small, other] = [await open(server, { maximumPacketSize: 100 }), await open(server)];
    const subscription = small.subscribe("a", { qos: 1 });
    await subscription;
    await other.publish("a", new Uint8Array(200), { qos: 1 });
    await other.publish("a", "fits", { qos: 1 });
    expect(texts(await take(subscription, 1))).toEqual(["fits"]);
  });

  it("authenticates by an exchange of AUTH, and again", async () => {
    const steps: string[] = [];
    const server = await start({
      on: {
        async validatingConnection(event) {
          const answer = await event.exchangeEnhancedAuthentication({
            authenticationData: new TextEncoder().encode("who?"),
          });
          steps.push(new TextDecoder().decode(answer.properties?.authenticationData));
        },
      },
    });
    const handler = ({ type }: AuthenticationStep): Uint8Array | undefined =>
      type === "continue" ? new TextEncoder().encode("me") : undefined;
    const client = await open(server, { authentication: { method: "ask", handler } });
    await client.reauthenticate();
    expect(steps).toEqual(["me", "me"]);
  });
});

describe("manual acknowledgement", () => {
  it("has the server give again what was not acknowledged, and nothing else", async () => {
    const server = await start();
    const options = {
      clientId: "manual",
      cleanStart: false,
      sessionExpiryIntervalSeconds: 60,
      manualAcknowledge: true,
    };
    const client = await open(server, options);
    const subscription = client.subscribe("work", { qos: 1 });
    await subscription;
    for (const text of ["1", "2", "3"]) await client.publish("work", text, { qos: 1 });
    const [first] = await take(subscription, 3);
    first?.acknowledge();
    await client.ping();
    await client.disconnect();
    const back = await open(server, options);
    const rest = await take(back.subscribe("work", { qos: 1, retainHandling: 2 }), 2);
    expect(rest.map(({ text, duplicate }) => `${text} ${duplicate}`)).toEqual(["2 true", "3 true"]);
  });
});

describe("the server's word", () => {
  it("refuses who has a wrong password, and lets in who has the right one", async () => {
    const server = await start({ users: { me: "secret" } });
    const wrong = open(server, { userName: "me", password: "guess" });
    await expect(wrong).rejects.toMatchObject({ reasonCode: 0x86, code: "ANAX_CONNECT_FAILED" });
    await expect(wrong).rejects.toBeInstanceOf(MqttConnectError);
    const client = await open(server, { userName: "me", password: () => "secret" });
    expect(client.connected).toBe(true);
  });

  it("ends every wait when it does not come back", async () => {
    const server = await start();
    const client = await open(server, { reconnect: false });
    const loop = take(client.subscribe("a"), 1);
    await server.stop();
    await expect(loop).rejects.toBeInstanceOf(MqttDisconnectedError);
    await expect(client.publish("a")).rejects.toBeInstanceOf(MqttDisconnectedError);
  });
});

describe("overlapping subscriptions, of a server that sends each message once", () => {
  it.each([3, 4, 5] as const)(
    "in version %i get each message and each retained message once",
    async (protocolVersion) => {
      const server = await start();
      const client = await open(server, { protocolVersion }, "tcp");
      const seen: string[] = [];
      await client.publish("a/b", "kept", { qos: 1, retain: true });
      await client.subscribe("a/#", ({ text }) => seen.push(`wide ${text}`), { qos: 1 });
      await client.subscribe("a/b", ({ text }) => seen.push(`narrow ${text}`), { qos: 1 });
      await client.subscribe("a/b", ({ text }) => seen.push(`same ${text}`), { qos: 2 });
      await client.subscribe(["+/b", "a/+"], ({ text }) => seen.push(`both ${text}`), { qos: 1 });
      for (const text of ["1", "2", "2"]) await client.publish("a/b", text, { qos: 2 });
      await client.ping();
      const names = ["both", "narrow", "same", "wide"];
      const expected = names.flatMap((name) => ["1", "2", "2", "kept"].map((t) => `${name} ${t}`));
      expect(seen.toSorted()).toEqual(expected);
    },
  );
});
