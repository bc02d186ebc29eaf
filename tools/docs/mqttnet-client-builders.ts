/** The builders and factories of MQTTnet 5.2 that make clients and messages, and what each method is here. */
import * as client from "@anax/client/builders";
import { EMPTY, NOTHING, ZERO, factory, present } from "./builder-table.ts";
import type { BuilderTable } from "./builder-table.ts";

const CLIENT = "@anax/client/builders";
const bytes = Uint8Array.of(1);

const options = (part: object): object => ({ options: part });
const will = (part: object): object => ({ options: { will: { topic: "w", ...part } } });
const withWill = (
  set: (builder: client.MqttClientOptionsBuilder) => client.MqttClientOptionsBuilder,
): ((builder: client.MqttClientOptionsBuilder) => unknown) => {
  return (builder) => set(builder.withWillTopic("w"));
};

/** By their names in MQTTnet. */
export const MQTTNET_CLIENT_BUILDERS: Readonly<Record<string, BuilderTable>> = {
  MqttClientFactory: factory(CLIENT, () => new client.MqttClientFactory(), {
    CreateMqttClient: (made) => made.createMqttClient(),
    CreateClientOptionsBuilder: (made) => made.createClientOptionsBuilder(),
    CreateClientDisconnectOptionsBuilder: (made) => made.createClientDisconnectOptionsBuilder(),
    CreateSubscribeOptionsBuilder: (made) => made.createSubscribeOptionsBuilder(),
    CreateUnsubscribeOptionsBuilder: (made) => made.createUnsubscribeOptionsBuilder(),
    CreateTopicFilterBuilder: (made) => made.createTopicFilterBuilder(),
    CreateApplicationMessageBuilder: (made) => made.createApplicationMessageBuilder(),
    CreateLowLevelMqttClient: {
      missing: "`@anax/protocol` reads and writes packets, on a socket of yours",
    },
    DefaultLogger: { missing: "each client has its option `logger`" },
    Properties: { missing: "a variable of your program" },
  }),
  MqttClientOptionsBuilder: present(
    CLIENT,
    () => new client.MqttClientOptionsBuilder().withTcpServer("h"),
    {
      WithTcpServer: [
        (b) => b.withTcpServer("other", 1_884, "InterNetwork"),
        { server: { protocol: "mqtt", host: "other", port: 1_884 }, options: { addressFamily: 4 } },
        "or a function that sets `server`, `port`, `remoteEndpoint`, `addressFamily`, `localEndpoint`",
      ],
      WithEndPoint: [
        (b) => b.withEndPoint({ host: "e", port: 7 }),
        { server: { host: "e", port: 7 } },
        "`{ host, port }`, or the path of a Unix socket",
      ],
      WithAddressFamily: [
        (b) => b.withAddressFamily("InterNetworkV6"),
        options({ addressFamily: 6 }),
      ],
      WithConnectionUri: [
        (b) => b.withConnectionUri("wss://u:p@h/x"),
        { server: { protocol: "wss", path: "/x" }, options: { userName: "u", password: "p" } },
      ],
      WithWebSocketServer: [
        (b) => b.withWebSocketServer((o) => o.withUri("h:8083/mqtt")),
        { server: { protocol: "ws", host: "h", port: 8_083 } },
        "a function, or a URL with or without `ws://`",
      ],
      WithTlsOptions: [
        (b) => b.withTlsOptions((o) => o.withTargetHost("n")),
        { server: { protocol: "mqtts" }, options: { tls: { servername: "n" } } },
        "a function, or the options of `tls`",
      ],
      WithCredentials: [
        (b) => b.withCredentials("u", "p"),
        options({ userName: "u", password: "p" }),
        "or a provider with `getUserName()` and `getPassword()`, asked at each attempt",
      ],
      WithEnhancedAuthentication: [
        (b) => b.withEnhancedAuthentication("m", bytes),
        options({ authentication: { method: "m" } }),
      ],
      WithEnhancedAuthenticationHandler: [
        (b) => b.withEnhancedAuthentication("m").withEnhancedAuthenticationHandler(() => bytes),
        options({ authentication: { method: "m" } }),
        "takes steps and gives their answers: the `handler` of `authentication`",
      ],
      WithClientId: [(b) => b.withClientId("c"), options({ clientId: "c" })],
      WithCleanStart: [(b) => b.withCleanStart(false), options({ cleanStart: false })],
      WithCleanSession: [(b) => b.withCleanSession(false), options({ cleanStart: false })],
      WithKeepAlivePeriod: [
        (b) => b.withKeepAlivePeriod({ milliseconds: 30_000 }),
        options({ keepAliveSeconds: 30 }),
        "seconds; 15 where it is not called",
      ],
      WithNoKeepAlive: [(b) => b.withNoKeepAlive(), options({ keepAliveSeconds: 0 })],
      WithProtocolVersion: [
        (b) => b.withProtocolVersion(4),
        options({ protocolVersion: 4 }),
        "3, 4 or 5",
      ],
      WithSessionExpiryInterval: [
        (b) => b.withSessionExpiryInterval(60),
        options({ sessionExpiryIntervalSeconds: 60 }),
        ZERO,
      ],
      WithReceiveMaximum: [(b) => b.withReceiveMaximum(9), options({ receiveMaximum: 9 }), ZERO],
      WithMaximumPacketSize: [
        (b) => b.withMaximumPacketSize(999),
        options({ maximumPacketSize: 999 }),
        ZERO,
      ],
      WithTopicAliasMaximum: [
        (b) => b.withTopicAliasMaximum(3),
        options({ topicAliasMaximum: 3 }),
        `${ZERO}; aliases of the server are resolved`,
      ],
      WithRequestProblemInformation: [
        (b) => b.withRequestProblemInformation(false),
        options({ requestProblemInformation: false }),
      ],
      WithRequestResponseInformation: [
        (b) => b.withRequestResponseInformation(),
        options({ requestResponseInformation: true }),
      ],
      WithTimeout: [
        (b) => b.withTimeout(7),
        options({ connectTimeoutMs: 7_000 }),
        "seconds; 10 where it is not called",
      ],
      WithUserProperty: [
        (b) => b.withUserProperty("a", Uint8Array.of(0x62)),
        options({ userProperties: [["a", "b"]] }),
      ],
      WithWillTopic: [(b) => b.withWillTopic("w"), will({})],
      WithWillPayload: [withWill((b) => b.withWillPayload("p")), will({ payload: "p" })],
      WithWillQualityOfServiceLevel: [
        withWill((b) => b.withWillQualityOfServiceLevel(2)),
        will({ qos: 2 }),
      ],
      WithWillRetain: [withWill((b) => b.withWillRetain()), will({ retain: true })],
      WithWillDelayInterval: [
        withWill((b) => b.withWillDelayInterval(5)),
        will({ willDelayIntervalSeconds: 5 }),
        ZERO,
      ],
      WithWillMessageExpiryInterval: [
        withWill((b) => b.withWillMessageExpiryInterval(5)),
        will({ messageExpiryIntervalSeconds: 5 }),
        ZERO,
      ],
      WithWillContentType: [
        withWill((b) => b.withWillContentType("t")),
        will({ contentType: "t" }),
        EMPTY,
      ],
      WithWillResponseTopic: [
        withWill((b) => b.withWillResponseTopic("r")),
        will({ responseTopic: "r" }),
        EMPTY,
      ],
      WithWillCorrelationData: [
        withWill((b) => b.withWillCorrelationData(bytes)),
        will({ correlationData: bytes }),
        EMPTY,
      ],
      WithWillPayloadFormatIndicator: [
        withWill((b) => b.withWillPayloadFormatIndicator(1)),
        will({ payloadFormatIndicator: 1 }),
        ZERO,
      ],
      WithWillUserProperty: [
        withWill((b) => b.withWillUserProperty("a", "b")),
        will({ userProperties: [["a", "b"]] }),
      ],
      WithStreamProvider: [
        (b) => b.withStreamProvider(async () => Promise.reject(new Error("no stream"))),
        {},
        "a function as `transport`",
      ],
      WithoutPacketFragmentation: [(b) => b.withoutPacketFragmentation(), {}, NOTHING],
      WithProtocolType: [(b) => b.withProtocolType("Tcp"), {}, NOTHING],
      WithTryPrivate: {
        missing:
          "the client does not pass itself off as a bridge; servers that take it for one treat its messages otherwise",
      },
    },
  ),
  MqttClientTlsOptionsBuilder: present(CLIENT, () => new client.MqttClientTlsOptionsBuilder(), {
    UseTls: [(b) => b.useTls(true), {}],
    WithAllowUntrustedCertificates: [
      (b) => b.withAllowUntrustedCertificates(),
      { rejectUnauthorized: false },
      "`withTrustChain` is the safer way",
    ],
    WithCertificateValidationHandler: [
      (b) => b.withCertificateValidationHandler(() => true),
      { rejectUnauthorized: false },
      "given `{ host, certificate, fault }`",
    ],
    WithClientCertificates: [
      (b) => b.withClientCertificates([{ pfx: bytes, passphrase: "p" }]),
      { pfx: bytes, passphrase: "p" },
      "one: `{ pfx, passphrase }` or `{ cert, key }`",
    ],
    WithIgnoreCertificateRevocationErrors: [
      (b) => b.withIgnoreCertificateRevocationErrors(),
      {},
      NOTHING,
    ],
    WithRevocationMode: [
      (b) => b.withRevocationMode("NoCheck"),
      {},
      "only NoCheck: Node asks nobody whether a certificate was revoked",
    ],
    WithSslProtocols: [
      (b) => b.withSslProtocols("Tls13"),
      { minVersion: "TLSv1.3" },
      "the oldest version",
    ],
    WithTargetHost: [(b) => b.withTargetHost("n"), { servername: "n" }],
    WithAllowRenegotiation: [(b) => b.withAllowRenegotiation(false), {}, NOTHING],
    WithApplicationProtocols: [(b) => b.withApplicationProtocols(["mqtt"]), { alpn: ["mqtt"] }],
    WithCipherSuitesPolicy: [
      (b) => b.withCipherSuitesPolicy(["A", "B"]),
      { ciphers: "A:B" },
      "names of OpenSSL",
    ],
    WithTrustChain: [(b) => b.withTrustChain("pem"), { ca: "pem" }, "PEM"],
    WithCertificateSelectionHandler: {
      missing: "a client shows the one certificate that it has; `new MqttClient` for another",
    },
    WithClientCertificatesProvider: {
      missing: "certificates are read when the client is made: `withClientCertificates`",
    },
    WithIgnoreCertificateChainErrors: {
      missing:
        "`withTrustChain` for an authority of your own, or `withCertificateValidationHandler`",
    },
  }),
  MqttClientWebSocketOptionsBuilder: present(
    CLIENT,
    () => new client.MqttClientWebSocketOptionsBuilder(),
    {
      WithUri: [(b) => b.withUri("ws://h"), { uri: "ws://h" }],
      WithRequestHeaders: [
        (b) => b.withRequestHeaders({ cookie: "a=b" }),
        { webSocket: { headers: { cookie: "a=b" } } },
      ],
      WithSubProtocols: [
        (b) => b.withSubProtocols(["mqtt"]),
        { webSocket: { protocols: ["mqtt"] } },
      ],
      WithProxyOptions: [
        (b) => b.withProxyOptions((o) => o.withAddress("h:3128")),
        { proxy: "http://h:3128/" },
      ],
      WithKeepAliveInterval: [(b) => b.withKeepAliveInterval(5), {}, NOTHING],
      WithCookieContainer: { missing: "`withRequestHeaders({ cookie })`" },
      WithDangerousDeflateOptions: { missing: "there is no compression" },
      WithUseDefaultCredentials: { missing: "there is no log-on of Windows" },
    },
  ),
  MqttClientWebSocketProxyOptionsBuilder: present(
    CLIENT,
    () => new client.MqttClientWebSocketProxyOptionsBuilder().withAddress("h"),
    {
      WithAddress: [(b) => b.withAddress("http://g:3128"), Object("http://g:3128/")],
      WithUsername: [(b) => b.withUsername("u"), Object("http://u@h/")],
      WithPassword: [(b) => b.withUsername("u").withPassword("p"), Object("http://u:p@h/")],
      WithBypassList: { missing: "leave the proxy out for those servers" },
      WithBypassOnLocal: { missing: "leave the proxy out for those servers" },
      WithDomain: { missing: "there is no log-on of Windows" },
      WithUseDefaultCredentials: { missing: "there is no log-on of Windows" },
    },
  ),
  MqttClientDisconnectOptionsBuilder: present(
    CLIENT,
    () => new client.MqttClientDisconnectOptionsBuilder(),
    {
      WithReason: [(b) => b.withReason(4), { reasonCode: 4 }],
      WithReasonString: [(b) => b.withReasonString("r"), { reasonString: "r" }],
      WithSessionExpiryInterval: [
        (b) => b.withSessionExpiryInterval(9),
        { sessionExpiryIntervalSeconds: 9 },
        ZERO,
      ],
      WithUserProperty: [(b) => b.withUserProperty("a", "b"), { userProperties: [["a", "b"]] }],
      WithUserProperties: [
        (b) => b.withUserProperties([["a", "b"]]),
        { userProperties: [["a", "b"]] },
      ],
    },
  ),
  MqttClientSubscribeOptionsBuilder: present(
    CLIENT,
    () => new client.MqttClientSubscribeOptionsBuilder().withTopicFilter("first"),
    {
      WithTopicFilter: [
        (b) => b.withTopicFilter("a", 1, true),
        { topicFilters: [{ topicFilter: "first" }, { topicFilter: "a", qos: 1, noLocal: true }] },
        "each with options of its own",
      ],
      WithSubscriptionIdentifier: [
        (b) => b.withSubscriptionIdentifier(7),
        options({ subscriptionIdentifier: 7 }),
      ],
      WithUserProperty: [
        (b) => b.withUserProperty("a", "b"),
        options({ userProperties: [["a", "b"]] }),
      ],
    },
  ),
  MqttClientUnsubscribeOptionsBuilder: present(
    CLIENT,
    () => new client.MqttClientUnsubscribeOptionsBuilder(),
    {
      WithTopicFilter: [(b) => b.withTopicFilter("a"), { topicFilters: ["a"] }],
      WithUserProperty: [
        (b) => b.withUserProperty("a", "b"),
        options({ userProperties: [["a", "b"]] }),
      ],
    },
  ),
  MqttTopicFilterBuilder: present(
    CLIENT,
    () => new client.MqttTopicFilterBuilder().withTopic("t"),
    {
      WithTopic: [(b) => b.withTopic("a"), { topicFilter: "a" }],
      WithQualityOfServiceLevel: [(b) => b.withQualityOfServiceLevel(2), { qos: 2 }],
      WithAtMostOnceQoS: [(b) => b.withAtMostOnceQoS(), { qos: 0 }],
      WithAtLeastOnceQoS: [(b) => b.withAtLeastOnceQoS(), { qos: 1 }],
      WithExactlyOnceQoS: [(b) => b.withExactlyOnceQoS(), { qos: 2 }],
      WithNoLocal: [(b) => b.withNoLocal(), { noLocal: true }],
      WithRetainAsPublished: [(b) => b.withRetainAsPublished(), { retainAsPublished: true }],
      WithRetainHandling: [(b) => b.withRetainHandling(1), { retainHandling: 1 }],
    },
  ),
  MqttApplicationMessageBuilder: present(
    CLIENT,
    () => new client.MqttApplicationMessageBuilder().withTopic("t"),
    {
      WithTopic: [(b) => b.withTopic("a"), { topic: "a" }],
      WithPayload: [(b) => b.withPayload("p"), { payload: "p" }, "text or bytes"],
      WithPayloadSegment: [(b) => b.withPayloadSegment(bytes), { payload: bytes }],
      WithQualityOfServiceLevel: [(b) => b.withQualityOfServiceLevel(1), { qos: 1 }],
      WithRetainFlag: [(b) => b.withRetainFlag(), { retain: true }],
      WithContentType: [(b) => b.withContentType("c"), { contentType: "c" }, EMPTY],
      WithResponseTopic: [(b) => b.withResponseTopic("r"), { responseTopic: "r" }, EMPTY],
      WithCorrelationData: [(b) => b.withCorrelationData(bytes), { correlationData: bytes }, EMPTY],
      WithMessageExpiryInterval: [
        (b) => b.withMessageExpiryInterval(9),
        { messageExpiryIntervalSeconds: 9 },
        ZERO,
      ],
      WithPayloadFormatIndicator: [
        (b) => b.withPayloadFormatIndicator(1),
        { payloadFormatIndicator: 1 },
        ZERO,
      ],
      WithTopicAlias: [
        (b) => b.withTopicAlias(2),
        { topicAlias: 2 },
        `${ZERO}; not in @anax/server/builders, for the server chooses aliases`,
      ],
      WithUserProperty: [(b) => b.withUserProperty("a", "b"), { userProperties: [["a", "b"]] }],
      WithSubscriptionIdentifier: {
        missing:
          "a client must not send any [MQTT-3.3.4-6]; the server puts those of the subscriptions",
      },
    },
  ),
};
