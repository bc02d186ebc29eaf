/** Does a program on MQTTnet's client find in us the server that it was written for? */
import { MqttServer } from "@anax/server";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CertificateAuthority, readCertificate } from "../support/certificates.ts";
import { portOf, serverEvent } from "../support/test-server.ts";
import { MqttnetClient } from "./mqttnet-client.ts";
import type { DotnetConnection, DotnetMessage } from "./mqttnet-client.ts";
import { inWhole } from "./how-much.ts";
import { DotnetPart, isDotnetThere, sayIfLeftOut } from "./program.ts";

sayIfLeftOut();

const VERSIONS = [3, 4, 5] as const;
/** Messages that are on their way at the same time: as many as our server sends a client unless it says otherwise. */
const IN_FLIGHT = 1_000;
const FEW = inWhole(IN_FLIGHT, 20);

describe.runIf(isDotnetThere)("MQTTnet's client on our server", { timeout: 60_000 }, () => {
  let part: DotnetPart;
  let server: MqttServer;
  let authority: CertificateAuthority;
  let ways: Readonly<Record<"TCP" | "TLS" | "WebSocket", DotnetConnection>>;
  let names = 0;

  beforeAll(async () => {
    authority = new CertificateAuthority("Anax");
    const client = authority.issue("client");
    server = new MqttServer({
      listeners: [
        { type: "tcp", port: 0 },
        {
          type: "tls",
          port: 0,
          ...readCertificate(authority.issue("server")),
          ca: authority.certificate,
          requestCert: true,
        },
        { type: "websocket", port: 0, subprotocols: ["mqtt", "mqttv3.1"] },
      ],
      on: {
        interceptingPublish: (event) => {
          if (event.topic !== "forbidden") return;
          event.processPublish = false;
          Object.assign(event.response, { reasonCode: 0x87, reasonString: "not for you" });
        },
        interceptingSubscription: (event) => {
          if (event.topicFilter.topicFilter === "forbidden") event.response.reasonCode = 0x87;
        },
        validatingConnection: (event) => {
          if (event.userName !== "nobody") return;
          event.reasonCode = 0x86;
          event.reasonString = "who?";
        },
      },
    });
    await server.start();
    ways = {
      TCP: { port: portOf(server, "tcp") },
      TLS: { port: portOf(server, "tls"), tls: { ca: authority.certificateFile, ...client } },
      WebSocket: { webSocket: server.address("ws").url },
    };
    part = await DotnetPart.start("client");
  }, 120_000);

  afterAll(async () => {
    await part[Symbol.asyncDispose]();
    await server.stop({ deadlineMs: 0 });
    authority[Symbol.dispose]();
  });

  /** MQTT 3.1 allows 23 characters. */
  function newcomer(name = "net"): MqttnetClient {
    names += 1;
    const client = new MqttnetClient(part, `${name}-${names}`);
    onTestFinished(async () => void (await client.destroy()));
    return client;
  }

  async function connected(connection: DotnetConnection, name?: string): Promise<MqttnetClient> {
    const client = newcomer(name);
    expect((await client.connect(connection)).code).toBe(0);
    return client;
  }

  for (const version of VERSIONS) {
    it.each(["TCP", "TLS", "WebSocket"] as const)(
      `exchanges messages of every QoS, many in flight both ways: version ${version}, %s`,
      async (way) => {
        const [publisher, subscriber] = [
          await connected({ ...ways[way], version }),
          await connected({ ...ways[way], version }),
        ];
        const topic = `flight/${version}/${way}`;
        expect(await subscriber.subscribe(`${topic}/+`)).toEqual([2]);
        const count = way === "TCP" && version === 5 ? IN_FLIGHT : FEW;
        for (const qos of [0, 1, 2] as const) {
          const acknowledged = await publisher.publishMany(`${topic}/${qos}`, qos, 0, count);
          expect(acknowledged).toHaveLength(count);
          const got = await subscriber.messages(count, `${topic}/${qos}`);
          const numbers = got.map(({ payload }) => Number(payload));
          expect(numbers.toSorted((one, other) => one - other)).toEqual(acknowledged);
          expect(new Set(got.map((message) => message.qos))).toEqual(new Set([qos]));
        }
      },
    );
  }

  it("carries every property of a message, and its expiry counts down", async () => {
    const subscriber = await connected(ways.TCP);
    await subscriber.subscribe("properties", 1, {});
    const message = {
      topic: "properties",
      payload: "21",
      qos: 1,
      expiry: 100,
      contentType: "text/plain",
      responseTopic: "answers",
      correlation: "c1",
      isText: true,
      userProperties: [
        ["unit", "degree"],
        ["unit", "kelvin"],
      ],
    } as const;
    await (await connected(ways.TCP)).publish(message);
    const [got] = await subscriber.messages(1);
    expect(got).toEqual({ ...message, retain: false, expiry: expect.any(Number) });
  });

  it("answers a request at its response topic", async () => {
    const [asker, answerer] = [await connected(ways.TCP), await connected(ways.TCP)];
    await answerer.subscribe("questions");
    await asker.subscribe("answers/1");
    const asking = { responseTopic: "answers/1", correlation: "7", payload: "6 x 7", qos: 1 };
    await asker.publish({ topic: "questions", ...asking } as never);
    const [question] = await answerer.messages(1, "questions");
    const { responseTopic = "", correlation = "" } = question ?? {};
    await answerer.publish({ topic: responseTopic, correlation, payload: "42" });
    expect((await asker.messages(1, "answers"))[0]).toMatchObject({ payload: "42", correlation });
  });

  it.each(VERSIONS)("finds retained messages, and a Will is published: version %i", async (v) => {
    const root = `kept/${v}`;
    const publisher = await connected({
      ...ways.TCP,
      version: v,
      will: { topic: `${root}/will`, payload: "gone", qos: 1, retain: true },
    });
    await publisher.publish({ topic: `${root}/state`, payload: "on", qos: 1, retain: true });
    const willed = serverEvent(
      server,
      "retainedMessageChanged",
      ({ topic }) => topic === `${root}/will`,
    );
    await publisher.destroy();
    await willed;
    const late = await connected({ ...ways.TCP, version: v });
    await late.subscribe(`${root}/#`);
    const got = await late.messages(2);
    expect(got.map(({ topic, payload, retain }) => `${topic} ${payload} ${retain}`).sort()).toEqual(
      [`${root}/state on true`, `${root}/will gone true`],
    );
  });

  it("holds a Will back for its delay, and not at all if the client is back in time", async () => {
    const watcher = await connected(ways.TCP);
    await watcher.subscribe("delayed/#");
    const will = (topic: string): DotnetConnection => ({
      ...ways.TCP,
      clean: false,
      expiry: 60,
      will: { topic, payload: "gone", qos: 1, delay: 1 },
    });
    const [late, back] = [newcomer("late"), newcomer("back")];
    await late.connect(will("delayed/late"));
    await back.connect(will("delayed/back"));
    await back.destroy();
    expect((await back.connect(will("delayed/back"))).present).toBe(true);
    await late.destroy();
    await watcher.messages(1, "delayed");
    expect((await watcher.messages(1)).map(({ topic }) => topic)).toEqual(["delayed/late"]);
  });

  it.each([4, 5] as const)("resumes a session with what waits: version %i", async (version) => {
    const lasting = { ...ways.TCP, version, clean: false, ...(version === 5 && { expiry: 60 }) };
    const subscriber = newcomer("resume");
    await subscriber.connect(lasting);
    await subscriber.subscribe(`resume/${version}`);
    await subscriber.destroy();
    const publisher = await connected(ways.TCP);
    for (const qos of [1, 2] as const)
      await publisher.publishMany(`resume/${version}`, qos, qos * 100, 100);
    expect((await subscriber.connect(lasting)).present).toBe(true);
    const got = await subscriber.messages(200);
    const numbers = got.map(({ payload }) => Number(payload));
    expect(new Set(numbers).size).toBe(200);
  });

  it("sends again what was in flight when the connection was lost", async () => {
    const lasting = { ...ways.TCP, clean: false, expiry: 60, receiveMaximum: 10 };
    const subscriber = newcomer("again");
    await subscriber.connect({ ...lasting, manual: true });
    await subscriber.subscribe("again", 1);
    const publisher = await connected(ways.TCP);
    await publisher.publishMany("again", 1, 0, 20);
    await subscriber.messages(10);
    await subscriber.destroy();
    expect((await subscriber.connect(lasting)).present).toBe(true);
    const got = await subscriber.messages(30);
    const again = got.slice(10);
    expect(again.filter(({ duplicate }) => duplicate)).toHaveLength(10);
    expect(new Set(again.map(({ payload }) => payload)).size).toBe(20);
  });

  it("a newer connection takes over; the older one is told", async () => {
    const [first, second] = [newcomer("old"), newcomer("new")];
    await first.connect({ ...ways.TCP, clientId: "same" });
    await second.connect({ ...ways.TCP, clientId: "same" });
    expect((await first.disconnected())[0]).toMatchObject({ reason: 0x8e });
    await second.ping();
  });

  it("shares a subscription", async () => {
    const members = [await connected(ways.TCP), await connected(ways.TCP)];
    for (const member of members) expect(await member.subscribe("$share/g/shared")).toEqual([2]);
    const publisher = await connected(ways.TCP);
    await publisher.publishMany("shared", 1, 0, 10);
    const got = await part.eventsWhere(
      ({ event, message }) => event === "message" && isOf("shared", message),
      10,
    );
    expect(new Set(got.map(({ client }) => client))).toEqual(
      new Set(members.map(({ name }) => name)),
    );
  });

  it("forgets a message whose expiry is over", async () => {
    const lasting = { ...ways.TCP, clean: false, expiry: 60 };
    const subscriber = newcomer("expiry");
    await subscriber.connect(lasting);
    await subscriber.subscribe("expiry");
    await subscriber.destroy();
    const publisher = await connected(ways.TCP);
    await publisher.publish({ topic: "expiry", payload: "short", qos: 1, expiry: 1 });
    await publisher.publish({ topic: "expiry", payload: "long", qos: 1, expiry: 100 });
    const expired = server.statistics.messagesExpired;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await subscriber.connect(lasting);
    expect((await subscriber.messages(1)).map(({ payload }) => payload)).toEqual(["long"]);
    expect(server.statistics.messagesExpired).toBe(expired + 1);
  });

  it("hears refusals as its program expects them", async () => {
    const client = await connected(ways.TCP);
    const forbidden = { topic: "forbidden", qos: 1 } as const;
    expect(await client.publish(forbidden)).toMatchObject({ code: 0x87, reason: "not for you" });
    expect(await client.publish({ topic: "unheard", qos: 1 })).toMatchObject({ code: 0x10 });
    expect(await client.subscribe("forbidden", 1)).toEqual([0x87]);
    expect(await client.unsubscribe("never/subscribed")).toEqual([0x11]);
    const stranger = newcomer();
    const refused = await stranger.connect({ ...ways.TCP, userName: "nobody", password: "x" });
    expect(refused).toMatchObject({ code: 0x86, reason: "who?" });
  });

  it("hears refusals before 5.0", async () => {
    const client = await connected({ ...ways.TCP, version: 4 });
    expect(await client.subscribe("forbidden", 1)).toEqual([0x80]);
    const stranger = newcomer();
    const refused = await stranger.connect({
      ...ways.TCP,
      version: 4,
      userName: "nobody",
      password: "x",
    });
    expect(refused).toMatchObject({ code: 0x86 });
  });

  it("is not let in by TLS without a certificate of the authority", async () => {
    const { port } = ways.TLS;
    const { certificateFile: ca } = authority;
    await expect(newcomer().connect({ port: port ?? 0, tls: { ca } })).rejects.toThrow(/Exception/);
  });
});

function isOf(topic: string, message: unknown): boolean {
  return (message as DotnetMessage).topic === topic;
}

describe.runIf(isDotnetThere)("MQTTnet's client with SCRAM-SHA-256", { timeout: 60_000 }, () => {
  it("authenticates, again too, and is refused with a wrong password", async () => {
    await using part = await DotnetPart.start("client");
    const server = new MqttServer({ port: 0, users: { ann: "secret" }, systemTopics: false });
    await server.start();
    onTestFinished(async () => void (await server.stop({ deadlineMs: 0 })));
    const client = new MqttnetClient(part, "scram");
    const port = portOf(server, "tcp");
    const right = { userName: "ann", password: "secret" };
    expect(await client.connect({ port, scram: right })).toMatchObject({ code: 0 });
    await client.reauthenticate();
    await client.ping();
    const wrong = new MqttnetClient(part, "wrong");
    const refused = wrong.connect({ port, scram: { ...right, password: "guess" } });
    expect(await refused.catch(String)).toMatchObject({ code: 0x86 });
  });
});
