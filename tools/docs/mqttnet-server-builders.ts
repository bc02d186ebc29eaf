/** The builders and factories of MQTTnet 5.2 that make servers, and what each method is here. */
import * as server from "@anax/server/builders";
import { NOTHING, factory, present } from "./builder-table.ts";
import type { BuilderTable } from "./builder-table.ts";

const SERVER = "@anax/server/builders";
const bytes = Uint8Array.of(1);

/** By their names in MQTTnet. */
export const MQTTNET_SERVER_BUILDERS: Readonly<Record<string, BuilderTable>> = {
  MqttServerFactory: factory(SERVER, () => new server.MqttServerFactory(), {
    CreateMqttServer: (made) => made.createMqttServer({ listeners: [] }),
    CreateServerOptionsBuilder: (made) => made.createServerOptionsBuilder(),
    CreateMqttServerStopOptionsBuilder: (made) => made.createMqttServerStopOptionsBuilder(),
    CreateMqttServerClientDisconnectOptionsBuilder: (made) =>
      made.createMqttServerClientDisconnectOptionsBuilder(),
    CreateApplicationMessageBuilder: (made) => made.createApplicationMessageBuilder(),
    CreateExchangeExtendedAuthenticationOptionsBuilder: (made) =>
      made.createExchangeExtendedAuthenticationOptionsBuilder(),
    DefaultLogger: {
      missing: "each server has its option `logger`; `createMqttServer` takes one as well",
    },
    DefaultServerAdapters: { missing: "`listeners`, which takes implementations of `Listener`" },
    Properties: { missing: "a variable of your program" },
  }),
  MqttServerOptionsBuilder: present(
    SERVER,
    () =>
      new server.MqttServerOptionsBuilder()
        .withDefaultEndpoint()
        .withDefaultEndpointBoundIPAddress("127.0.0.1"),
    {
      WithDefaultEndpoint: [
        (b) => b.withDefaultEndpoint(),
        { listeners: [{ type: "tcp", port: 1_883 }] },
        "on all addresses of IPv4 and IPv6",
      ],
      WithoutDefaultEndpoint: [(b) => b.withoutDefaultEndpoint(), { listeners: [] }],
      WithDefaultEndpointPort: [(b) => b.withDefaultEndpointPort(7), { listeners: [{ port: 7 }] }],
      WithDefaultEndpointBoundIPAddress: [
        (b) => b.withDefaultEndpointBoundIPAddress("127.0.0.2"),
        { listeners: [{ host: "127.0.0.2" }] },
      ],
      WithDefaultEndpointBoundIPV6Address: [
        (b) => b.withDefaultEndpointBoundIPV6Address("::1"),
        { listeners: [{ host: "127.0.0.1" }, { host: "::1" }] },
      ],
      WithEncryptedEndpoint: [
        (b) => b.withEncryptedEndpoint().withEncryptionCertificate({ cert: "c", key: "k" }),
        { listeners: [{ type: "tcp" }, { type: "tls", port: 8_883 }] },
      ],
      WithoutEncryptedEndpoint: [
        (b) => b.withEncryptedEndpoint().withoutEncryptedEndpoint(),
        { listeners: [{ type: "tcp" }] },
      ],
      WithEncryptedEndpointPort: [
        (b) => encrypted(b).withEncryptedEndpointPort(7),
        { listeners: [{}, { port: 7 }] },
      ],
      WithEncryptedEndpointBoundIPAddress: [
        (b) => encrypted(b).withEncryptedEndpointBoundIPAddress("127.0.0.2"),
        { listeners: [{}, { host: "127.0.0.2" }] },
      ],
      WithEncryptedEndpointBoundIPV6Address: [
        (b) => encrypted(b).withEncryptedEndpointBoundIPV6Address("::1"),
        { listeners: [{}, { host: "0.0.0.0" }, { host: "::1" }] },
      ],
      WithEncryptionCertificate: [
        (b) => b.withEncryptedEndpoint().withEncryptionCertificate(bytes, { password: "p" }),
        { listeners: [{}, { passphrase: "p" }] },
        "bytes of a .pfx file and its password, `{ cert, key }`, or a function that gives them",
      ],
      WithEncryptionSslProtocol: [
        (b) => encrypted(b).withEncryptionSslProtocol("Tls13"),
        { listeners: [{}, { minVersion: "TLSv1.3" }] },
        "the oldest version",
      ],
      WithClientCertificate: [
        (b) => encrypted(b).withClientCertificate({ ca: "ca" }),
        { listeners: [{}, { requestCert: true, ca: "ca" }] },
        "with the authorities that sign them; the certificate is `event.peer.certificate`",
      ],
      WithConnectionBacklog: [(b) => b.withConnectionBacklog(9), { listeners: [{ backlog: 9 }] }],
      WithDefaultCommunicationTimeout: [
        (b) => b.withDefaultCommunicationTimeout(7),
        { connectTimeoutMs: 7_000 },
        "seconds; for CONNECT",
      ],
      WithKeepAlive: [
        (b) => b.withKeepAlive(),
        { listeners: [{ tcpKeepAliveMs: 7_200_000 }] },
        "that of TCP, as in MQTTnet",
      ],
      WithTcpKeepAliveTime: [
        (b) => b.withTcpKeepAliveTime(60),
        { listeners: [{ tcpKeepAliveMs: 60_000 }] },
        "seconds",
      ],
      WithTcpKeepAliveInterval: [(b) => b.withTcpKeepAliveInterval(5), {}, NOTHING],
      WithTcpKeepAliveRetryCount: [(b) => b.withTcpKeepAliveRetryCount(3), {}, NOTHING],
      WithMaxPendingMessagesPerClient: [
        (b) => b.withMaxPendingMessagesPerClient(9),
        { queueMessagesMax: 9 },
      ],
      WithPendingMessagesOverflowStrategy: [
        (b) => b.withPendingMessagesOverflowStrategy("DropNewMessage"),
        { queueOverflow: "dropNewest" },
        "by name or number",
      ],
      WithPersistentSessions: [
        (b) => b.withPersistentSessions(),
        { sessionExpiryMaxSeconds: undefined },
        "where it is not called, sessions end with their connections",
      ],
      WithoutPacketFragmentation: [(b) => b.withoutPacketFragmentation(), {}, NOTHING],
      WithDefaultEndpointReuseAddress: [(b) => b.withDefaultEndpointReuseAddress(), {}, NOTHING],
      WithTlsEndpointReuseAddress: [(b) => b.withTlsEndpointReuseAddress(), {}, NOTHING],
      WithRemoteCertificateValidationCallback: [
        (b) => encrypted(b).withRemoteCertificateValidationCallback(() => true),
        { listeners: [{}, { showUnverified: true }] },
        "given the certificate, and whether `ca` has signed it",
      ],
    },
  ),
  MqttServerStopOptionsBuilder: present(SERVER, () => new server.MqttServerStopOptionsBuilder(), {
    WithDefaultClientDisconnectOptions: [
      (b) => b.withDefaultClientDisconnectOptions((o) => o.withReasonCode(0x89)),
      { reasonCode: 0x89 },
    ],
  }),
  MqttServerClientDisconnectOptionsBuilder: present(
    SERVER,
    () => new server.MqttServerClientDisconnectOptionsBuilder(),
    {
      WithReasonCode: [(b) => b.withReasonCode(0x9c), { reasonCode: 0x9c }],
      WithReasonString: [(b) => b.withReasonString("r"), { reasonString: "r" }],
      WithServerReference: [(b) => b.withServerReference("s"), { serverReference: "s" }],
      WithUserProperty: [(b) => b.withUserProperty("a", "b"), { userProperties: [["a", "b"]] }],
      WithUserProperties: [
        (b) => b.withUserProperties([["a", "b"]]),
        { userProperties: [["a", "b"]] },
      ],
    },
  ),
  ExchangeEnhancedAuthenticationOptionsFactory: present(
    SERVER,
    () => new server.ExchangeEnhancedAuthenticationOptionsFactory(),
    {
      WithAuthenticationData: [
        (b) => b.withAuthenticationData(bytes),
        { authenticationData: bytes },
      ],
      WithReasonString: [(b) => b.withReasonString("r"), { reasonString: "r" }],
      WithUserProperty: [(b) => b.withUserProperty("a", "b"), { userProperties: [["a", "b"]] }],
      WithUserProperties: [
        (b) => b.withUserProperties([["a", "b"]]),
        { userProperties: [["a", "b"]] },
      ],
    },
  ),
};

function encrypted(builder: server.MqttServerOptionsBuilder): server.MqttServerOptionsBuilder {
  return builder.withEncryptedEndpoint().withEncryptionCertificate({ cert: "c", key: "k" });
}
