/** Does our client do with servers of others what it does with ours? */
import { connect as connectClient, MqttClient } from "@anax/client";
import type { ClientOptions, Message } from "@anax/client";
import { areInstalled } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Relay } from "./support/relay.ts";
import { startAedes, startMosquitto } from "./support/servers-of-others.ts";
import type { ForeignServer } from "./support/servers-of-others.ts";
import { startTestServer } from "./support/test-server.ts";

type Version = NonNullable<ClientOptions["protocolVersion"]>;

interface ServerUnderTest {
  readonly name: string;
  readonly versions: readonly Version[];
  readonly isPresent: boolean;
  readonly start: () => Promise<ForeignServer>;
}

/** The standard of comparison: what our client needs of a server, ours gives it too. */
async function startAnax(): Promise<ForeignServer> {
  const { server, port, webSocketUrl } = await startTestServer({
    authenticate: ({ userName, password }) =>
      userName === undefined || new TextDecoder().decode(password) === "secret",
  });
  return {
    port,
    urls: { TCP: `mqtt://127.0.0.1:${port}`, WebSocket: webSocketUrl },
    [Symbol.asyncDispose]: async () => void (await server.stop({ deadlineMs: 0 })),
  };
}

const SERVERS: readonly ServerUnderTest[] = [
  { name: "Anax", versions: [3, 4, 5], isPresent: true, start: startAnax },
  {
    name: "mosquitto",
    versions: [3, 4, 5],
    isPresent: areInstalled("mosquitto"),
    // Before MQTT 5.0 it cannot tell its limit, and forgets messages at QoS 2 that exceed it.
    start: () => startMosquitto(["max_queued_messages 10000", "max_inflight_messages 1000"]),
  },
  { name: "aedes", versions: [3, 4], isPresent: true, start: startAedes },
];

/** Takes messages of a loop until there are as many. */
async function take(messages: AsyncIterable<Message>, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  for await (const message of messages) {
    taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}

function textsOf(messages: readonly Message[]): readonly string[] {
  return messages.map(({ text }) => text);
}

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${index}`);
}

async function connect(url: string, options: ClientOptions): Promise<MqttClient> {
  const client = await connectClient(url, options);
  onTestFinished(() => client.disconnect());
  return client;
}

/** A relay that ends with the test. */
async function relayTo(port: number): Promise<Relay> {
  const relay = await Relay.to(port);
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return relay;
}

for (const { name, versions, isPresent, start } of SERVERS) {
  describe.runIf(isPresent)(`our client on ${name}`, () => {
    let server: ForeignServer;

    beforeAll(async () => {
      server = await start();
    });

    afterAll(() => server[Symbol.asyncDispose]());

    describe.each(versions)("with protocol version %i", (protocolVersion) => {
      const version: ClientOptions = { protocolVersion };
      const root = `client/${protocolVersion}`;
      /** A session that outlives its connection, as each version asks for it. */
      const lasting: ClientOptions = {
        ...version,
        cleanStart: false,
        ...(protocolVersion === 5 && { sessionExpiryIntervalSeconds: 1_000 }),
      };

      it("comes by every way that leads there", async () => {
        for (const [transport, url] of Object.entries(server.urls)) {
          const client = await connect(url, { protocolVersion });
          const subscription = client.subscribe(`${root}/${transport}`, { qos: 2 });
          await subscription;
          await client.publish(`${root}/${transport}`, new Uint8Array(10_000).fill(7), { qos: 2 });
          const [message] = await take(subscription, 1);
          expect(message?.topic).toBe(`${root}/${transport}`);
          expect(message?.payload.length).toBe(10_000);
          expect(await client.ping()).toBeGreaterThanOrEqual(0);
        }
      });

      it.each([0, 1, 2] as const)("carries messages in order at QoS %i", async (qos) => {
        const subscriber = await connect(server.urls["TCP"] ?? "", version);
        const publisher = await connect(server.urls["TCP"] ?? "", version);
        const subscription = subscriber.subscribe(`${root}/order/${qos}`, { qos });
        expect((await subscription).grantedQos).toBe(qos);
        const texts = numbers(500);
        const published = texts.map((text) =>
          publisher.publish(`${root}/order/${qos}`, text, { qos }),
        );
        const messages = await take(subscription, texts.length);
        await Promise.all(published);
        expect(textsOf(messages)).toEqual(texts);
        expect(new Set(messages.map((message) => message.qos))).toEqual(new Set([qos]));
      });

      it("finds retained messages until they are removed", async () => {
        const client = await connect(server.urls["TCP"] ?? "", version);
        await client.publish(`${root}/kept/a`, "kept", { qos: 1, retain: true });
        const [found] = await take(client.subscribe(`${root}/kept/+`, { qos: 1 }), 1);
        expect(found).toMatchObject({ topic: `${root}/kept/a`, text: "kept", retain: true });

        await client.publish(`${root}/kept/a`, "", { qos: 1, retain: true });
        const later = client.subscribe(`${root}/kept/+`, { qos: 1 });
        await later;
        await client.publish(`${root}/kept/b`, "first", { qos: 1 });
        expect(textsOf(await take(later, 1))).toEqual(["first"]);
      });

      it("leaves a will when the cable is cut", async () => {
        const relay = await relayTo(server.port);
        const watcher = await connect(server.urls["TCP"] ?? "", version);
        const wills = watcher.subscribe(`${root}/will`, { qos: 1 });
        await wills;
        await connect(`mqtt://127.0.0.1:${relay.port}`, {
          ...version,
          reconnect: false,
          will: { topic: `${root}/will`, payload: "gone", qos: 1 },
        });
        relay.cut();
        expect(textsOf(await take(wills, 1))).toEqual(["gone"]);
      });

      it("gets in its session what came while it was away", async () => {
        const clientId = `anax-away-${protocolVersion}`;
        const url = server.urls["TCP"] ?? "";
        const first = await connect(url, { ...lasting, clientId });
        await first.subscribe(`${root}/away`, { qos: 2 });
        await first.disconnect();
        const publisher = await connect(url, version);
        const texts = numbers(50);
        for (const text of texts) await publisher.publish(`${root}/away`, text, { qos: 2 });
        const second = await connectLater(url, { ...lasting, clientId }, texts.length);
        expect(second.texts).toEqual(texts);
        // CONNACK of MQTT 3.1 does not say.
        expect(second.sessionPresent).toBe(protocolVersion !== 3);
      });

      it("publishes exactly once although the cable is cut again and again", async () => {
        const relay = await relayTo(server.port);
        const watcher = await connect(server.urls["TCP"] ?? "", version);
        const subscription = watcher.subscribe(`${root}/once`, { qos: 2 });
        await subscription;
        const publisher = await connect(`mqtt://127.0.0.1:${relay.port}`, {
          ...lasting,
          clientId: `anax-once-${protocolVersion}`,
          reconnect: { initialDelayMs: 5, delayMaxMs: 20 },
        });
        // To aedes, a session is one that subscribes.
        await publisher.subscribe(`${root}/nothing`);
        const texts = numbers(300);
        let acknowledged = 0;
        const published = texts.map(async (text) => {
          await publisher.publish(`${root}/once`, text, { qos: 2 });
          acknowledged += 1;
          if (acknowledged % 75 === 0) relay.cut();
        });
        await Promise.all(published);
        await publisher.publish(`${root}/once`, "end", { qos: 2 });
        const messages = await take(subscription, texts.length + 1);
        expect(textsOf(messages).toSorted()).toEqual([...texts, "end"].toSorted());
        expect(messages.at(-1)?.text).toBe("end");
      });

      it("comes back to its subscriptions after the cable was cut", async () => {
        const relay = await relayTo(server.port);
        const subscriber = await connect(`mqtt://127.0.0.1:${relay.port}`, {
          ...version,
          reconnect: { initialDelayMs: 5, delayMaxMs: 20 },
        });
        const subscription = subscriber.subscribe(`${root}/again`, { qos: 1 });
        await subscription;
        const reconnected = new Promise((resolve) => subscriber.on("connected", resolve));
        relay.cut();
        await reconnected;
        // What follows SUBSCRIBE on the same connection is answered after it.
        await subscriber.publish(`${root}/again`, "here again", { qos: 1 });
        expect(textsOf(await take(subscription, 1))).toEqual(["here again"]);
      });

      it("comes in with the right password only", async () => {
        const url = server.urls["TCP"] ?? "";
        const anna = { ...version, userName: "anna" };
        await connect(url, { ...anna, password: "secret" });
        await expect(connect(url, { ...anna, password: "wrong" })).rejects.toMatchObject({
          code: "ANAX_CONNECT_FAILED",
          reasonCode: expect.toSatisfy((code) => code === 0x86 || code === 0x87),
        });
      });
    });
  });
}

/** Comes back to a session and takes what waits in it. */
async function connectLater(
  url: string,
  options: ClientOptions,
  count: number,
): Promise<{ readonly texts: readonly string[]; readonly sessionPresent: boolean | undefined }> {
  const client = new MqttClient(url, options);
  onTestFinished(() => client.disconnect());
  const texts: string[] = [];
  const complete = new Promise<void>((resolve) => {
    client.on("message", ({ text }) => {
      texts.push(text);
      if (texts.length === count) resolve();
    });
  });
  const { sessionPresent } = await client.connect();
  await complete;
  return { texts, sessionPresent };
}
