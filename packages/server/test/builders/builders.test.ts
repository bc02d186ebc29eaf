import { describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import {
  MqttFactory,
  MqttServerFactory,
  MqttServerOptionsBuilder,
} from "../../src/builders/index.ts";
import { LASTING, connected, publication, subscribe } from "../support/memory-server.ts";
import { turns } from "../support/turns.ts";

const MEMORY = { listeners: [{ type: "memory" }], systemTopics: false } as const;

describe("MqttServerOptionsBuilder", () => {
  it("opens no endpoint that is not asked for", () => {
    expect(new MqttServerOptionsBuilder().build().listeners).toEqual([]);
  });

  it("says what the options say", () => {
    const credentials = { cert: "cert", key: "key" };
    const options = new MqttServerFactory()
      .createServerOptionsBuilder()
      .withDefaultEndpoint()
      .withDefaultEndpointPort(1_884)
      .withDefaultEndpointBoundIPAddress("127.0.0.1")
      .withDefaultEndpointBoundIPV6Address("::1")
      .withEncryptedEndpoint()
      .withEncryptedEndpointPort(8_884)
      .withEncryptedEndpointBoundIPAddress("10.0.0.1")
      .withEncryptedEndpointBoundIPV6Address("::2")
      .withEncryptionCertificate(credentials)
      .withEncryptionSslProtocol("TLSv1.3")
      .withClientCertificate({ ca: "ca" })
      .withConnectionBacklog(7)
      .withTcpKeepAliveTime(60)
      .withDefaultCommunicationTimeout({ milliseconds: 3_000 })
      .withMaxPendingMessagesPerClient(50)
      .withPendingMessagesOverflowStrategy("dropNewMessage")
      .withPersistentSessions(false)
      .withOptions({ maximumPacketSize: 1_000 })
      .build();
    const socket = { backlog: 7, tcpKeepAliveMs: 60_000 };
    const tls = { ...credentials, minVersion: "TLSv1.3", ca: "ca", requestCert: true };
    expect(options).toEqual({
      connectTimeoutMs: 3_000,
      queueMessagesMax: 50,
      queueOverflow: "dropNewest",
      sessionExpiryMaxSeconds: 0,
      systemTopics: false,
      maximumPacketSize: 1_000,
      on: {},
      listeners: [
        { type: "tcp", ...socket, host: "127.0.0.1", port: 1_884 },
        { type: "tcp", ...socket, host: "::1", port: 1_884, ipv6Only: true },
        { type: "tls", ...socket, ...tls, host: "10.0.0.1", port: 8_884 },
        { type: "tls", ...socket, ...tls, host: "::2", port: 8_884, ipv6Only: true },
      ],
    });
  });

  it("takes endpoints back, and wants a certificate for an encrypted one", () => {
    const builder = new MqttServerOptionsBuilder().withDefaultEndpoint().withEncryptedEndpoint();
    expect(() => builder.build()).toThrow("no certificate");
    builder.withoutDefaultEndpoint().withoutEncryptedEndpoint();
    expect(builder.build().listeners).toEqual([]);
  });

  it("makes a server that listens", async () => {
    const options = new MqttServerOptionsBuilder()
      .withDefaultEndpoint()
      .withDefaultEndpointPort(0)
      .withDefaultEndpointBoundIPAddress("127.0.0.1")
      .build();
    await using server = new MqttServer(options);
    await server.start();
    expect(server.address("tcp").port).toBeGreaterThan(0);
  });
});

describe("as in MQTTnet", () => {
  it("0 and empty are not set", () => {
    const builder = new MqttFactory().createApplicationMessageBuilder().withTopic("t");
    builder.withMessageExpiryInterval(0).withPayloadFormatIndicator(0).withContentType("");
    builder.withResponseTopic("").withCorrelationData(new Uint8Array());
    expect(builder.build()).toEqual({ topic: "t" });
  });

  it.each([
    [false, 0],
    [true, 3_600],
  ])("sessions outlive their connections only if wanted: %s", async (isOn, expected) => {
    const builder = new MqttServerOptionsBuilder().withOptions(MEMORY);
    await using server = new MqttServer(
      (isOn ? builder.withPersistentSessions() : builder).build(),
    );
    await server.start();
    const peer = await connected(server, "c", LASTING);
    expect(server.sessions.get("c")?.expiryIntervalSeconds).toBe(expected);
    peer.stream.destroy();
    await turns();
    expect(server.sessions.count).toBe(isOn ? 1 : 0);
  });

  it("keep-alive of TCP is on by its time, or by itself, and can be taken back", () => {
    const timeOf = (set: (builder: MqttServerOptionsBuilder) => unknown): unknown => {
      const builder = new MqttServerOptionsBuilder().withDefaultEndpoint();
      set(builder);
      const [listener = {}] = builder.build().listeners ?? [];
      return Reflect.get(listener, "tcpKeepAliveMs");
    };
    expect(timeOf(() => {})).toBeUndefined();
    expect(timeOf((b) => b.withTcpKeepAliveTime(60))).toBe(60_000);
    expect(timeOf((b) => b.withKeepAlive())).toBe(7_200_000);
    expect(timeOf((b) => b.withKeepAlive().withTcpKeepAliveTime({ seconds: 5 }))).toBe(5_000);
    expect(timeOf((b) => b.withTcpKeepAliveTime(60).withKeepAlive(false))).toBe(0);
  });

  it("a callback judges certificates of clients, verified or not", async () => {
    const seen: unknown[] = [];
    const { on } = new MqttServerOptionsBuilder()
      .withRemoteCertificateValidationCallback((certificate, isVerified) => {
        seen.push(certificate, isVerified);
        return isVerified;
      })
      .build();
    const judge = async (peer: object): Promise<number> => {
      const event = { peer, reasonCode: 0 };
      await on?.validatingConnection?.(event as never);
      return event.reasonCode;
    };
    expect(await judge({ transport: "tls", certificate: "good" })).toBe(0);
    expect(await judge({ transport: "tls", unverifiedCertificate: "own" })).toBe(0x87);
    expect(await judge({ transport: "tls" })).toBe(0x87);
    expect(await judge({ transport: "tcp" })).toBe(0);
    expect(seen).toEqual(["good", true, "own", false, undefined, false]);
  });

  it("strategies and TLS versions are MQTTnet's, and no others", () => {
    const overflowOf = (strategy: 0 | 1 | "DropOldestQueuedMessage"): unknown =>
      new MqttServerOptionsBuilder().withPendingMessagesOverflowStrategy(strategy).build()
        .queueOverflow;
    expect([0, 1].map((one) => overflowOf(one as 0))).toEqual(["dropOldest", "dropNewest"]);
    expect(overflowOf("DropOldestQueuedMessage")).toBe("dropOldest");
    const builder = new MqttServerOptionsBuilder();
    expect(() => builder.withPendingMessagesOverflowStrategy("Oldest" as never)).toThrow(
      'there is no strategy "Oldest"',
    );
    expect(() => builder.withEncryptionSslProtocol(192)).toThrow("neither Tls12 nor Tls13");
  });

  it("there are no $SYS topics unless they are asked for", () => {
    expect(new MqttServerOptionsBuilder().build().systemTopics).toBe(false);
    const systemTopics = { intervalSeconds: 10 };
    const builder = new MqttServerOptionsBuilder().withOptions({ systemTopics });
    expect(builder.build().systemTopics).toBe(systemTopics);
  });
});

describe("what older versions called it", () => {
  it("validates, intercepts and stores", async () => {
    const saved: string[] = [];
    const undelivered: string[] = [];
    const queued: string[] = [];
    const options = new MqttServerOptionsBuilder()
      .withOptions(MEMORY)
      .withConnectionValidator((context) => {
        if (context.userName === "banned") context.reasonCode = 0x86;
      })
      .withApplicationMessageInterceptor((context) => {
        context.acceptPublish = context.applicationMessage?.topic !== "secret";
      })
      .withSubscriptionInterceptor((context) => {
        if (context.topicFilter.topicFilter === "secret") context.acceptSubscription = false;
      })
      .withUnsubscriptionInterceptor(async (context) => {
        context.acceptUnsubscription = context.topic !== "stays";
      })
      .withClientMessageQueueInterceptor((context) => {
        queued.push(context.receiverClientId);
      })
      .withUndeliveredMessageInterceptor(({ applicationMessage }) => {
        undelivered.push(applicationMessage.topic);
      })
      .withStorage({
        loadRetainedMessages: () => [
          { topic: "loaded", payload: Uint8Array.of(1), qos: 0, retain: true },
        ],
        saveRetainedMessage: ({ topic }) => void saved.push(topic),
      })
      .build();
    await using server = new MqttServer(options);
    await server.start();
    await expect(connected(server, "no", { userName: "banned" })).rejects.toThrow("134");
    const client = await connected(server, "one");
    expect(await subscribe(client, "secret")).toMatchObject({ reasonCodes: [0x80] });
    expect(await subscribe(client, "stays")).toMatchObject({ reasonCodes: [2] });
    client.sendPacket({ type: "unsubscribe", packetIdentifier: 2, topicFilters: ["stays"] });
    expect(await client.packet()).toMatchObject({ type: "unsuback", reasonCodes: [0] });
    expect(server.sessions.subscriptions("one")).toHaveLength(1);
    client.sendPacket({ ...publication("secret", "x", 1), retain: true });
    await client.packet();
    client.sendPacket({ ...publication("stays", "x", 1), retain: true });
    await client.packet();
    await server.injectApplicationMessage({ topic: "nobody" });
    expect(server.retainedMessages.get("loaded")).toBeDefined();
    expect(saved).toEqual(["stays"]);
    expect(queued).toEqual(["one"]);
    expect(undelivered).toEqual(["nobody"]);
  });

  it("calls several handlers of one event one after the other", async () => {
    const calls: string[] = [];
    const options = new MqttServerOptionsBuilder()
      .withOptions({ ...MEMORY, on: { started: () => void calls.push("option") } })
      .withHandler("started", async () => {
        await Promise.resolve();
        calls.push("first");
      })
      .withHandler("started", () => void calls.push("second"))
      .build();
    await using server = new MqttServer(options);
    await server.start();
    expect(calls).toEqual(["option", "first", "second"]);
  });

  it("has one handler of each event as a property", async () => {
    const calls: string[] = [];
    const server = new MqttServerFactory().createMqttServer(MEMORY);
    server.startedHandler = () => void calls.push("replaced");
    server.startedHandler = () => void calls.push("started");
    server.stoppedHandler = () => void calls.push("stopped");
    server.clientSubscribedTopicHandler = () => void calls.push("replaced");
    server.clientUnsubscribedTopicHandler = () => void calls.push("replaced");
    server
      .useClientSubscribedTopicHandler(({ topicFilter }) => {
        calls.push(`subscribed ${topicFilter.topicFilter}`);
      })
      .useClientUnsubscribedTopicHandler(({ topic }) => void calls.push(`unsubscribed ${topic}`))
      .useClientConnectedHandler(({ clientId }) => void calls.push(`connected ${clientId}`))
      .useClientDisconnectedHandler(({ clientId }) => void calls.push(`disconnected ${clientId}`))
      .useApplicationMessageReceivedHandler(({ topic }) => void calls.push(`received ${topic}`));
    await server.start();
    const client = await connected(server, "one");
    await subscribe(client, "a");
    client.sendPacket({ type: "unsubscribe", packetIdentifier: 2, topicFilters: ["a"] });
    await client.packet();
    await server.injectApplicationMessage({ topic: "b" });
    server.applicationMessageReceivedHandler = undefined;
    await server.injectApplicationMessage({ topic: "c" });
    await server.stop();
    expect(calls).toEqual([
      "started",
      "connected one",
      "subscribed a",
      "unsubscribed a",
      "received b",
      "disconnected one",
      "stopped",
    ]);
  });
});

describe("the other builders", () => {
  const factory = new MqttServerFactory();

  it("build messages", () => {
    const message = factory
      .createApplicationMessageBuilder()
      .withTopic("a")
      .withPayload("text")
      .withAtLeastOnceQoS()
      .withRetainFlag()
      .withContentType("text/plain")
      .withResponseTopic("r")
      .withCorrelationData(Uint8Array.of(1))
      .withMessageExpiryInterval(9)
      .withPayloadFormatIndicator(1)
      .withUserProperty("a", "1")
      .withUserProperty("a", "2")
      .build();
    expect(message).toEqual({
      topic: "a",
      payload: "text",
      qos: 1,
      retain: true,
      contentType: "text/plain",
      responseTopic: "r",
      correlationData: Uint8Array.of(1),
      messageExpiryIntervalSeconds: 9,
      payloadFormatIndicator: 1,
      userProperties: [
        ["a", "1"],
        ["a", "2"],
      ],
    });
    const other = factory.createApplicationMessageBuilder().withTopic("a");
    expect(other.withExactlyOnceQoS().build().qos).toBe(2);
    expect(other.withAtMostOnceQoS().build().qos).toBe(0);
    expect(() => factory.createApplicationMessageBuilder().build()).toThrow("no topic");
    expect(() => factory.createTopicFilterBuilder().build()).toThrow("Topic Filter is empty");
  });

  it("build filters", () => {
    const filter = factory
      .createTopicFilterBuilder()
      .withTopic("a/#")
      .withExactlyOnceQoS()
      .withNoLocal()
      .withRetainAsPublished()
      .withRetainHandling(1);
    expect(filter.build()).toEqual({
      topicFilter: "a/#",
      qos: 2,
      noLocal: true,
      retainAsPublished: true,
      retainHandling: 1,
    });
    expect(filter.withAtLeastOnceQoS().build().qos).toBe(1);
    expect(filter.withAtMostOnceQoS().build().qos).toBe(0);
  });

  it("build what clients are told at the end", () => {
    const told = {
      reasonCode: 0x9c,
      reasonString: "moved",
      serverReference: "other",
      userProperties: [["a", "b"]],
    };
    const disconnect = factory
      .createMqttServerClientDisconnectOptionsBuilder()
      .withReasonCode(0x9c)
      .withReasonString("moved")
      .withServerReference("other")
      .withUserProperty("a", "b");
    expect(disconnect.build()).toEqual(told);
    const stop = factory.createMqttServerStopOptionsBuilder();
    expect(stop.build()).toEqual({});
    stop.withDefaultClientDisconnectOptions(disconnect.build()).withDeadline({ milliseconds: 100 });
    expect(stop.build()).toEqual({ ...told, deadlineMs: 100 });
    stop.withDefaultClientDisconnectOptions((builder) => builder.withReasonCode(0x89));
    expect(stop.build()).toEqual({ reasonCode: 0x89, deadlineMs: 100 });
  });
});
