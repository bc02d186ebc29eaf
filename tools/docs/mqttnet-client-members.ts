/** What the types of MQTTnet's client, its packets and messages are here. */
import type { MemberHere, TypeHere } from "./mqttnet-members.ts";

const CREDENTIALS =
  "`userName`, and `password`, which may be a function that is asked at each attempt";
const CERTIFICATES = "`tls: { pfx, passphrase }`, or `cert` and `key`";
const EXCHANGE =
  "`authentication.handler`, which is given each step and answers it; `reauthenticate()` begins one";
const LOW_LEVEL =
  "`encodePacket`, `decodePacket` and `Framer` of `@anax/protocol`, on a socket of yours";
const PAIR = "`[name, value]`";
const IDENTIFIER = { missing: "nothing else has it" } as const;
const NODE = { missing: "Node decides it" } as const;

const WILL: Readonly<Record<string, MemberHere>> = {
  WillContentType: "`will.contentType`",
  WillCorrelationData: "`will.correlationData`",
  WillDelayInterval: "`will.willDelayIntervalSeconds`",
  WillMessageExpiryInterval: "`will.messageExpiryIntervalSeconds`",
  WillPayloadFormatIndicator: "`will.payloadFormatIndicator`",
  WillResponseTopic: "`will.responseTopic`",
  WillRetain: "`will.retain`",
  WillTopic: "`will.topic`",
  WillUserProperties: "`will.userProperties`",
};

const MESSAGE: Readonly<Record<string, MemberHere>> = {
  Dup: "`duplicate`",
  MessageExpiryInterval: "`messageExpiryIntervalSeconds`",
  PayloadSegment: "`payload`",
  QualityOfServiceLevel: "`qos`",
};

const CLIENT: TypeHere = {
  here: ["MqttClient", "MqttClientWithHandlers", "ClientEvents"],
  renamed: {
    ApplicationMessageReceivedAsync: '`on("message")`, or a handler of `subscribe`',
    InspectPacketAsync: '`on("packet")`',
    IsConnected: "`connected`; `isConnected` of the builders' client",
    Options: "`address`, `clientId`, `connectResult`",
    SendEnhancedAuthenticationExchangeDataAsync: EXCHANGE,
  },
};

/** By their names in MQTTnet. */
export const CLIENT_MEMBERS: Readonly<Record<string, TypeHere>> = {
  IMqttClient: CLIENT,
  MqttClient: CLIENT,
  MqttClientExtensions: {
    here: ["MqttClient", "MqttClientWithHandlers"],
    renamed: {
      PublishBinaryAsync: "`publish`",
      PublishSequenceAsync: "`publish` with one `Uint8Array`",
      SendEnhancedAuthenticationExchangeDataAsync: EXCHANGE,
    },
  },
  MqttClientOptions: {
    here: ["ClientOptions"],
    renamed: {
      AllowPacketFragmentation: { missing: "packets are written in one piece" },
      AuthenticationData: "what `authentication.handler` answers first",
      AuthenticationMethod: "`authentication.method`",
      ChannelOptions: "the URL, or `{ host, port }`",
      CleanSession: "`cleanStart`",
      Credentials: CREDENTIALS,
      EnhancedAuthenticationHandler: "`authentication.handler`",
      KeepAlivePeriod: "`keepAliveSeconds`",
      SessionExpiryInterval: "`sessionExpiryIntervalSeconds`",
      Timeout: "`connectTimeoutMs`; the rest takes a `signal`",
      TryPrivate: { missing: "the client does not pass itself off as a bridge" },
      ValidateFeatures: { missing: "what a version has not is always refused" },
      ...WILL,
      WillPayload: "`will.payload`",
      WillQualityOfServiceLevel: "`will.qos`",
      WriterBufferSize: { missing: "buffers size themselves" },
      WriterBufferSizeMax: { missing: "buffers size themselves" },
    },
  },
  MqttClientTcpOptions: {
    here: ["SocketOptions"],
    renamed: {
      BufferSize: { missing: "buffers size themselves" },
      DualMode: "`addressFamily`",
      LingerState: NODE,
      LocalEndpoint: "`localAddress`",
      NoDelay: { missing: "always on" },
      ProtocolType: { missing: "TCP" },
      RemoteEndpoint: "the URL, or `{ host, port }`",
      StreamProvider: "`transport`",
      TlsOptions: "`tls`",
    },
  },
  MqttClientTlsOptions: {
    here: ["TlsOptions"],
    renamed: {
      AllowRenegotiation: { missing: "Node allows none" },
      AllowUntrustedCertificates: "`rejectUnauthorized: false`; `ca` is safer",
      ApplicationProtocols: "`alpn`",
      CertificateSelectionHandler: { missing: "a client shows the one certificate that it has" },
      CertificateValidationHandler: "`checkServerIdentity`, with `rejectUnauthorized: false`",
      CipherSuitesPolicy: "`ciphers`",
      ClientCertificatesProvider: CERTIFICATES,
      EncryptionPolicy: { missing: "TLS always encrypts" },
      IgnoreCertificateChainErrors: "`rejectUnauthorized: false`; `ca` is safer",
      IgnoreCertificateRevocationErrors: {
        missing: "Node asks nobody whether a certificate was revoked",
      },
      RevocationMode: { missing: "Node asks nobody whether a certificate was revoked" },
      SslProtocol: "`minVersion`",
      TargetHost: "`servername`",
      TrustChain: "`ca`",
      UseTls: "`mqtts:`, `wss:`",
    },
  },
  MqttClientWebSocketOptions: {
    here: ["WebSocketOptions"],
    renamed: {
      CookieContainer: "`headers`",
      Credentials: "`headers`",
      DangerousDeflateOptions: { missing: "there is no compression" },
      KeepAliveInterval: { missing: "MQTT has its own Keep Alive" },
      ProxyOptions: "`proxy` of the client",
      RequestHeaders: "`headers`",
      SubProtocols: "`protocols`",
      TlsOptions: "`tls` of the client",
      Uri: "the URL",
      UseDefaultCredentials: { missing: "there is no log-on of Windows" },
    },
  },
  MqttClientWebSocketProxyOptions: {
    renamed: {
      Address: "`proxy`, a URL",
      BypassList: { missing: "leave the proxy out for those servers" },
      BypassOnLocal: { missing: "leave the proxy out for those servers" },
      Domain: { missing: "there is no log-on of Windows" },
      Password: "in the URL of `proxy`",
      UseDefaultCredentials: { missing: "there is no log-on of Windows" },
      Username: "in the URL of `proxy`",
    },
  },
  MqttClientConnectResult: {
    here: ["ConnectResult"],
    renamed: {
      AssignedClientIdentifier: "`assignedClientId`",
      IsSessionPresent: "`sessionPresent`",
      MaximumQoS: "`maximumQos`",
      ResultCode: "`reasonCode`; a refusal rejects with `MqttConnectError`",
      ServerKeepAlive: "`keepAliveSeconds`",
      SessionExpiryInterval: "`sessionExpiryIntervalSeconds`",
    },
  },
  MqttClientPublishResult: {
    here: ["PublishResult"],
    renamed: { IsSuccess: "a refusal rejects with `MqttReasonError`" },
  },
  MqttClientSubscribeResult: {
    here: ["SubscriptionResult"],
    renamed: { Items: "`reasonCodes`, one for each filter", PacketIdentifier: IDENTIFIER },
  },
  MqttClientSubscribeResultItem: {
    renamed: {
      ResultCode: "`reasonCodes`, at the same index",
      TopicFilter: "`topicFilters` of the subscription, at the same index",
    },
  },
  MqttClientUnsubscribeResult: {
    here: ["UnsubscribeResult"],
    renamed: { Items: "`reasonCodes`, one for each filter", PacketIdentifier: IDENTIFIER },
  },
  MqttClientUnsubscribeResultItem: {
    renamed: {
      ResultCode: "`reasonCodes`, at the same index",
      TopicFilter: "the filters that were given, at the same index",
    },
  },
  MqttClientSubscribeOptions: { here: ["SubscribeOptions", "MqttClientSubscribeOptions"] },
  MqttClientUnsubscribeOptions: { here: ["UnsubscribeOptions", "MqttClientUnsubscribeOptions"] },
  MqttClientDisconnectOptions: {
    here: ["DisconnectOptions"],
    renamed: {
      Reason: "`reasonCode`",
      SessionExpiryInterval: "`sessionExpiryIntervalSeconds`",
    },
  },
  MqttTopicFilter: {
    here: ["SubscriptionRequest", "TopicFilterOptions"],
    renamed: { QualityOfServiceLevel: "`qos`", Topic: "`topicFilter`" },
  },
  MqttApplicationMessage: {
    here: ["Message", "MessageFields", "PublishOptions"],
    renamed: MESSAGE,
  },
  MqttApplicationMessageExtensions: { renamed: { ConvertPayloadToString: "`message.text`" } },
  MqttUserProperty: { renamed: { Name: PAIR, Value: PAIR, ValueBuffer: PAIR } },
  MqttUserPropertyExtensions: { renamed: { ReadValueAsString: PAIR } },
  MqttClientCredentials: { whole: CREDENTIALS },
  IMqttClientCredentialsProvider: { whole: CREDENTIALS },
  IMqttClientCertificatesProvider: { whole: CERTIFICATES },
  DefaultMqttCertificatesProvider: { whole: CERTIFICATES },
  IMqttClientChannelOptions: { whole: "`tls`, beside the URL" },
  IMqttEnhancedAuthenticationHandler: { whole: EXCHANGE },
  MqttEnhancedAuthenticationExchangeData: { whole: EXCHANGE },
  ReceiveMqttEnhancedAuthenticationDataResult: { whole: EXCHANGE },
  SendMqttEnhancedAuthenticationDataOptions: { whole: EXCHANGE },
  ILowLevelMqttClient: { whole: LOW_LEVEL },
  LowLevelMqttClient: { whole: LOW_LEVEL },
  MqttClientConnectionContextFactory: { whole: "`transport` of the client" },
  MqttTopicFilterComparer: {
    renamed: {
      Compare: "`topicMatchesFilter(topic, filter)`; for permissions `filterCoversFilter`",
      LevelSeparator: { missing: "`/`" },
      MultiLevelWildcard: { missing: "`#`" },
      ReservedTopicPrefix: { missing: "`$`" },
      SingleLevelWildcard: { missing: "`+`" },
    },
  },
  MqttTopicValidator: {
    renamed: {
      ThrowIfInvalid: "`parseTopicName`, `isTopicName`",
      ThrowIfInvalidSubscribe: "`parseTopicFilter`, `isTopicFilter`",
    },
  },
  MqttPorts: { renamed: { Default: { missing: "1883" }, Secure: { missing: "8883" } } },
  MqttPublishPacket: { here: ["PublishPacket", "PublishProperties"], renamed: MESSAGE },
  MqttConnectPacket: {
    here: ["ConnectPacket", "ConnectProperties"],
    renamed: {
      CleanSession: "`cleanStart`",
      KeepAlivePeriod: "`keepAliveSeconds`",
      SessionExpiryInterval: "`properties.sessionExpiryIntervalSeconds`",
      TryPrivate: "`bridge`",
      Username: "`userName`",
      ...WILL,
      WillFlag: "`will`",
      WillMessage: "`will.payload`",
      WillQoS: "`will.qos`",
    },
  },
  MqttConnAckPacket: {
    here: ["ConnackPacket", "ConnackProperties"],
    renamed: {
      AssignedClientIdentifier: "`properties.assignedClientId`",
      IsSessionPresent: "`sessionPresent`",
      MaximumQoS: "`properties.maximumQos`",
      ReturnCode: "`reasonCode`",
      ServerKeepAlive: "`properties.serverKeepAliveSeconds`",
      SessionExpiryInterval: "`properties.sessionExpiryIntervalSeconds`",
    },
  },
  MqttDisconnectPacket: {
    here: ["DisconnectPacket", "DisconnectProperties"],
    renamed: { SessionExpiryInterval: "`properties.sessionExpiryIntervalSeconds`" },
  },
  MqttAuthPacket: { here: ["AuthPacket", "AuthProperties"] },
  MqttPubAckPacket: { here: ["PubackPacket", "AcknowledgementProperties"] },
  MqttPubRecPacket: { here: ["PubrecPacket", "AcknowledgementProperties"] },
  MqttPubRelPacket: { here: ["PubrelPacket", "AcknowledgementProperties"] },
  MqttPubCompPacket: { here: ["PubcompPacket", "AcknowledgementProperties"] },
  MqttSubscribePacket: {
    here: ["SubscribePacket", "SubscribeProperties"],
    renamed: { TopicFilters: "`subscriptions`" },
  },
  MqttSubAckPacket: { here: ["SubackPacket", "AcknowledgementProperties"] },
  MqttUnsubscribePacket: { here: ["UnsubscribePacket", "UnsubscribeProperties"] },
  MqttUnsubAckPacket: { here: ["UnsubackPacket", "AcknowledgementProperties"] },
  MqttPacketWithIdentifier: { here: ["PublishPacket"] },
  IMqttClientStreamProvider: { whole: "`transport` of the client" },
  MqttConnectingFailedException: { whole: "`MqttConnectError`" },
  MqttClientDisconnectedException: { whole: "`MqttDisconnectedError`" },
  MqttClientNotConnectedException: { whole: "`MqttDisconnectedError`" },
  MqttClientUnexpectedDisconnectReceivedException: {
    whole:
      "`MqttDisconnectedError`, with `reasonCode`, `reasonString`, `serverReference` and `userProperties`",
  },
  MqttCommunicationException: { whole: "`MqttDisconnectedError`" },
  MqttCommunicationTimedOutException: { whole: "`MqttTimeoutError`" },
  MqttConfigurationException: { whole: "`MqttConfigurationError`" },
  MqttProtocolViolationException: { whole: "`ProtocolError` of `@anax/protocol`" },
  MqttProxyException: { whole: "`MqttConnectError`, which says what the proxy said" },
  MqttPingReqPacket: { renamed: { Instance: '`{ type: "pingreq" }`' } },
  MqttPingRespPacket: { renamed: { Instance: '`{ type: "pingresp" }`' } },
};
