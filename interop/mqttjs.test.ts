/** Do clients on MQTT.js, over TCP and WebSocket, get from us what they expect? */
import mqtt from "mqtt";
import type { IClientOptions, IPublishPacket, MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { serverEvent, startTestServer } from "./support/test-server.ts";
import type { TestServer } from "./support/test-server.ts";

interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly packet: IPublishPacket;
}

/** A client's messages, in the order in which they came. */
class Inbox {
  readonly #messages: Received[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(client: MqttClient) {
    client.on("message", (topic, payload, packet) => {
      this.#messages.push({ topic, payload: payload.toString(), packet });
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Takes as many messages, when they are there. */
  async take(count: number): Promise<readonly Received[]> {
    while (this.#messages.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#messages.splice(0, count);
  }
}

const QOS = [0, 1, 2] as const;

const VARIANTS = [
  { transport: "TCP", version: "3.1", options: { protocolId: "MQIsdp", protocolVersion: 3 } },
  { transport: "TCP", version: "3.1.1", options: { protocolVersion: 4 } },
  { transport: "TCP", version: "5.0", options: { protocolVersion: 5 } },
  { transport: "WebSocket", version: "3.1.1", options: { protocolVersion: 4 } },
  { transport: "WebSocket", version: "5.0", options: { protocolVersion: 5 } },
] as const;

let broker: TestServer;

beforeAll(async () => {
  // MQTT.js sends whatever it is given at once, without regard to the server's Receive Maximum.
  broker = await startTestServer({ receiveMaximum: 10_000, queueMessagesMax: 10_000 });
});

afterAll(() => broker[Symbol.asyncDispose]());

async function connect(
  transport: "TCP" | "WebSocket",
  options: IClientOptions,
): Promise<MqttClient> {
  const url = transport === "TCP" ? `mqtt://127.0.0.1:${broker.port}` : broker.webSocketUrl;
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 10, ...options });
  onTestFinished(() => client.endAsync(true));
  return client;
}

describe.each(VARIANTS)(
  "MQTT.js over $transport in MQTT $version",
  ({ transport, version, options }) => {
    const root = `${transport}/${version}`;
    const is5 = version === "5.0";
    /** Sessions that outlive their connection, as each version asks for them. */
    const lasting: IClientOptions = {
      ...options,
      clean: false,
      ...(is5 && { properties: { sessionExpiryInterval: 1_000 } }),
    };

    it.each(QOS)("carries messages at QoS %s", async (qos) => {
      const subscriber = await connect(transport, options);
      const publisher = await connect(transport, options);
      const inbox = new Inbox(subscriber);
      const [granted] = await subscriber.subscribeAsync(`${root}/qos/#`, { qos: 2 });
      await publisher.publishAsync(`${root}/qos/${qos}`, `at ${qos}`, { qos });
      const [message] = await inbox.take(1);
      expect(granted?.qos).toBe(2);
      expect(message).toMatchObject({
        topic: `${root}/qos/${qos}`,
        payload: `at ${qos}`,
        packet: { qos, retain: false, dup: false },
      });
    });

    it.each(QOS)("carries thousands of messages in order at QoS %s", async (qos) => {
      const subscriber = await connect(transport, options);
      const publisher = await connect(transport, options);
      const inbox = new Inbox(subscriber);
      await subscriber.subscribeAsync(`${root}/many/${qos}`, { qos });
      const payloads = Array.from({ length: 3_000 }, (_, index) => `${index}`);
      // MQTT.js waits with a listener for each message when its stream is full, and Node warns of more than 1 000.
      publisher.stream.setMaxListeners(payloads.length);
      const published = payloads.map((payload) =>
        publisher.publishAsync(`${root}/many/${qos}`, payload, { qos }),
      );
      const messages = await inbox.take(payloads.length);
      await Promise.all(published);
      expect(messages.map(({ payload }) => payload)).toEqual(payloads);
    });

    it("finds retained messages", async () => {
      const publisher = await connect(transport, options);
      await publisher.publishAsync(`${root}/kept`, "kept", { qos: 1, retain: true });
      const subscriber = await connect(transport, options);
      const inbox = new Inbox(subscriber);
      await subscriber.subscribeAsync(`${root}/kept`, { qos: 1 });
      const [message] = await inbox.take(1);
      expect(message).toMatchObject({ payload: "kept", packet: { retain: true, qos: 1 } });
    });

    it("stops getting what it unsubscribes", async () => {
      const client = await connect(transport, options);
      const inbox = new Inbox(client);
      await client.subscribeAsync([`${root}/left`, `${root}/stays`], { qos: 1 });
      await client.unsubscribeAsync(`${root}/left`);
      await client.publishAsync(`${root}/left`, "left", { qos: 1 });
      await client.publishAsync(`${root}/stays`, "stays", { qos: 1 });
      expect((await inbox.take(1)).map(({ payload }) => payload)).toEqual(["stays"]);
    });

    it("leaves a will when its connection breaks", async () => {
      const watcher = await connect(transport, options);
      const inbox = new Inbox(watcher);
      await watcher.subscribeAsync(`${root}/will`, { qos: 1 });
      const mortal = await connect(transport, {
        ...options,
        reconnectPeriod: 0,
        will: { topic: `${root}/will`, payload: Buffer.from("gone"), qos: 1, retain: false },
      });
      mortal.stream.destroy();
      const [message] = await inbox.take(1);
      expect(message).toMatchObject({ payload: "gone", packet: { qos: 1 } });
    });

    it("gets in its session what came while it was away", async () => {
      const clientId = `js-${transport}-${version}`;
      const first = await connect(transport, { ...lasting, clientId });
      await first.subscribeAsync(`${root}/offline`, { qos: 2 });
      await first.endAsync();
      const publisher = await connect(transport, options);
      const payloads = Array.from({ length: 100 }, (_, index) => `${index}`);
      for (const payload of payloads) {
        await publisher.publishAsync(`${root}/offline`, payload, { qos: 2 });
      }
      const second = await connect(transport, { ...lasting, clientId });
      const messages = await new Inbox(second).take(payloads.length);
      expect(messages.map(({ payload }) => payload)).toEqual(payloads);
    });

    it("comes back after its connection broke, and misses nothing", async () => {
      const clientId = `js-back-${transport}-${version}`;
      const subscriber = await connect(transport, { ...lasting, clientId });
      const inbox = new Inbox(subscriber);
      await subscriber.subscribeAsync(`${root}/back`, { qos: 2 });
      const publisher = await connect(transport, options);
      const payloads = Array.from({ length: 60 }, (_, index) => `${index}`);
      for (const [index, payload] of payloads.entries()) {
        if (index % 20 === 10) subscriber.stream.destroy();
        await publisher.publishAsync(`${root}/back`, payload, { qos: 2 });
      }
      const messages = await inbox.take(payloads.length);
      expect(messages.map(({ payload }) => payload)).toEqual(payloads);
    });

    it("publishes what it had queued while there was no connection, once", async () => {
      const watcher = await connect(transport, options);
      const inbox = new Inbox(watcher);
      await watcher.subscribeAsync(`${root}/queued`, { qos: 2 });
      const clientId = `js-queued-${transport}-${version}`;
      const publisher = await connect(transport, { ...lasting, clientId });
      const published = Array.from({ length: 50 }, (_, index) => {
        if (index === 25) publisher.stream.destroy();
        return publisher.publishAsync(`${root}/queued`, `${index}`, { qos: 2 });
      });
      await Promise.all(published);
      await publisher.publishAsync(`${root}/queued`, "end", { qos: 2 });
      const messages = await inbox.take(51);
      expect(messages.map(({ payload }) => payload).toSorted()).toEqual(
        [...Array.from({ length: 50 }, (_, index) => `${index}`), "end"].toSorted(),
      );
      expect(messages.at(-1)?.payload).toBe("end");
    });

    it("takes over its own session", async () => {
      const clientId = `js-twice-${transport}-${version}`;
      const first = await connect(transport, { ...options, clientId, reconnectPeriod: 0 });
      const closed = new Promise((resolve) => first.once("close", () => resolve("closed")));
      const second = await connect(transport, { ...options, clientId });
      expect(await closed).toBe("closed");
      expect(second.connected).toBe(true);
    });
  },
);

describe.each(["TCP", "WebSocket"] as const)("MQTT.js over %s in 5.0 alone", (transport) => {
  const options: IClientOptions = { protocolVersion: 5 };

  it("carries every property of a message", async () => {
    const subscriber = await connect(transport, options);
    const inbox = new Inbox(subscriber);
    await subscriber.subscribeAsync(`${transport}/properties`, {
      qos: 1,
      properties: { subscriptionIdentifier: 7 },
    });
    const publisher = await connect(transport, options);
    await publisher.publishAsync(`${transport}/properties`, "21", {
      qos: 1,
      properties: {
        payloadFormatIndicator: true,
        messageExpiryInterval: 1_000,
        contentType: "text/plain",
        responseTopic: "answers",
        correlationData: Buffer.from("c1"),
        userProperties: { unit: ["degree", "kelvin"], place: "Köln" },
      },
    });
    const [message] = await inbox.take(1);
    expect(message?.packet.properties).toEqual({
      payloadFormatIndicator: true,
      messageExpiryInterval: expect.any(Number),
      contentType: "text/plain",
      responseTopic: "answers",
      correlationData: Buffer.from("c1"),
      userProperties: { unit: ["degree", "kelvin"], place: "Köln" },
      subscriptionIdentifier: 7,
    });
  });

  it("uses topic aliases of its own accord", async () => {
    const subscriber = await connect(transport, {
      ...options,
      properties: { topicAliasMaximum: 5 },
    });
    const inbox = new Inbox(subscriber);
    await subscriber.subscribeAsync(`${transport}/alias/#`, { qos: 1 });
    const withoutName = serverEvent(
      broker.server,
      "interceptingInboundPacket",
      ({ packet }) => packet.type === "publish" && packet.topic === "",
    );
    const publisher = await connect(transport, {
      ...options,
      autoAssignTopicAlias: true,
      autoUseTopicAlias: true,
    });
    const topics = ["a", "b", "a", "c", "a", "b"].map((name) => `${transport}/alias/${name}`);
    for (const topic of topics) await publisher.publishAsync(topic, topic, { qos: 1 });
    const messages = await inbox.take(topics.length);
    expect(messages.map(({ payload }) => payload)).toEqual(topics);
    expect(messages.map(({ topic }) => topic)).toEqual(topics);
    expect((await withoutName).clientId).toBe(publisher.options.clientId);
  });

  it("is never sent more at once than its Receive Maximum", async () => {
    const receiveMaximum = 3;
    const subscriber = await connect(transport, { ...options, properties: { receiveMaximum } });
    let inFlight = 0;
    let most = 0;
    subscriber.on("packetreceive", (packet) => {
      if (packet.cmd === "publish") most = Math.max(most, (inFlight += 1));
    });
    subscriber.on("packetsend", (packet) => {
      if (packet.cmd === "puback") inFlight -= 1;
    });
    // Acknowledging later lets the server come to its limit.
    subscriber.handleMessage = (_packet, done) => setImmediate(() => done());
    const inbox = new Inbox(subscriber);
    await subscriber.subscribeAsync(`${transport}/quota`, { qos: 1 });
    const publisher = await connect(transport, options);
    const payloads = Array.from({ length: 200 }, (_, index) => `${index}`);
    await Promise.all(
      payloads.map((payload) => publisher.publishAsync(`${transport}/quota`, payload, { qos: 1 })),
    );
    const messages = await inbox.take(payloads.length);
    expect(messages.map(({ payload }) => payload)).toEqual(payloads);
    expect(most).toBeLessThanOrEqual(receiveMaximum);
  });

  it("does not get its own messages with No Local", async () => {
    const client = await connect(transport, options);
    const inbox = new Inbox(client);
    await client.subscribeAsync(`${transport}/local`, { qos: 1, nl: true });
    await client.publishAsync(`${transport}/local`, "own", { qos: 1 });
    const other = await connect(transport, options);
    await other.publishAsync(`${transport}/local`, "of another", { qos: 1 });
    expect((await inbox.take(1)).map(({ payload }) => payload)).toEqual(["of another"]);
  });

  it("shares a subscription with others", async () => {
    const members = [await connect(transport, options), await connect(transport, options)];
    const inboxes = members.map((member) => new Inbox(member));
    for (const member of members) {
      await member.subscribeAsync(`$share/members/${transport}/work`, { qos: 1 });
    }
    const publisher = await connect(transport, options);
    const payloads = Array.from({ length: 10 }, (_, index) => `${index}`);
    for (const payload of payloads) {
      await publisher.publishAsync(`${transport}/work`, payload, { qos: 1 });
    }
    const messages = await Promise.all(inboxes.map((inbox) => inbox.take(5)));
    const shared = messages.flat().map(({ payload }) => payload);
    expect(shared.toSorted()).toEqual(payloads.toSorted());
  });

  it("is told the Client Identifier that it was given", async () => {
    const client = await connect(transport, { ...options, clientId: "" });
    const connack = await new Promise((resolve) => {
      client.once("connect", resolve);
      client.reconnect();
    });
    expect(connack).toMatchObject({
      properties: { assignedClientIdentifier: expect.stringMatching(/.+/) },
    });
  });

  it("is told when the server stops", async () => {
    await using other = await startTestServer();
    const url = transport === "TCP" ? `mqtt://127.0.0.1:${other.port}` : other.webSocketUrl;
    const client = await mqtt.connectAsync(url, { ...options, reconnectPeriod: 0 });
    onTestFinished(() => client.endAsync(true));
    const disconnected = new Promise((resolve) => client.once("disconnect", resolve));
    await other.server.stop();
    expect(await disconnected).toMatchObject({ cmd: "disconnect", reasonCode: 0x8b });
  });
});
