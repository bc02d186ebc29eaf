import type { ProtocolVersion, QoS } from "@anax/protocol";
import type { AuthenticationOptions } from "../authentication/authentication.ts";
import { MqttConfigurationError } from "../core/errors.ts";
import type { ClientOptions, PasswordSource, PublishMessage, WillOptions } from "../options.ts";
import type { ServerAddressOptions } from "../server-address.ts";
import type { TlsOptions, WebSocketOptions } from "../transports/transport.ts";

/** The two arguments of `new MqttClient`: `new MqttClient(built.server, built.options)`. */
export interface MqttClientOptions {
  readonly server: string | URL | ServerAddressOptions;
  readonly options: ClientOptions;
}

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/**
 * Builds what a client is made of, with the method names of MQTTnet. As there, a client does not reconnect by itself
 * unless `withOptions({ reconnect: true })` says so.
 */
export class MqttClientOptionsBuilder {
  #server: string | URL | ServerAddressOptions | undefined;
  #isTls = false;
  readonly #options: Writable<ClientOptions> = { reconnect: false };
  #will: Writable<WillOptions> | undefined;

  /** Default port: 1883, or 8883 with TLS. */
  withTcpServer(host: string, port?: number): this {
    this.#server = { protocol: "mqtt", host, port };
    return this;
  }

  /** A URL of `ws:` or `wss:`. */
  withWebSocketServer(url: string | URL, webSocket?: WebSocketOptions): this {
    this.#server = url;
    this.#options.webSocket = webSocket;
    return this;
  }

  /** A URL of any scheme that the client knows; it may carry user name and password. */
  withConnectionUri(url: string | URL): this {
    this.#server = url;
    return this;
  }

  withTlsOptions(tls: TlsOptions = {}): this {
    this.#isTls = true;
    this.#options.tls = tls;
    return this;
  }

  withCredentials(userName: string, password?: PasswordSource): this {
    this.#options.userName = userName;
    this.#options.password = password;
    return this;
  }

  withEnhancedAuthentication(authentication: AuthenticationOptions): this {
    this.#options.authentication = authentication;
    return this;
  }

  withClientId(clientId: string): this {
    this.#options.clientId = clientId;
    return this;
  }

  withCleanStart(cleanStart = true): this {
    this.#options.cleanStart = cleanStart;
    return this;
  }

  /** The same, as MQTT 3.1.1 calls it. */
  withCleanSession(cleanSession = true): this {
    return this.withCleanStart(cleanSession);
  }

  withKeepAlivePeriod(seconds: number): this {
    this.#options.keepAliveSeconds = seconds;
    return this;
  }

  withNoKeepAlive(): this {
    return this.withKeepAlivePeriod(0);
  }

  withProtocolVersion(protocolVersion: ProtocolVersion): this {
    this.#options.protocolVersion = protocolVersion;
    return this;
  }

  withSessionExpiryInterval(seconds: number): this {
    this.#options.sessionExpiryIntervalSeconds = seconds;
    return this;
  }

  withReceiveMaximum(receiveMaximum: number): this {
    this.#options.receiveMaximum = receiveMaximum;
    return this;
  }

  withMaximumPacketSize(bytes: number): this {
    this.#options.maximumPacketSize = bytes;
    return this;
  }

  withTopicAliasMaximum(topicAliasMaximum: number): this {
    this.#options.topicAliasMaximum = topicAliasMaximum;
    return this;
  }

  withRequestProblemInformation(isWanted = true): this {
    this.#options.requestProblemInformation = isWanted;
    return this;
  }

  withRequestResponseInformation(isWanted = true): this {
    this.#options.requestResponseInformation = isWanted;
    return this;
  }

  /** Milliseconds that connecting may take. */
  withTimeout(milliseconds: number): this {
    this.#options.connectTimeoutMs = milliseconds;
    return this;
  }

  /** Older versions: the same as `withTimeout`. */
  withCommunicationTimeout(milliseconds: number): this {
    return this.withTimeout(milliseconds);
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: string): this {
    this.#options.userProperties = [...(this.#options.userProperties ?? []), [name, value]];
    return this;
  }

  withWillTopic(topic: string): this {
    return this.#withWill({ topic });
  }

  withWillPayload(payload: string | Uint8Array): this {
    return this.#withWill({ payload });
  }

  withWillQualityOfServiceLevel(qos: QoS): this {
    return this.#withWill({ qos });
  }

  withWillRetain(retain = true): this {
    return this.#withWill({ retain });
  }

  withWillDelayInterval(seconds: number): this {
    return this.#withWill({ willDelayIntervalSeconds: seconds });
  }

  withWillMessageExpiryInterval(seconds: number): this {
    return this.#withWill({ messageExpiryIntervalSeconds: seconds });
  }

  withWillContentType(contentType: string): this {
    return this.#withWill({ contentType });
  }

  withWillResponseTopic(responseTopic: string): this {
    return this.#withWill({ responseTopic });
  }

  withWillCorrelationData(correlationData: Uint8Array): this {
    return this.#withWill({ correlationData });
  }

  withWillPayloadFormatIndicator(payloadFormatIndicator: 0 | 1): this {
    return this.#withWill({ payloadFormatIndicator });
  }

  /** Adds one; names may repeat. */
  withWillUserProperty(name: string, value: string): this {
    return this.#withWill({
      userProperties: [...(this.#will?.userProperties ?? []), [name, value]],
    });
  }

  /** Older versions: the whole Will as a message. */
  withWillMessage({ topicAlias: _alias, signal: _signal, ...message }: PublishMessage): this {
    return this.#withWill(message);
  }

  /** Any other option of Anax. */
  withOptions(options: ClientOptions): this {
    Object.assign(this.#options, options);
    return this;
  }

  /** Throws `MqttConfigurationError` if no server was named, or a Will without topic. */
  build(): MqttClientOptions {
    if (this.#server === undefined) throw new MqttConfigurationError("no server is named");
    if (this.#will?.topic === "") throw new MqttConfigurationError("the Will has no topic");
    const will = this.#will === undefined ? {} : { will: { ...this.#will } };
    return { server: this.#serverFor(this.#server), options: { ...this.#options, ...will } };
  }

  #serverFor(server: string | URL | ServerAddressOptions): string | URL | ServerAddressOptions {
    if (typeof server === "string" || server instanceof URL || !this.#isTls) return server;
    return server.protocol === "mqtt" ? { ...server, protocol: "mqtts" } : server;
  }

  #withWill(part: Partial<WillOptions>): this {
    this.#will = { topic: "", ...this.#will, ...part };
    return this;
  }
}
