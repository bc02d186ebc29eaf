/** What the types of MQTTnet's server, of ASP.NET, and of both sides are here. */
import type { TypeHere } from "./mqttnet-members.ts";

const WEB =
  '`listeners: [{ type: "websocket", server, path }]`, or `server.handle(stream)` for any stream';
const CERTIFICATE = "`cert` and `key`, `pfx` and `passphrase`, or `credentials` of the listener";
const LOGGER =
  "`Logger`: `consoleLogger()`, `jsonLinesLogger()`, or any function that takes records";
const NODE = { missing: "Node decides it" } as const;

/** By their names in MQTTnet. */
export const SERVER_MEMBERS: Readonly<Record<string, TypeHere>> = {
  MqttServer: {
    here: ["MqttServer", "ServerEventArguments"],
    renamed: {
      DeleteRetainedMessagesAsync: "`retainedMessages.clear()`",
      DisconnectClientAsync: "`clients.disconnect(clientId, options)`",
      GetClientsAsync: "`clients`: `list()`, `get(clientId)`, an iterator",
      GetRetainedMessageAsync: "`retainedMessages.get(topic)`",
      GetRetainedMessagesAsync: "`retainedMessages`: `list()`, an iterator",
      GetSessionAsync: "`sessions.get(clientId)`",
      GetSessionsAsync: "`sessions`: `list()`, an iterator",
      ServerSessionItems: "a variable of your program; `sessionItems` of an injected message",
      SubscribeAsync: "`sessions.subscribe(clientId, filters)`",
      UnsubscribeAsync: "`sessions.unsubscribe(clientId, filters)`",
      UpdateRetainedMessageAsync: "`retainedMessages.set(message)`",
    },
  },
  MqttServerExtensions: {
    here: ["MqttServer"],
    renamed: {
      DisconnectClientAsync: "`clients.disconnect(clientId, options)`",
      SubscribeAsync: "`sessions.subscribe(clientId, filters)`",
    },
  },
  MqttClientStatus: {
    here: ["ClientStatus", "ServerClients"],
    renamed: {
      BytesReceived: "`bytesSent`: MQTTnet counts on the client's side",
      BytesSent: "`bytesReceived`",
      ConnectedTimestamp: "`connectedAtMs`",
      DisconnectAsync: "`clients.disconnect(clientId, options)`",
      Endpoint: "`peer`",
      Id: "`clientId`",
      LastNonKeepAlivePacketReceivedTimestamp: "`lastNonKeepAlivePacketReceivedAtMs`",
      LastPacketReceivedTimestamp: "`lastPacketSentAtMs`",
      LastPacketSentTimestamp: "`lastPacketReceivedAtMs`",
      ReceivedApplicationMessagesCount: "`messagesSent`",
      ReceivedPacketsCount: "`packetsSent`",
      RemoteEndPoint: "`peer`",
      ResetStatistics: "`clients.resetStatistics(clientId)`",
      SentApplicationMessagesCount: "`messagesReceived`",
      SentPacketsCount: "`packetsReceived`",
      Session: "`sessions.get(clientId)`",
    },
  },
  MqttClientStatusExtensions: { whole: "`clients.disconnect(clientId, options)`" },
  MqttSessionStatus: {
    here: ["SessionStatus", "ServerSessions"],
    renamed: {
      ClearApplicationMessagesQueueAsync: "`sessions.clearQueue(clientId)`",
      CreatedTimestamp: "`createdAtMs`",
      DeleteAsync: "`sessions.delete(clientId)`",
      DisconnectedTimestamp: "`disconnectedAtMs`",
      EnqueueApplicationMessageAsync: "`sessions.tryEnqueueApplicationMessage(clientId, message)`",
      ExpiryInterval: "`expiryIntervalSeconds`",
      Id: "`clientId`",
      PendingApplicationMessagesCount: "`queuedMessages`",
    },
  },
  MqttServerOptions: {
    here: ["MqttServerOptions"],
    renamed: {
      DefaultCommunicationTimeout: "`connectTimeoutMs`, `handlerTimeoutMs`",
      DefaultEndpointOptions: "`listeners`",
      EnablePersistentSessions: "`sessionExpiryMaxSeconds`",
      KeepAliveOptions: "`keepAliveMaxSeconds`",
      MaxPendingMessagesPerClient: "`queueMessagesMax`, `backlogMessagesMax`",
      PendingMessagesOverflowStrategy: "`queueOverflow`",
      TlsEndpointOptions: "`listeners`",
      WriterBufferSize: { missing: "buffers size themselves" },
      WriterBufferSizeMax: { missing: "buffers size themselves" },
    },
  },
  MqttServerKeepAliveOptions: {
    renamed: {
      DisconnectClientWhenReadingPayload: {
        missing: "a packet that is still coming in keeps its client alive",
      },
      MonitorInterval: { missing: "each client's deadline is met" },
    },
  },
  MqttServerTcpEndpointBaseOptions: {
    here: ["TcpListenerOptions"],
    renamed: {
      AllowPacketFragmentation: { missing: "packets are written in one piece" },
      BoundInterNetworkAddress: "`host`",
      BoundInterNetworkV6Address: "`host`, with `ipv6Only` beside an IPv4 address",
      ConnectionBacklog: "`backlog`",
      IsEnabled: "the listener is in `listeners`, or not",
      KeepAlive: "`tcpKeepAliveMs`",
      LingerState: NODE,
      NoDelay: { missing: "always on" },
      ReuseAddress: { missing: "Node has the system use an address again" },
      TcpKeepAliveInterval: NODE,
      TcpKeepAliveRetryCount: NODE,
      TcpKeepAliveTime: "`tcpKeepAliveMs`",
    },
  },
  MqttServerTcpEndpointOptions: { whole: "a listener of type `tcp`" },
  MqttServerTlsTcpEndpointOptions: {
    here: ["TlsOptions"],
    renamed: {
      CertificateProvider: "`credentials`",
      CheckCertificateRevocation: "`crl`",
      CipherSuitesPolicy: "`ciphers`",
      ClientCertificateRequired: "`requestCert`",
      RemoteCertificateValidationCallback:
        "`showUnverified`, and `peer.unverifiedCertificate` in `validatingConnection`",
      SslProtocol: "`minVersion`",
    },
  },
  MqttPendingMessagesOverflowException: {
    whole: "`MqttMessageDroppedError` of `sessions.deliverApplicationMessage`",
  },
  MqttServerStopOptions: {
    renamed: { DefaultClientDisconnectOptions: "`reasonCode`, `reasonString` … of `stop`" },
  },
  MqttServerClientDisconnectOptions: { here: ["DisconnectOptions"] },
  InjectedMqttApplicationMessage: {
    here: ["InjectedMessageSender"],
    renamed: {
      ApplicationMessage: "the first argument of `injectApplicationMessage`",
      CustomSessionItems: "`sessionItems` of the second argument",
      SenderClientId: "`clientId` of the second argument",
      SenderUserName: "`userName` of the second argument",
    },
  },
  InjectMqttApplicationMessageResult: { here: ["SessionDelivery", "EnqueuedMessage"] },
  ExchangeEnhancedAuthenticationOptions: { here: ["AuthenticationStep"] },
  ExchangeEnhancedAuthenticationResult: { here: ["AuthPacket", "AuthProperties"] },
  PublishResponse: { here: ["PublishResponse"] },
  SubscribeResponse: { here: ["SubscriptionResponse"] },
  UnsubscribeResponse: { here: ["SubscriptionResponse"] },
  IMqttServerAdapter: { whole: "`Listener`, in the option `listeners`" },
  ICertificateProvider: { renamed: { GetCertificate: "`credentials` of the listener" } },
  IMqttServerCertificateCredentials: { whole: CERTIFICATE },
  MqttServerCertificateCredentials: { whole: CERTIFICATE },
  BlobCertificateProvider: { whole: CERTIFICATE },
  X509CertificateProvider: { whole: CERTIFICATE },
  ApplicationBuilderExtensions: { whole: WEB },
  ConnectionBuilderExtensions: { whole: WEB },
  EndpointRouterExtensions: { whole: WEB },
  ServiceCollectionExtensions: { whole: WEB },
  AspNetMqttServerOptionsBuilder: { whole: WEB },
  MqttConnectionHandler: { whole: WEB },
  MqttSubProtocolSelector: { renamed: { SelectSubProtocol: "`subprotocols` of the listener" } },
  IMqttNetLogger: { whole: LOGGER },
  MqttNetEventLogger: { whole: LOGGER },
  MqttNetNullLogger: { whole: "no `logger`" },
  MqttNetLogMessage: {
    here: ["LogRecord"],
    renamed: {
      Exception: "`error`",
      LogId: { missing: "name what you log with a logger of its own" },
      ThreadId: { missing: "there is one thread" },
      Timestamp: { missing: "the logger has its own clock" },
    },
  },
};
