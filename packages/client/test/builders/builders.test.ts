import { describe, expect, it } from "vitest";
import { MqttConfigurationError } from "@anax/client";
import type { MqttClientOptionsBuilder } from "@anax/client/builders";
import {
  MqttClientFactory,
  MqttClientTlsOptionsBuilder,
  MqttClientWebSocketProxyOptionsBuilder,
  MqttFactory,
} from "@anax/client/builders";
import { MqttServer } from "@anax/server";
import { describeAddress } from "../../src/server-address.ts";

/** A builder as plain JavaScript sees it. */
type AnyBuilder = Record<string, ((...given: unknown[]) => unknown) | undefined>;

const factory = new MqttClientFactory();

describe("MqttClientOptionsBuilder", () => {
  it("says what the options say", () => {
    const authentication = { method: "m", handler: () => undefined };
    const { server, options } = factory
      .createClientOptionsBuilder()
      .withTcpServer("host", 1_884)
      .withTlsOptions({ ca: "ca" })
      .withCredentials("ann", "secret")
      .withEnhancedAuthentication(authentication)
      .withClientId("c")
      .withCleanSession(false)
      .withKeepAlivePeriod(15)
      .withProtocolVersion(5)
      .withSessionExpiryInterval(60)
      .withReceiveMaximum(10)
      .withMaximumPacketSize(1_000)
      .withTopicAliasMaximum(3)
      .withRequestProblemInformation(false)
      .withRequestResponseInformation()
      .withTimeout(5)
      .withUserProperty("a", "b")
      .withWillTopic("w")
      .withWillPayload("gone")
      .withWillQualityOfServiceLevel(1)
      .withWillRetain()
      .withWillDelayInterval(5)
      .withWillMessageExpiryInterval(6)
      .withWillContentType("text")
      .withWillResponseTopic("r")
      .withWillCorrelationData(Uint8Array.of(1))
      .withWillPayloadFormatIndicator(1)
      .withWillUserProperty("c", "d")
      .withOptions({ reconnect: true })
      .build();
    expect(server).toEqual({ protocol: "mqtts", host: "host", port: 1_884 });
    expect(options).toEqual({
      tls: { ca: "ca" },
      userName: "ann",
      password: "secret",
      authentication,
      clientId: "c",
      cleanStart: false,
      keepAliveSeconds: 15,
      protocolVersion: 5,
      sessionExpiryIntervalSeconds: 60,
      receiveMaximum: 10,
      maximumPacketSize: 1_000,
      topicAliasMaximum: 3,
      requestProblemInformation: false,
      requestResponseInformation: true,
      connectTimeoutMs: 5_000,
      userProperties: [["a", "b"]],
      reconnect: true,
      will: {
        topic: "w",
        payload: "gone",
        qos: 1,
        retain: true,
        willDelayIntervalSeconds: 5,
        messageExpiryIntervalSeconds: 6,
        contentType: "text",
        responseTopic: "r",
        correlationData: Uint8Array.of(1),
        payloadFormatIndicator: 1,
        userProperties: [["c", "d"]],
      },
    });
  });

  it("takes URLs, and what older versions called otherwise", () => {
    const builder = factory.createClientOptionsBuilder();
    builder
      .withWebSocketServer("ws://host/mqtt")
      .withNoKeepAlive()
      .withCommunicationTimeout({ milliseconds: 1 });
    builder.withWillMessage({ topic: "w", payload: "x" });
    const built = builder.build();
    expect(built.server).toEqual({ protocol: "ws", host: "host", path: "/mqtt" });
    expect(built.options).toMatchObject({ keepAliveSeconds: 0, connectTimeoutMs: 1 });
    expect(built.options.will).toEqual({ topic: "w", payload: "x" });
    const url = new URL("unix:///tmp/s");
    expect(builder.withConnectionUri(url).build().server).toEqual({
      protocol: "unix",
      path: "/tmp/s",
    });
  });

  const tls = { ca: "ca" };
  type Step = (builder: MqttClientOptionsBuilder) => unknown;

  it.each<[string, string, ...Step[]]>([
    ["a URI, TLS", "mqtts://h:8883", (b) => b.withConnectionUri("mqtt://h:8883"), withTls],
    ["TLS, a URI", "mqtts://h:8883", withTls, (b) => b.withConnectionUri("tcp://h")],
    ["a URI of mqtts, a host", "mqtts://h:1", (b) => b.withConnectionUri("mqtts://x"), tcp],
    ["a host, a URI of wss", "wss://h:443/p", tcp, (b) => b.withConnectionUri("wss://h/p")],
    ["a host, TLS", "mqtts://h:1", tcp, withTls],
    ["TLS, a host", "mqtts://h:1", withTls, tcp],
    ["a host, TLS as an option", "mqtts://h:1", tcp, (b) => b.withOptions({ tls })],
    ["TLS as an option, a host", "mqtts://h:1", (b) => b.withOptions({ tls }), tcp],
    ["WebSocket, TLS", "wss://h:443/p", (b) => b.withWebSocketServer("ws://h/p"), withTls],
    [
      "TLS, a URI of a WebSocket",
      "wss://h:443/mqtt",
      withTls,
      (b) => b.withConnectionUri("ws://h"),
    ],
  ])("connects by TLS when it was told so: %s", (_, address, ...steps) => {
    const builder = factory.createClientOptionsBuilder();
    for (const step of steps) step(builder.withCredentials("ann", "secret"));
    const client = factory.createMqttClient(builder.build());
    expect(describeAddress(client.client.address)).toBe(address);
  });

  function withTls(builder: MqttClientOptionsBuilder): unknown {
    return builder.withTlsOptions(tls);
  }

  function tcp(builder: MqttClientOptionsBuilder): unknown {
    return builder.withTcpServer("h", 1);
  }

  it("takes the credentials that were given last, in a URI or not", () => {
    const builder = factory.createClientOptionsBuilder();
    builder.withConnectionUri("mqtt://ann:secret@h").withTcpServer("h");
    expect(builder.build().options).toMatchObject({ userName: "ann", password: "secret" });
    const { userName, password } = builder.withCredentials("bob").build().options;
    expect([userName, password]).toEqual(["bob", undefined]);
    builder.withConnectionUri("mqtt://eve:pw@h").withConnectionUri("mqtt://h");
    expect(builder.build().options).toMatchObject({ userName: "eve", password: "pw" });
    expect(builder.withCredentials("u", null).build().options).not.toHaveProperty("password");
  });

  it.each<[string, (builder: AnyBuilder) => unknown, string]>([
    ["no host", (b) => b["withTcpServer"]?.(undefined), "host must be a name or an address"],
    ["an empty host", (b) => b["withTcpServer"]?.(""), "host must be a name or an address"],
    ["no URI", (b) => b["withConnectionUri"]?.(undefined), "the server must be a URL"],
    ["a URI that is none", (b) => b["withConnectionUri"]?.("host"), 'no URL: "host"'],
    ["no URI in it", (b) => b["withWebSocketServer"]?.(() => 1), "the WebSocket has no URI"],
    ["a URL of mqtt", (b) => b["withWebSocketServer"]?.("mqtt://h"), "say ws or wss"],
    [
      "no user name",
      (b) => b["withCredentials"]?.(undefined, "x"),
      "userName must not be undefined",
    ],
    ["no identifier", (b) => b["withClientId"]?.(undefined), "clientId must not be undefined"],
    ["no will topic", (b) => b["withWillTopic"]?.(undefined), "topic must not be undefined"],
  ])("refuses %s at once", (_, act, said) => {
    const builder = factory.createClientOptionsBuilder() as unknown as AnyBuilder;
    expect(() => act(builder)).toThrow(MqttConfigurationError);
    expect(() => act(builder)).toThrow(said);
  });

  it.each<[string, (builder: AnyBuilder) => unknown, string]>([
    ["useTls", (b) => b["withTlsOptions"]?.({ useTls: false }), 'option "useTls" in tls'],
    ["a port of 0", (b) => b["withTcpServer"]?.("h", 0), "server.port 0 is not"],
    ["a port as text", (b) => b["withTcpServer"]?.("h", "1883"), "server.port of type string"],
    ["an unknown option", (b) => b["withOptions"]?.({ keepalive: 1 }), 'option "keepalive"'],
    [
      "a Will with an alias",
      (b) => b["withWillMessage"]?.({ topic: "t", topicAlias: 1 }),
      'option "topicAlias" in will',
    ],
    [
      "options of WebSocket for TCP",
      (b) => b["withOptions"]?.({ webSocket: {} }),
      "webSocket is given, but mqtt://h:1883 is no WebSocket",
    ],
  ])("lets the client refuse %s", (_, act, said) => {
    const builder = factory.createClientOptionsBuilder().withTcpServer("h");
    act(builder as unknown as AnyBuilder);
    expect(() => factory.createMqttClient(builder.build())).toThrow(MqttConfigurationError);
    expect(() => factory.createMqttClient(builder.build())).toThrow(said);
  });

  it("leaves its defaults when an option is undefined", () => {
    const builder = factory.createClientOptionsBuilder().withTcpServer("h");
    builder.withClientId("c").withOptions({ reconnect: undefined, clientId: undefined });
    const defaults = { reconnect: false, keepAliveSeconds: 15 };
    expect(builder.build().options).toEqual({ ...defaults, clientId: "c" });
    const will = { topic: "w", retain: true };
    builder.withOptions({ will }).withWillQualityOfServiceLevel(1);
    expect(builder.build().options.will).toEqual({ ...will, qos: 1 });
  });

  it("has no TLS for a Unix socket", () => {
    const builder = factory.createClientOptionsBuilder().withConnectionUri("unix:///tmp/s");
    expect(() => builder.withTlsOptions().build()).toThrow("a Unix socket has no TLS");
  });

  it("wants a server, and a topic for the Will", () => {
    const builder = factory.createClientOptionsBuilder();
    expect(() => builder.build()).toThrow("no server");
    builder.withTcpServer("host").withWillRetain();
    expect(() => builder.build()).toThrow("no topic");
  });
});

describe("the other builders", () => {
  it("build a subscription of filters that have options of their own", () => {
    const builder = factory
      .createSubscribeOptionsBuilder()
      .withTopicFilter("a", 1, true, false, 0)
      .withTopicFilter("b", { qos: 2 })
      .withTopicFilter({ topicFilter: "c", retainHandling: 2 })
      .withTopicFilter((filter) => filter.withTopic("d").withAtLeastOnceQoS())
      .withTopicFilter(factory.createTopicFilterBuilder().withTopic("e"))
      .withSubscriptionIdentifier(7)
      .withUserProperty("a", "b");
    expect(builder.build()).toEqual({
      topicFilters: [
        { topicFilter: "a", qos: 1, noLocal: true },
        { topicFilter: "b", qos: 2 },
        { topicFilter: "c", retainHandling: 2 },
        { topicFilter: "d", qos: 1 },
        { topicFilter: "e" },
      ],
      options: { subscriptionIdentifier: 7, userProperties: [["a", "b"]] },
    });
    expect(() => factory.createSubscribeOptionsBuilder().build()).toThrow("no Topic Filter");
  });

  it.each([
    [["a", 3], "withTopicFilter.qos 3 is not an integer from 0 to 2"],
    [["a", { QoS: 1 }], 'unknown option "QoS" in withTopicFilter'],
    [["a", { qos: 1 }, true], "withTopicFilter takes nothing behind the options"],
    [[{ topicFilter: "a", QoS: 1 }], 'unknown option "QoS" in withTopicFilter'],
    [[{ topicFilter: "a" }, { qos: 1 }], "withTopicFilter takes nothing behind a filter"],
    [[{}], "topicFilter must be of type string, not undefined"],
    [[5], "withTopicFilter must be an object, not number"],
    [[undefined], "withTopicFilter must be an object, not undefined"],
  ])("refuse the filter %o", (given, said) => {
    const builder = factory.createSubscribeOptionsBuilder() as unknown as AnyBuilder;
    expect(() => builder["withTopicFilter"]?.(...given)).toThrow(MqttConfigurationError);
    expect(() => builder["withTopicFilter"]?.(...given)).toThrow(said);
  });

  it.each([
    [{ clientId: "c" }, 'unknown option "clientId", only server options'],
    [{}, "the server must be a URL or an object, not undefined"],
    [5, "options must be an object, not number"],
  ])("make no client of %o", (options, said) => {
    const create = (): unknown => factory.createMqttClient(options as never);
    expect(create).toThrow(MqttConfigurationError);
    expect(create).toThrow(said);
  });

  it("build filters, unsubscriptions and disconnects", () => {
    const filter = factory
      .createTopicFilterBuilder()
      .withTopic("a")
      .withExactlyOnceQoS()
      .withNoLocal()
      .withRetainAsPublished()
      .withRetainHandling(2);
    expect(filter.build()).toEqual({
      topicFilter: "a",
      qos: 2,
      noLocal: true,
      retainAsPublished: true,
      retainHandling: 2,
    });
    expect(filter.withAtMostOnceQoS().build().qos).toBe(0);
    const unsubscribe = factory.createUnsubscribeOptionsBuilder();
    unsubscribe.withTopicFilter("a").withTopicFilter("b").withUserProperty("c", "d");
    expect(unsubscribe.build()).toEqual({
      topicFilters: ["a", "b"],
      options: { userProperties: [["c", "d"]] },
    });
    const disconnect = factory.createClientDisconnectOptionsBuilder();
    disconnect.withReason(4).withReasonString("bye").withSessionExpiryInterval(0);
    disconnect.withUserProperty("a", "b");
    expect(disconnect.build()).toEqual({
      reasonCode: 4,
      reasonString: "bye",
      userProperties: [["a", "b"]],
    });
  });
});

describe("as in MQTTnet", () => {
  it("0, empty and what is the default are not set, also on 3.1.1", () => {
    const built = factory
      .createClientOptionsBuilder()
      .withTcpServer("h")
      .withProtocolVersion(4)
      .withSessionExpiryInterval(0)
      .withReceiveMaximum(0)
      .withMaximumPacketSize(0)
      .withTopicAliasMaximum(0)
      .withRequestProblemInformation(true)
      .withRequestResponseInformation(false)
      .withWillTopic("w")
      .withWillDelayInterval(0)
      .withWillMessageExpiryInterval(0)
      .withWillPayloadFormatIndicator(0)
      .withWillContentType("")
      .withWillResponseTopic("")
      .withWillCorrelationData(new Uint8Array())
      .build();
    const { will, ...options } = built.options;
    expect(will).toEqual({ topic: "w" });
    expect(options).toEqual({ reconnect: false, keepAliveSeconds: 15, protocolVersion: 4 });
    expect(factory.createMqttClient(built).client.protocolVersion).toBe(4);
    const message = factory.createApplicationMessageBuilder().withTopic("t");
    message.withMessageExpiryInterval(0).withTopicAlias(0).withPayloadFormatIndicator(0);
    message.withContentType("").withResponseTopic("").withCorrelationData(new Uint8Array());
    expect(message.build()).toEqual({ topic: "t" });
    const filter = factory.createTopicFilterBuilder().withTopic("t");
    filter.withNoLocal(false).withRetainAsPublished(false).withRetainHandling(0);
    expect(filter.build()).toEqual({ topicFilter: "t" });
  });

  it("what is said later counts: no TLS after TLS, a value and then 0", () => {
    const builder = factory.createClientOptionsBuilder().withConnectionUri("mqtts://h");
    builder.withTls({ ca: "ca" }).withTlsOptions((tls) => tls.useTls(false));
    builder.withReceiveMaximum(5).withReceiveMaximum(0);
    const { server, options } = builder.build();
    expect(server).toEqual({ protocol: "mqtt", host: "h" });
    expect(options).not.toHaveProperty("tls");
    expect(options).not.toHaveProperty("receiveMaximum");
  });

  it("a message, a filter and a proxy have to name something", () => {
    expect(() => factory.createApplicationMessageBuilder().build()).toThrow("no topic");
    expect(() => factory.createTopicFilterBuilder().build()).toThrow("Topic Filter is empty");
    expect(() => new MqttClientWebSocketProxyOptionsBuilder().build()).toThrow("no address");
    expect(factory.createApplicationMessageBuilder().withTopicAlias(1).build().topicAlias).toBe(1);
  });

  it("bytes of User Properties are UTF-8, and TLS versions are .NET's", () => {
    const builder = factory.createClientOptionsBuilder().withTcpServer("h");
    expect(() => builder.withUserProperty("a", Uint8Array.of(0xff))).toThrow("no UTF-8");
    const tls = new MqttClientTlsOptionsBuilder();
    expect(tls.withSslProtocols(3_072).build()).toEqual({ minVersion: "TLSv1.2" });
    expect(tls.withSslProtocols("None").build()).toEqual({ minVersion: undefined });
    expect(() => tls.withSslProtocols(192)).toThrow("neither Tls12 nor Tls13");
    expect(() => tls.withRevocationMode("Online" as never)).toThrow('only "NoCheck"');
  });

  it("a certificate validation handler has the only word", () => {
    const tls = new MqttClientTlsOptionsBuilder();
    const built = tls.withCertificateValidationHandler(({ host }) => host === "good").build();
    const judge = (host: string): unknown =>
      built?.checkServerIdentity?.(host, {} as never, new Error("chain"));
    expect(built?.rejectUnauthorized).toBe(false);
    expect(judge("good")).toBeUndefined();
    expect(judge("bad")).toBeInstanceOf(Error);
  });

  it("a method of authentication has its data, or a handler, or is refused", async () => {
    const make = (): MqttClientOptionsBuilder =>
      factory.createClientOptionsBuilder().withTcpServer("h");
    const start = { type: "start", purpose: "connect" } as const;
    const challenge = { type: "continue", data: undefined } as const;
    const data = Uint8Array.of(1);
    const one = make().withEnhancedAuthentication("m", data).build().options.authentication;
    expect(await one?.handler(start)).toBe(data);
    expect(() => one?.handler(challenge)).toThrow("there is no authentication handler");
    const both = make().withEnhancedAuthentication("m", data);
    both.withEnhancedAuthenticationHandler(() => Uint8Array.of(2));
    const { authentication } = both.build().options;
    expect(await authentication?.handler(start)).toBe(data);
    expect(await authentication?.handler(challenge)).toEqual(Uint8Array.of(2));
    const bare = make().withEnhancedAuthenticationHandler(() => undefined);
    expect(() => bare.build()).toThrow("has no method");
  });
});

describe("a client of the factory", () => {
  it("is made first and connected with options later; its handlers stay", async () => {
    await using server = new MqttServer({ host: "127.0.0.1", port: 0, systemTopics: false });
    const users: unknown[] = [];
    server.on("validatingConnection", ({ userName }) => void users.push(userName));
    await server.start();
    const { port = 0 } = server.address();
    await using client = new MqttFactory().createMqttClient();
    expect(client.isConnected).toBe(false);
    expect(await client.tryPing()).toBe(false);
    await expect(client.connect()).rejects.toThrow("the client has no options yet");
    const seen: string[] = [];
    client
      .useConnectedHandler(() => seen.push("connected"))
      .useDisconnectedHandler(({ wasConnected }) => seen.push(`disconnected ${wasConnected}`))
      .useApplicationMessageReceivedHandler(({ topic, text }) => seen.push(`${topic} ${text}`));
    let logins = 0;
    const provider = { getUserName: () => `user${(logins += 1)}`, getPassword: () => "secret" };
    const builder = factory.createClientOptionsBuilder().withTcpServer((options) => {
      options.server = "127.0.0.1";
      options.port = port;
    });
    await client.connect(builder.withCredentials(provider).build());
    expect(client.isConnected).toBe(true);
    expect(await client.tryPing()).toBe(true);
    const filters = factory.createSubscribeOptionsBuilder();
    await client.subscribe(filters.withTopicFilter("a", 1).withTopicFilter("b", 0).build());
    await client.publishString("a", "one", 1);
    await client.publishBinary("b", Uint8Array.of(0x32), 1);
    await client.ping();
    const leaving = factory.createUnsubscribeOptionsBuilder().withTopicFilter("a").build();
    expect((await client.unsubscribe(leaving)).reasonCodes).toEqual([0]);
    await expect(client.connect(builder.build())).rejects.toThrow("connected already");
    await client.disconnect(factory.createClientDisconnectOptionsBuilder().build());
    await client.reconnect();
    expect(users).toEqual(["user1", "user2"]);
    await client.disconnect();
    await client.connect(builder.withClientId("other").build());
    expect(client.client.clientId).toBe("other");
    client.dispose();
    expect(seen).toEqual([
      "connected",
      "a one",
      "b 2",
      "disconnected true",
      "connected",
      "disconnected true",
      "connected",
      "disconnected true",
    ]);
  });
});
