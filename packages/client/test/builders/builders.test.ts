import { describe, expect, it } from "vitest";
import { MqttConfigurationError } from "@anax/client";
import type { MqttClientOptionsBuilder } from "@anax/client/builders";
import { MqttClientFactory } from "@anax/client/builders";
import { MqttServer } from "@anax/server";
import { describeAddress } from "../../src/server-address.ts";

/** A builder as plain JavaScript sees it. */
type AnyBuilder = Record<string, ((...given: unknown[]) => unknown) | undefined>;

const factory = new MqttClientFactory();

describe("MqttClientOptionsBuilder", () => {
  it("says what the options say", () => {
    const authentication = { method: "m", respond: () => undefined };
    const { server, options } = factory
      .createClientOptionsBuilder()
      .withTcpServer("host", 1_884)
      .withTlsOptions({ ca: "ca" })
      .withCredentials("ann", "secret")
      .withEnhancedAuthentication(authentication as never)
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
      .withTimeout(5_000)
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
    builder.withWebSocketServer("ws://host/mqtt").withNoKeepAlive().withCommunicationTimeout(1);
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
    expect(describeAddress(client.address)).toBe(address);
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
    expect(builder.withCredentials("bob").build().options).toMatchObject({
      userName: "bob",
      password: undefined,
    });
    builder.withConnectionUri("mqtt://eve:pw@h").withConnectionUri("mqtt://h");
    expect(builder.build().options).toMatchObject({ userName: "eve", password: "pw" });
    expect(builder.withCredentials("u", null).build().options).toMatchObject({
      userName: "u",
      password: undefined,
    });
  });

  it.each<[string, (builder: AnyBuilder) => unknown, string]>([
    ["no host", (b) => b["withTcpServer"]?.(undefined), "host must be a name or an address"],
    ["an empty host", (b) => b["withTcpServer"]?.(""), "host must be a name or an address"],
    ["no URI", (b) => b["withConnectionUri"]?.(undefined), "the server must be a URL"],
    ["a URI that is none", (b) => b["withConnectionUri"]?.("host"), 'no URL: "host"'],
    ["a function", (b) => b["withWebSocketServer"]?.(() => 1), "the server must be a URL"],
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
    ["TLS by a function", (b) => b["withTlsOptions"]?.(() => 1), "tls must be an object"],
    ["useTls", (b) => b["withTlsOptions"]?.({ useTls: false }), 'no option "useTls" in tls'],
    ["a port of 0", (b) => b["withTcpServer"]?.("h", 0), "server.port 0 is not"],
    ["a port as text", (b) => b["withTcpServer"]?.("h", "1883"), "server.port of type string"],
    ["an unknown option", (b) => b["withOptions"]?.({ keepalive: 1 }), 'no option "keepalive"'],
    [
      "a Will with an alias",
      (b) => b["withWillMessage"]?.({ topic: "t", topicAlias: 1 }),
      'no option "topicAlias" in will',
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
    expect(builder.build().options).toEqual({ reconnect: false, clientId: "c" });
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
  it("build a subscription of filters that agree in their options", () => {
    const builder = factory
      .createSubscribeOptionsBuilder()
      .withTopicFilter("a", { qos: 1 })
      .withTopicFilter({ topicFilter: "b", qos: 1 })
      .withTopicFilter((filter) => filter.withTopic("c").withAtLeastOnceQoS())
      .withSubscriptionIdentifier(7)
      .withUserProperty("a", "b");
    expect(builder.build()).toEqual({
      topicFilters: ["a", "b", "c"],
      options: { qos: 1, subscriptionIdentifier: 7, userProperties: [["a", "b"]] },
    });
    expect(() => builder.withTopicFilter("d", { qos: 2 }).build()).toThrow("d has other options");
    expect(() => factory.createSubscribeOptionsBuilder().build()).toThrow("no Topic Filter");
  });

  it.each([
    [["a", 1], "options must be an object, not number"],
    [["a", { QoS: 1 }], 'there is no option "QoS", only qos'],
    [[{ topicFilter: "a", QoS: 1 }], 'there is no option "QoS" in withTopicFilter'],
    [[{ topicFilter: "a" }, { qos: 1 }], "withTopicFilter takes nothing behind a filter"],
    [[{}], "topicFilter must be of type string, not undefined"],
    [[5], "withTopicFilter must be an object, not number"],
    [[undefined], "withTopicFilter must be an object, not undefined"],
  ])("refuse the filter %o", (given, said) => {
    const builder = factory.createSubscribeOptionsBuilder() as unknown as AnyBuilder;
    expect(() => builder["withTopicFilter"]?.(...given)).toThrow(MqttConfigurationError);
    expect(() => builder["withTopicFilter"]?.(...given)).toThrow(said);
  });

  it("take a builder of a filter as well", () => {
    const filter = factory.createTopicFilterBuilder().withTopic("a").withAtLeastOnceQoS();
    const built = factory.createSubscribeOptionsBuilder().withTopicFilter(filter).build();
    expect(built).toMatchObject({ topicFilters: ["a"], options: { qos: 1 } });
  });

  it.each([
    [undefined, "createMqttClient takes what MqttClientOptionsBuilder.build gives"],
    [null, "createMqttClient takes what MqttClientOptionsBuilder.build gives"],
    [{ clientId: "c" }, 'there is no option "clientId", only server options'],
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
      sessionExpiryIntervalSeconds: 0,
      userProperties: [["a", "b"]],
    });
  });
});

it("what was built connects, subscribes, publishes and disconnects", async () => {
  await using server = new MqttServer({ port: 0, systemTopics: false });
  await server.start();
  const { port = 0 } = server.address();
  const options = factory.createClientOptionsBuilder().withTcpServer("127.0.0.1", port).build();
  const client = factory.createMqttClient(options);
  await client.connect();
  const filters = factory.createSubscribeOptionsBuilder().withTopicFilter("a", { qos: 1 }).build();
  const subscription = client.subscribe(filters.topicFilters, filters.options);
  await subscription;
  const message = factory
    .createApplicationMessageBuilder()
    .withTopic("a")
    .withPayload("hello")
    .withAtLeastOnceQoS()
    .build();
  await client.publish(message);
  for await (const received of subscription) {
    expect(received.text).toBe("hello");
    break;
  }
  await client.disconnect(factory.createClientDisconnectOptionsBuilder().build());
});
