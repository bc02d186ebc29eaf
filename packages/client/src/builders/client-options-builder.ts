import { MqttConfigurationError, showValue } from "@anax/protocol";
import type { ProtocolVersion, QoS } from "@anax/protocol";
import type { AuthenticationOptions } from "../authentication/authentication.ts";
import { withoutUndefined } from "../core/without-undefined.ts";
import type { ClientOptions, PasswordSource, PublishMessage, WillOptions } from "../options.ts";
import { writtenAddress } from "../parse-server-address.ts";
import { hasTls, hasWebSocket } from "../server-address.ts";
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
 *
 * Each method throws `MqttConfigurationError` for `undefined`, which is most often a variable that is not set.
 */
export class MqttClientOptionsBuilder {
  #server: ServerAddressOptions | undefined;
  #isTls = false;
  readonly #options: Writable<ClientOptions> = { reconnect: false };
  #will: Writable<WillOptions> | undefined;

  /** Default port: 1883, or 8883 with TLS. */
  withTcpServer(host: string, port?: number): this {
    return this.#withServer({ protocol: "mqtt", host, ...(port !== undefined && { port }) });
  }

  /** A URL of `ws:` or `wss:`; with TLS both mean `wss:`. */
  withWebSocketServer(url: string | URL, webSocket?: WebSocketOptions): this {
    this.withConnectionUri(url);
    const { protocol = "mqtt" } = this.#server ?? {};
    if (!hasWebSocket(protocol)) {
      throw new MqttConfigurationError(`a URL of ${protocol} is no WebSocket: say ws or wss`);
    }
    return webSocket === undefined ? this : this.#with("webSocket", webSocket);
  }

  /** A URL of any scheme that the client knows. User name and password in it are as good as `withCredentials`. */
  withConnectionUri(url: string | URL): this {
    const { server, userName, password } = writtenAddress(url);
    if (userName !== undefined || password !== undefined) {
      this.#options.userName = userName;
      this.#options.password = password;
    }
    return this.#withServer(server);
  }

  /** Wants TLS, whatever the address says, and whether it is given before or after. */
  withTlsOptions(tls: TlsOptions = {}): this {
    this.#isTls = true;
    return this.#with("tls", tls);
  }

  /** A password that is `null` or absent is none. */
  withCredentials(userName: string, password?: PasswordSource | null): this {
    this.#options.password = password ?? undefined;
    return this.#with("userName", userName);
  }

  withEnhancedAuthentication(authentication: AuthenticationOptions): this {
    return this.#with("authentication", authentication);
  }

  withClientId(clientId: string): this {
    return this.#with("clientId", clientId);
  }

  withCleanStart(cleanStart = true): this {
    return this.#with("cleanStart", cleanStart);
  }

  /** The same, as MQTT 3.1.1 calls it. */
  withCleanSession(cleanSession = true): this {
    return this.withCleanStart(cleanSession);
  }

  withKeepAlivePeriod(seconds: number): this {
    return this.#with("keepAliveSeconds", seconds);
  }

  withNoKeepAlive(): this {
    return this.withKeepAlivePeriod(0);
  }

  withProtocolVersion(protocolVersion: ProtocolVersion): this {
    return this.#with("protocolVersion", protocolVersion);
  }

  withSessionExpiryInterval(seconds: number): this {
    return this.#with("sessionExpiryIntervalSeconds", seconds);
  }

  withReceiveMaximum(receiveMaximum: number): this {
    return this.#with("receiveMaximum", receiveMaximum);
  }

  withMaximumPacketSize(bytes: number): this {
    return this.#with("maximumPacketSize", bytes);
  }

  withTopicAliasMaximum(topicAliasMaximum: number): this {
    return this.#with("topicAliasMaximum", topicAliasMaximum);
  }

  withRequestProblemInformation(isWanted = true): this {
    return this.#with("requestProblemInformation", isWanted);
  }

  withRequestResponseInformation(isWanted = true): this {
    return this.#with("requestResponseInformation", isWanted);
  }

  /** Milliseconds that connecting may take. */
  withTimeout(milliseconds: number): this {
    return this.#with("connectTimeoutMs", milliseconds);
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
  withWillMessage(message: PublishMessage): this {
    return this.#withWill(withoutUndefined(message));
  }

  /** Any other option of Anax. One that is `undefined` stays as it was. */
  withOptions({ tls, will, ...options }: ClientOptions): this {
    if (tls) this.withTlsOptions(tls);
    if (will) this.#will = { ...will };
    Object.assign(this.#options, withoutUndefined(options));
    return this;
  }

  /** Throws `MqttConfigurationError` if no server was named, or a Will without topic, or TLS for a Unix socket. */
  build(): MqttClientOptions {
    if (this.#server === undefined) throw new MqttConfigurationError("no server is named");
    if (this.#will?.topic === "") throw new MqttConfigurationError("the Will has no topic");
    const will = this.#will === undefined ? {} : { will: { ...this.#will } };
    const server = this.#isTls ? overTls(this.#server) : this.#server;
    return { server, options: { ...this.#options, ...will } };
  }

  #withServer(server: ServerAddressOptions): this {
    const { protocol = "mqtt", host } = server;
    if (protocol !== "unix" && !host) {
      throw new MqttConfigurationError(`host must be a name or an address, not ${showValue(host)}`);
    }
    this.#isTls ||= hasTls(protocol);
    this.#server = server;
    return this;
  }

  #with<Name extends keyof ClientOptions>(name: Name, value: ClientOptions[Name]): this {
    requireDefined(value, name);
    this.#options[name] = value;
    return this;
  }

  #withWill(part: Partial<WillOptions>): this {
    for (const [name, value] of Object.entries(part)) requireDefined(value, name);
    this.#will = { topic: "", ...this.#will, ...part };
    return this;
  }
}

/** The same server over TLS. */
function overTls({ protocol = "mqtt", ...server }: ServerAddressOptions): ServerAddressOptions {
  if (protocol === "unix") throw new MqttConfigurationError("a Unix socket has no TLS");
  return { protocol: hasWebSocket(protocol) ? "wss" : "mqtts", ...server };
}

function requireDefined(value: unknown, name: string): void {
  if (value === undefined) throw new MqttConfigurationError(`${name} must not be undefined`);
}
