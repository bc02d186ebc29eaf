import { describe, expect, it } from "vitest";
import { MqttClientFactory } from "@anax/client/builders";
import { MqttServer } from "@anax/server";

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
    expect(built.server).toBe("ws://host/mqtt");
    expect(built.options).toMatchObject({ keepAliveSeconds: 0, connectTimeoutMs: 1 });
    expect(built.options.will).toEqual({ topic: "w", payload: "x" });
    const url = new URL("mqtts://host");
    expect(builder.withConnectionUri(url).withTlsOptions().build().server).toBe(url);
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
