/** What our client has to obey, and may use, on a server of MQTT 5.0 that is not ours. */
import { connect as connectClient } from "@anax/client";
import type { ClientOptions, Message, MqttClient, TlsOptions } from "@anax/client";
import { areInstalled, freePort } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CertificateAuthority, readCertificate } from "./support/certificates.ts";
import { startMosquitto } from "./support/servers-of-others.ts";
import type { ForeignServer } from "./support/servers-of-others.ts";

async function connect(url: string | undefined, options: ClientOptions = {}): Promise<MqttClient> {
  const client = await connectClient(url ?? "", options);
  onTestFinished(() => client.disconnect());
  return client;
}

async function firstOf(messages: AsyncIterable<Message>): Promise<Message | undefined> {
  for await (const message of messages) return message;
  return undefined;
}

describe.runIf(areInstalled("mosquitto"))("our client on mosquitto, MQTT 5.0", () => {
  let server: ForeignServer;

  beforeAll(async () => {
    server = await startMosquitto([
      "max_inflight_messages 5",
      "max_keepalive 30",
      "max_packet_size 20000",
    ]);
  });

  afterAll(() => server[Symbol.asyncDispose]());

  it("learns what the server allows", async () => {
    const client = await connect(server.urls["TCP"], { clientId: "", keepAliveSeconds: 100 });
    expect(client.connectResult).toMatchObject({
      receiveMaximum: 5,
      keepAliveSeconds: 30,
      maximumPacketSize: 20_000,
      topicAliasMaximum: 10,
    });
    expect(client.clientId).toBe(client.connectResult?.assignedClientId);
    expect(client.clientId).not.toBe("");
  });

  it("never has more messages in flight than the server takes", async () => {
    const client = await connect(server.urls["TCP"]);
    let inFlight = 0;
    let most = 0;
    client.on("packet", ({ direction, packet }) => {
      if (direction === "out" && packet.type === "publish") most = Math.max(most, (inFlight += 1));
      if (direction === "in" && packet.type === "pubcomp") inFlight -= 1;
    });
    const numbers = Array.from({ length: 100 }, (_, index) => `${index}`);
    await Promise.all(numbers.map((text) => client.publish("quota", text, { qos: 2 })));
    expect(most).toBe(5);
  });

  it("does not send what is too large for the server", async () => {
    const client = await connect(server.urls["TCP"]);
    const payload = new Uint8Array(20_000);
    await expect(client.publish("large", payload, { qos: 1 })).rejects.toMatchObject({
      code: "ANAX_NOT_SUPPORTED",
      reasonCode: 0x95,
    });
    await client.publish("large", payload.subarray(0, 19_000), { qos: 1 });
  });

  it("sends and receives every property of a message", async () => {
    const client = await connect(server.urls["TCP"]);
    const subscription = client.subscribe("properties", { qos: 1, subscriptionIdentifier: 7 });
    await subscription;
    const properties = {
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: 1_000,
      contentType: "text/plain",
      responseTopic: "answers",
      correlationData: Uint8Array.of(1, 2, 3),
      userProperties: [
        ["unit", "degree"],
        ["unit", "kelvin"],
      ],
    } as const;
    await client.publish("properties", "21", { qos: 1, ...properties });
    const message = await firstOf(subscription);
    expect(message).toMatchObject({
      ...properties,
      messageExpiryIntervalSeconds: expect.any(Number),
      subscriptionIdentifiers: [7],
    });
  });

  it("uses the server's topic aliases, and resolves its own", async () => {
    const client = await connect(server.urls["TCP"], { topicAliasMaximum: 5 });
    let withoutName = 0;
    client.on("packet", ({ direction, packet }) => {
      if (direction === "out" && packet.type === "publish" && packet.topic === "") withoutName += 1;
    });
    const topics: string[] = [];
    await client.subscribe("alias/#", ({ topic }) => topics.push(topic), { qos: 1 });
    const names = ["a", "b", "a", "c", "a", "b"].map((name) => `alias/${name}`);
    for (const name of names) await client.publish(name, "", { qos: 1 });
    await client.ping();
    expect(topics).toEqual(names);
    expect(withoutName).toBe(3);
  });

  it("is told that nobody subscribes", async () => {
    const client = await connect(server.urls["TCP"]);
    expect((await client.publish("nobody", "", { qos: 1 })).reasonCode).toBe(0x10);
  });

  it("shares a subscription, and does not get its own with No Local", async () => {
    const [one, two] = [await connect(server.urls["TCP"]), await connect(server.urls["TCP"])];
    const texts: string[] = [];
    for (const client of [one, two]) {
      await client.subscribe("$share/group/shared", ({ text }) => texts.push(text), { qos: 1 });
    }
    await one.subscribe("local", ({ text }) => texts.push(text), { qos: 1, noLocal: true });
    await one.publish("local", "own", { qos: 1 });
    await one.publish("shared", "first", { qos: 1 });
    await one.publish("shared", "second", { qos: 1 });
    await Promise.all([one.ping(), two.ping()]);
    expect(texts.toSorted()).toEqual(["first", "second"]);
  });

  it("asks for its will by leaving with 0x04", async () => {
    const watcher = await connect(server.urls["TCP"]);
    const wills = watcher.subscribe("will", { qos: 1 });
    await wills;
    const mortal = await connect(server.urls["TCP"], {
      will: { topic: "will", payload: "gone", qos: 1, contentType: "text/plain" },
    });
    await mortal.disconnect({ reasonCode: 0x04 });
    expect(await firstOf(wills)).toMatchObject({ text: "gone", contentType: "text/plain" });
  });
});

describe.runIf(areInstalled("mosquitto", "openssl"))("our client on mosquitto over TLS", () => {
  let authority: CertificateAuthority;
  let server: ForeignServer;
  let url: string;

  beforeAll(async () => {
    authority = new CertificateAuthority("authority");
    const { cert, key } = authority.issue("server");
    const port = await freePort();
    url = `mqtts://127.0.0.1:${port}`;
    server = await startMosquitto([
      `listener ${port} 127.0.0.1`,
      `cafile ${authority.certificateFile}`,
      `certfile ${cert}`,
      `keyfile ${key}`,
      "require_certificate true",
    ]);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    authority[Symbol.dispose]();
  });

  it("shows its certificate and checks the server's", async () => {
    const tls: TlsOptions = {
      ca: authority.certificate,
      ...readCertificate(authority.issue("me")),
    };
    const client = await connect(url, { tls });
    const subscription = client.subscribe("tls");
    await subscription;
    await client.publish("tls", "secret");
    expect((await firstOf(subscription))?.text).toBe("secret");
  });

  it("refuses a server that nobody vouches for", async () => {
    const tls: TlsOptions = readCertificate(authority.issue("unsure"));
    await expect(connect(url, { tls })).rejects.toMatchObject({ code: "ANAX_CONNECT_FAILED" });
  });

  it("is refused without a certificate", async () => {
    const tls: TlsOptions = { ca: authority.certificate };
    await expect(connect(url, { tls })).rejects.toMatchObject({ code: "ANAX_CONNECT_FAILED" });
  });
});
