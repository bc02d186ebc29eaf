/** The client against mosquitto, on every transport and in every version of MQTT. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MqttConnectError, connect } from "@anax/client";
import type { ClientOptions, Message, MqttClient } from "@anax/client";
import { startMosquitto, whyNoMosquitto } from "./mosquitto.ts";
import type { Mosquitto } from "./mosquitto.ts";

if (whyNoMosquitto !== undefined) console.warn(`skipped: ${whyNoMosquitto}`);

describe.skipIf(whyNoMosquitto !== undefined)("with mosquitto", () => {
  let mosquitto: Mosquitto;
  const clients: MqttClient[] = [];

  beforeAll(async () => {
    mosquitto = await startMosquitto();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.disconnect();
  });

  afterAll(async () => {
    await mosquitto.stop();
  });

  async function open(url: string, options: ClientOptions = {}): Promise<MqttClient> {
    const client = await connect(url, options);
    clients.push(client);
    return client;
  }

  /** What comes back of one message of each QoS. */
  async function roundTrip(url: string, options: ClientOptions = {}): Promise<string[]> {
    const client = await open(url, options);
    const subscription = client.subscribe("round/trip", { qos: 2 });
    await subscription;
    for (const qos of [0, 1, 2] as const) await client.publish("round/trip", `qos ${qos}`, { qos });
    const seen: string[] = [];
    for await (const { text, qos } of subscription) {
      seen.push(`${text} as ${qos}`);
      if (seen.length === 3) break;
    }
    return seen;
  }

  const ALL = ["qos 0 as 0", "qos 1 as 1", "qos 2 as 2"];

  describe.each(["mqtt", "mqtts", "ws", "unix", "guarded"] as const)("over %s", (transport) => {
    it.each([3, 4, 5] as const)("in version %i, QoS 0, 1 and 2 go both ways", async (version) => {
      const url = mosquitto[transport];
      const tls = url.startsWith("mqtts:") ? { tls: { ca: mosquitto.ca } } : {};
      expect(await roundTrip(url, { protocolVersion: version, ...tls })).toEqual(ALL);
    });
  });

  it.each([3, 4, 5] as const)(
    "in version %i, each handler gets a message once although filters overlap",
    async (protocolVersion) => {
      const client = await open(mosquitto.mqtt, { protocolVersion });
      const seen: string[] = [];
      const topic = `overlap/${protocolVersion}`;
      await client.publish(topic, "kept", { qos: 1, retain: true });
      await client.subscribe("overlap/#", ({ text }) => seen.push(`wide ${text}`), { qos: 1 });
      await client.subscribe(topic, ({ text }) => seen.push(`narrow ${text}`), { qos: 1 });
      await client.subscribe(topic, ({ text }) => seen.push(`same ${text}`), { qos: 2 });
      for (const text of ["1", "2", "2"]) await client.publish(topic, text, { qos: 2 });
      await client.publish(topic, "", { retain: true, qos: 1 });
      await client.ping();
      const names = ["narrow", "same", "wide"];
      const expected = names.flatMap((name) => [`${name} `, `${name} 1`, `${name} 2`, `${name} 2`]);
      expect(seen.filter((line) => !line.includes("kept")).toSorted()).toEqual(expected);
      const kept = names.map((name) => `${name} kept`);
      expect(seen.filter((line) => line === `wide kept`)).toHaveLength(1);
      expect(kept.every((line) => seen.includes(line))).toBe(true);
    },
  );

  it("refuses a certificate that it does not know", async () => {
    await expect(connect(mosquitto.mqtts)).rejects.toBeInstanceOf(MqttConnectError);
    const tls = { rejectUnauthorized: false };
    expect(await roundTrip(mosquitto.mqtts, { tls })).toEqual(ALL);
  });

  it("is refused with a wrong password", async () => {
    const url = mosquitto.guarded.replace("pass@", "wrong@");
    await expect(connect(url)).rejects.toMatchObject({ reasonCode: 0x87 });
    await expect(connect(url, { protocolVersion: 4 })).rejects.toMatchObject({ reasonCode: 0x87 });
  });

  it("says that nobody listens", async () => {
    await expect(connect("mqtt://127.0.0.1:1")).rejects.toThrow("ECONNREFUSED");
  });

  it("gets retained messages, and their properties", async () => {
    const client = await open(mosquitto.mqtt);
    await client.publish("retained/a", "kept", {
      qos: 1,
      retain: true,
      contentType: "text/plain",
      responseTopic: "answer",
      correlationData: Uint8Array.of(1, 2),
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: 100,
      userProperties: [["a", "b"]],
    });
    const other = await open(mosquitto.mqtt);
    for await (const message of other.subscribe("retained/#", { subscriptionIdentifier: 7 })) {
      expect(message).toMatchObject({
        text: "kept",
        retain: true,
        contentType: "text/plain",
        responseTopic: "answer",
        correlationData: Uint8Array.of(1, 2),
        payloadFormatIndicator: 1,
        userProperties: [["a", "b"]],
        subscriptionIdentifiers: [7],
      });
      break;
    }
    await client.publish("retained/a", "", { retain: true, qos: 1 });
  });

  it("resumes a persistent Session and gets what came meanwhile", async () => {
    const options = { clientId: "persistent", sessionExpiryIntervalSeconds: 60 };
    const first = await open(mosquitto.mqtt, options);
    await first.subscribe("offline/#", () => {}, { qos: 1 });
    await first.disconnect();
    const other = await open(mosquitto.mqtt);
    for (const text of ["1", "2", "3"]) await other.publish("offline/x", text, { qos: 1 });
    const again = await open(mosquitto.mqtt, { ...options, cleanStart: false });
    expect(again.connectResult).toMatchObject({ sessionPresent: true });
    const texts: string[] = [];
    for await (const { text } of again.subscribe("offline/#", { qos: 1 })) {
      texts.push(text);
      if (texts.length === 3) break;
    }
    expect(texts).toEqual(["1", "2", "3"]);
  });

  it("uses Topic Aliases in both directions", async () => {
    const client = await open(mosquitto.mqtt, { topicAliasMaximum: 10 });
    const topicsSent: string[] = [];
    client.on("packet", ({ direction, packet }) => {
      if (direction === "out" && packet.type === "publish") topicsSent.push(packet.topic);
    });
    const subscription = client.subscribe("alias/#");
    await subscription;
    for (let count = 0; count < 3; count += 1) await client.publish("alias/t", `${count}`);
    const topics: string[] = [];
    for await (const { topic } of subscription) {
      topics.push(topic);
      if (topics.length === 3) break;
    }
    expect(topics).toEqual(["alias/t", "alias/t", "alias/t"]);
    expect(topicsSent).toEqual(["alias/t", "", ""]);
  });

  it("sends 2 000 QoS 2 messages within its Receive Maximum, exactly once and in order", async () => {
    const receiver = await open(mosquitto.mqtt);
    const texts: string[] = [];
    const done = new Promise<void>((resolve) => {
      receiver.subscribe(
        "many",
        ({ text }) => {
          if (texts.push(text) === 2_000) resolve();
        },
        { qos: 2 },
      );
    });
    await receiver.ping();
    const sender = await open(mosquitto.mqtt);
    expect(sender.connectResult?.receiveMaximum).toBeLessThan(100);
    const expected = Array.from({ length: 2_000 }, (_, index) => `${index}`);
    await Promise.all(expected.map((text) => sender.publish("many", text, { qos: 2 })));
    await done;
    expect(texts).toEqual(expected);
  });

  it("carries a large payload", async () => {
    // Not over its WebSocket listener, which loses large messages whatever client sends them.
    const client = await open(mosquitto.mqtts, { tls: { ca: mosquitto.ca } });
    const payload = new Uint8Array(3_000_000).map((_, index) => index % 251);
    const received = new Promise<Message>((resolve) => {
      client.subscribe("large", resolve);
    });
    await client.ping();
    await client.publish("large", payload, { qos: 1 });
    expect(Buffer.compare((await received).payload, payload)).toBe(0);
  });

  it("has its Will published when its connection is cut", async () => {
    const other = await open(mosquitto.mqtt);
    const will = new Promise<Message>((resolve) => {
      other.subscribe("will/x", resolve);
    });
    await other.ping();
    const client = await open(mosquitto.mqtt, { will: { topic: "will/x", payload: "gone" } });
    await client.disconnect({ reasonCode: 4 });
    expect(await will).toMatchObject({ text: "gone" });
  });

  it("gets one copy per group of a Shared Subscription", async () => {
    const seen: string[] = [];
    for (const name of ["one", "two"]) {
      const member = await open(mosquitto.mqtt);
      await member.subscribe("$share/group/shared/+", ({ text }) => seen.push(`${name} ${text}`));
    }
    const sender = await open(mosquitto.mqtt);
    for (const text of ["1", "2", "3", "4"]) await sender.publish("shared/t", text, { qos: 1 });
    for (const client of clients) await client.ping();
    expect(seen.map((entry) => entry.slice(4)).toSorted()).toEqual(["1", "2", "3", "4"]);
  });
});
