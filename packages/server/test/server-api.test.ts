import { duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MqttServer } from "../src/index.ts";
import type { InjectedApplicationMessage, MqttServerOptions } from "../src/index.ts";
import { MqttPeer } from "./support/mqtt-peer.ts";
import { turns, until } from "./support/turns.ts";

let server: MqttServer;

beforeEach(() => start({}));
afterEach(() => server.stop());

async function start(options: MqttServerOptions): Promise<void> {
  if (server?.isStarted) await server.stop();
  server = new MqttServer({ listeners: [{ type: "memory" }], systemTopics: false, ...options });
  await server.start();
}

async function connected(clientId = "client", version: 4 | 5 = 5): Promise<MqttPeer> {
  const client = new MqttPeer(server.connectInMemory(), version);
  await client.connect({ clientId });
  return client;
}

const publish = {
  type: "publish",
  topic: "a",
  payload: Uint8Array.of(1),
  qos: 1,
  packetIdentifier: 7,
  retain: false,
  duplicate: false,
} as const;

describe("injectApplicationMessage", () => {
  it("tells how many subscribers it reached", async () => {
    const [one, two] = [await connected("one"), await connected("two")];
    await one.subscribe("a");
    await two.subscribe("#");
    const message = { topic: "a", payload: "héllo", qos: 2, contentType: "text/plain" } as const;
    expect(await server.injectApplicationMessage(message)).toEqual({
      matched: 2,
      queued: 2,
      dropped: 0,
      reasonCode: 0,
    });
    const received = await one.packet();
    expect(received).toMatchObject({ topic: "a", properties: { contentType: "text/plain" } });
    const payload = received?.type === "publish" ? received.payload : undefined;
    expect(new TextDecoder().decode(payload)).toBe("héllo");
  });

  it("says 0x10 where nobody subscribes", async () => {
    const result = await server.injectApplicationMessage({ topic: "nobody" });
    expect(result).toEqual({ matched: 0, queued: 0, dropped: 0, reasonCode: 0x10 });
  });

  it("goes through the interceptor, in the name that it is given", async () => {
    const senders: unknown[] = [];
    server.on("interceptingPublish", async (event) => {
      await turns(1);
      senders.push([event.clientId, event.userName, event.sessionItems.get("role")]);
      event.processPublish = false;
      event.response.reasonCode = 0x87;
    });
    const sender = { clientId: "job", userName: "ann", sessionItems: new Map([["role", "admin"]]) };
    const result = await server.injectApplicationMessage({ topic: "a" }, sender);
    expect(result.reasonCode).toBe(0x87);
    expect(senders).toEqual([["job", "ann", "admin"]]);
  });

  it("keeps the order of several, also from inside a handler", async () => {
    const subscriber = await connected("subscriber");
    await subscriber.subscribe("#");
    server.on("clientConnected", () => {
      void server.injectApplicationMessage({ topic: "1" });
      void server.injectApplicationMessage({ topic: "2" });
    });
    await connected("newcomer");
    expect(await subscriber.packet()).toMatchObject({ topic: "1" });
    expect(await subscriber.packet()).toMatchObject({ topic: "2" });
  });

  it("refuses what cannot be published", async () => {
    const refused: readonly object[] = [
      { topic: "a/#" },
      { topic: "" },
      {},
      { topic: "a", payload: 5 },
      { topic: "a", qos: 3 },
    ];
    for (const message of refused) {
      const injection = server.injectApplicationMessage(message as InjectedApplicationMessage);
      await expect(injection).rejects.toMatchObject({
        name: "MqttConfigurationError",
        code: "ANAX_CONFIGURATION",
      });
    }
    await server.stop();
    await expect(server.injectApplicationMessage({ topic: "a" })).rejects.toThrow("not started");
  });
});

describe("address", () => {
  it.each(["websocket", "ws", undefined])("finds a WebSocket listener as %s", async (type) => {
    await start({ listeners: [{ type: "websocket", port: 0 }] });
    expect(server.address(type).url).toMatch(/^ws:.*\/mqtt$/);
    expect(() => server.address("wss")).toThrow("no wss listener is listening");
  });
});

describe("handle", () => {
  it("serves a client on any stream", async () => {
    const [near, far] = duplexPair();
    server.handle(far, { transport: "serial", remoteAddress: "/dev/ttyS0" });
    const peers: unknown[] = [];
    server.on("clientConnected", ({ peer }) => void peers.push(peer));
    const client = new MqttPeer(near);
    expect(await client.connect()).toMatchObject({ type: "connack", reasonCode: 0 });
    expect(peers).toEqual([{ transport: "serial", secure: false, remoteAddress: "/dev/ttyS0" }]);
    near.end();
    await until(() => server.statistics.transportsCurrent === 0);
  });

  it("is all that a server without listeners has", async () => {
    await start({ listeners: [] });
    expect(() => server.address()).toThrow("no listener is listening");
    const [near, far] = duplexPair();
    server.handle(far);
    expect(await new MqttPeer(near).connect()).toMatchObject({ reasonCode: 0 });
    near.destroy();
  });

  it("destroys the stream of a client that is one too many", async () => {
    await start({ connectionsMax: 1 });
    await connected();
    const [near, far] = duplexPair();
    server.handle(far);
    expect(far.destroyed).toBe(true);
    near.destroy();
  });

  it("needs a started server", async () => {
    await server.stop();
    const [, far] = duplexPair();
    expect(() => server.handle(far)).toThrow("not started");
  });
});

describe("connectInMemory", () => {
  it("needs the memory listener", async () => {
    await start({ listeners: [] });
    expect(() => server.connectInMemory()).toThrow('none of type "memory"');
  });
});

describe("handlers", () => {
  it("see and change what a client publishes, synchronously and later", async () => {
    const client = await connected();
    await client.subscribe("#");
    server.on("interceptingPublish", (event) => {
      if (event.applicationMessage === undefined) return;
      event.applicationMessage = { ...event.applicationMessage, topic: "changed" };
    });
    server.on("interceptingPublish", async (event) => {
      await turns(1);
      event.response.reasonString = "seen";
    });
    client.sendPacket(publish);
    const packets = [await client.packet(), await client.packet()];
    expect(packets).toContainEqual(expect.objectContaining({ type: "publish", topic: "changed" }));
    expect(packets).toContainEqual(
      expect.objectContaining({ type: "puback", properties: { reasonString: "seen" } }),
    );
  });

  it("that fail refuse the message with 0x83, and the client stays", async () => {
    const client = await connected();
    const registration = server.on("interceptingPublish", () => {
      throw new Error("broken");
    });
    client.sendPacket(publish);
    expect(await client.packet()).toMatchObject({ type: "puback", reasonCode: 0x83 });
    registration.dispose();
    client.sendPacket({ ...publish, packetIdentifier: 8 });
    expect(await client.packet()).toMatchObject({ type: "puback", reasonCode: 0x10 });
    expect(server.statistics.handlerFailures).toBe(1);
  });

  it("that take too long have the same outcome, and only their client waits", async () => {
    await start({ handlerTimeoutMs: 50 });
    const [slow, quick] = [await connected("slow"), await connected("quick")];
    server.on("interceptingPublish", ({ clientId }) =>
      clientId === "slow" ? new Promise<void>(() => undefined) : undefined,
    );
    slow.sendPacket(publish);
    slow.sendPacket({ type: "pingreq" });
    quick.sendPacket(publish);
    expect(await quick.packet()).toMatchObject({ type: "puback", reasonCode: 0x10 });
    // PINGREQ passes what waits for a handler.
    expect(await slow.packet()).toEqual({ type: "pingresp" });
    expect(await slow.packet()).toMatchObject({ type: "puback", reasonCode: 0x83 });
    expect(server.statistics.handlerTimeouts).toBe(1);
  });

  it("keep the order of a publisher's messages, however long each takes", async () => {
    const client = await connected();
    await client.subscribe("#");
    let turnsToWait = 5;
    server.on("interceptingPublish", () => turns((turnsToWait -= 1)));
    for (const topic of ["1", "2", "3", "4"]) {
      client.sendPacket({ ...publish, qos: 0, packetIdentifier: undefined, topic } as never);
    }
    const topics: unknown[] = [];
    while (topics.length < 4) topics.push(await client.packet());
    expect(topics).toMatchObject(["1", "2", "3", "4"].map((topic) => ({ topic })));
  });

  it("are called for a connection's whole life, in this order", async () => {
    const order: string[] = [];
    for (const name of [
      "validatingConnection",
      "preparingSession",
      "clientConnected",
      "clientDisconnected",
      "sessionDeleted",
    ] as const) {
      server.on(name, () => void order.push(name));
    }
    const client = await connected();
    client.end();
    await until(() => order.includes("clientDisconnected") && order.includes("sessionDeleted"));
    expect(order.slice(0, 3)).toEqual([
      "validatingConnection",
      "preparingSession",
      "clientConnected",
    ]);
    expect(order).toHaveLength(5);
  });

  it("[MQTT-4.12.0-3] can ask a client that authenticates in several steps", async () => {
    server.on("validatingConnection", async (event) => {
      const challenge = { authenticationData: Uint8Array.of(1) };
      const answer = await event.exchangeEnhancedAuthentication(challenge);
      const isRight = answer.properties?.authenticationData?.[0] === 2;
      event.reasonCode = isRight ? 0 : 0x87;
      event.responseAuthenticationData = Uint8Array.of(3);
    });
    const client = new MqttPeer(server.connectInMemory(), 5);
    const challenge = await client.connect({ properties: { authenticationMethod: "X" } });
    expect(challenge).toMatchObject({
      type: "auth",
      reasonCode: 0x18,
      properties: { authenticationMethod: "X", authenticationData: Uint8Array.of(1) },
    });
    client.sendPacket({
      type: "auth",
      reasonCode: 0x18,
      properties: { authenticationMethod: "X", authenticationData: Uint8Array.of(2) },
    });
    expect(await client.packet()).toMatchObject({
      type: "connack",
      reasonCode: 0,
      properties: { authenticationMethod: "X", authenticationData: Uint8Array.of(3) },
    });
  });
});
