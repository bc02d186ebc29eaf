import { MqttConfigurationError, showValue } from "@anax/protocol";
import type { ProtocolVersion, QoS } from "@anax/protocol";
import type { AuthenticationOptions } from "../authentication/authentication.ts";
import { withoutUndefined } from "../core/without-undefined.ts";
import type { ClientOptions, PasswordSource, PublishMessage, WillOptions } from "../options.ts";
import { writtenAddress } from "../parse-server-address.ts";
import { hasTls, hasWebSocket } from "../server-address.ts";
import type { ServerAddressOptions } from "../server-address.ts";
import type { TlsOptions, TransportFactory, WebSocketOptions } from "../transports/transport.ts";
import { requireType } from "../validation.ts";
import { MqttClientTlsOptionsBuilder } from "./client-tls-options-builder.ts";
import { millisecondsOf, secondsOf } from "./duration.ts";
import type { Duration } from "./duration.ts";
import { textOfValue } from "./user-property.ts";
import type { UserPropertyValue } from "./user-property.ts";
import { MqttClientWebSocketOptionsBuilder } from "./web-socket-options-builder.ts";

/** Keep Alive where nothing is said, as in MQTTnet. */
const KEEP_ALIVE_SECONDS = 15;

/** Gives user name and password at each attempt to connect. */
export interface MqttClientCredentialsProvider {
  getUserName(): string;
  getPassword(): string | Uint8Array | Promise<string | Uint8Array>;
}

/** What `withTcpServer(options => …)` may set. */
export interface MqttClientTcpOptions {
  server?: string;
  port?: number;
  remoteEndpoint?: { readonly host: string; readonly port?: number };
  addressFamily?: AddressFamily;
  /** An address of this machine. */
  localEndpoint?: string;
}

/** IPv4, IPv6 or both, by number or by the name that .NET has. */
export type AddressFamily = 4 | 6 | "InterNetwork" | "InterNetworkV6" | "Unspecified";

/** The two arguments of `new MqttClient`: `new MqttClient(built.server, built.options)`. */
export interface MqttClientOptions {
  readonly server: string | URL | ServerAddressOptions;
  readonly options: ClientOptions;
}

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/**
 * Builds what a client is made of, with the method names of MQTTnet and its meaning: 0 and empty are "not set", a number
 * that is a time is seconds, Keep Alive is 15 s, and what is said later counts. As there, a client does not reconnect by
 * itself unless `withOptions({ reconnect: true })` says so.
 *
 * Each method throws `MqttConfigurationError` for `undefined`, which is most often a variable that is not set.
 */
export class MqttClientOptionsBuilder {
  #server: ServerAddressOptions | undefined;
  #isTls = false;
  readonly #options: Writable<ClientOptions> = {
    reconnect: false,
    keepAliveSeconds: KEEP_ALIVE_SECONDS,
  };
  #authentication: Writable<Partial<AuthenticationOptions>> = {};
  #initialData: Uint8Array | undefined;
  #will: Writable<WillOptions> | undefined;

  /** Default port: 1883, or 8883 with TLS. The function, if there is one, sets what it wants. */
  withTcpServer(
    host: string | ((options: MqttClientTcpOptions) => unknown),
    port?: number,
    addressFamily?: AddressFamily,
  ): this {
    if (typeof host === "function") {
      const options: MqttClientTcpOptions = {};
      host(options);
      return this.#withTcpOptions(options);
    }
    if (addressFamily !== undefined) this.withAddressFamily(addressFamily);
    return this.#withServer({ protocol: "mqtt", host, ...(port !== undefined && { port }) });
  }

  /** A host and a port, or the path of a Unix socket. */
  withEndPoint(endPoint: string | { readonly host: string; readonly port?: number }): this {
    if (typeof endPoint === "string") return this.#withServer({ protocol: "unix", path: endPoint });
    requireType(endPoint, "Object", "the end point, if not the path of a Unix socket,");
    return this.withTcpServer(endPoint.host, endPoint.port);
  }

  withAddressFamily(family: AddressFamily): this {
    const families = { InterNetwork: 4, InterNetworkV6: 6, Unspecified: undefined } as const;
    this.#options.addressFamily = typeof family === "string" ? families[family] : family;
    return this;
  }

  /** A URL of `ws:` or `wss:`, or none of both, or what builds one; with TLS all mean `wss:`. */
  withWebSocketServer(
    url: string | URL | ((builder: MqttClientWebSocketOptionsBuilder) => unknown),
    webSocket?: WebSocketOptions,
  ): this {
    if (typeof url === "function") {
      const builder = new MqttClientWebSocketOptionsBuilder();
      url(builder);
      const built = builder.build();
      if (built.uri === undefined) throw new MqttConfigurationError("the WebSocket has no URI");
      if (built.proxy !== undefined) this.#options.proxy = built.proxy;
      return this.withWebSocketServer(built.uri, built.webSocket);
    }
    const isBare = typeof url === "string" && !/^[a-z+]+:\/\//i.test(url);
    this.withConnectionUri(isBare ? `ws://${url}` : url);
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

  /** Wants TLS, whatever the address says, and whether it is given before or after; `useTls(false)` does not. */
  withTlsOptions(tls: TlsOptions | ((builder: MqttClientTlsOptionsBuilder) => unknown) = {}): this {
    if (typeof tls !== "function") {
      this.#isTls = true;
      return this.#with("tls", tls);
    }
    const builder = new MqttClientTlsOptionsBuilder();
    tls(builder);
    const built = builder.build();
    if (built !== undefined) return this.withTlsOptions(built);
    this.#isTls = false;
    this.#server &&= withoutTls(this.#server);
    delete this.#options.tls;
    return this;
  }

  /** Older versions: the same. */
  withTls(tls?: TlsOptions | ((builder: MqttClientTlsOptionsBuilder) => unknown)): this {
    return this.withTlsOptions(tls);
  }

  /** A name and a password, of which `null` is none, or what gives them at each attempt. */
  withCredentials(
    userName: string | MqttClientCredentialsProvider,
    password?: PasswordSource | null,
  ): this {
    if (typeof userName !== "object" || userName === null) {
      this.#options.password = password ?? undefined;
      return this.#with("userName", userName);
    }
    this.#options.password = () => userName.getPassword();
    return this.#with("userName", () => userName.getUserName());
  }

  /** A method and, where it has some, the Authentication Data of CONNECT; or a method with its handler. */
  withEnhancedAuthentication(method: string | AuthenticationOptions, data?: Uint8Array): this {
    if (typeof method !== "string") {
      this.#authentication = { ...method };
      return this;
    }
    this.#authentication.method = method;
    this.#initialData = data;
    return this;
  }

  /** Takes the steps of the exchange; see `AuthenticationOptions`. */
  withEnhancedAuthenticationHandler(handler: AuthenticationOptions["handler"]): this {
    this.#authentication.handler = handler;
    return this;
  }

  /** Opens connections in place of the built-in transports. */
  withStreamProvider(transport: TransportFactory): this {
    return this.#with("transport", transport);
  }

  /** Nothing to do: TCP is the only one. */
  withProtocolType(_type: unknown): this {
    return this;
  }

  /** Nothing to do: packets are written in one piece. */
  withoutPacketFragmentation(): this {
    return this;
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

  withKeepAlivePeriod(period: Duration): this {
    return this.#with("keepAliveSeconds", secondsOf(period));
  }

  withNoKeepAlive(): this {
    return this.withKeepAlivePeriod(0);
  }

  withProtocolVersion(protocolVersion: ProtocolVersion): this {
    return this.#with("protocolVersion", protocolVersion);
  }

  withSessionExpiryInterval(seconds: number): this {
    return this.#withNumber("sessionExpiryIntervalSeconds", seconds);
  }

  withReceiveMaximum(receiveMaximum: number): this {
    return this.#withNumber("receiveMaximum", receiveMaximum);
  }

  withMaximumPacketSize(bytes: number): this {
    return this.#withNumber("maximumPacketSize", bytes);
  }

  withTopicAliasMaximum(topicAliasMaximum: number): this {
    return this.#withNumber("topicAliasMaximum", topicAliasMaximum);
  }

  withRequestProblemInformation(isWanted = true): this {
    // The default is not sent, so that it is no option of MQTT 5.0.
    this.#options.requestProblemInformation = isWanted ? undefined : false;
    return this;
  }

  withRequestResponseInformation(isWanted = true): this {
    this.#options.requestResponseInformation = isWanted ? true : undefined;
    return this;
  }

  /** How long connecting may take. */
  withTimeout(timeout: Duration): this {
    return this.#with("connectTimeoutMs", millisecondsOf(timeout));
  }

  /** Older versions: the same as `withTimeout`. */
  withCommunicationTimeout(timeout: Duration): this {
    return this.withTimeout(timeout);
  }

  /** Adds one; names may repeat. */
  withUserProperty(name: string, value: UserPropertyValue): this {
    const { userProperties = [] } = this.#options;
    this.#options.userProperties = [...userProperties, [name, textOfValue(value)]];
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
    return this.#withWill({ willDelayIntervalSeconds: seconds || null });
  }

  withWillMessageExpiryInterval(seconds: number): this {
    return this.#withWill({ messageExpiryIntervalSeconds: seconds || null });
  }

  withWillContentType(contentType: string): this {
    return this.#withWill({ contentType: contentType || null });
  }

  withWillResponseTopic(responseTopic: string): this {
    return this.#withWill({ responseTopic: responseTopic || null });
  }

  withWillCorrelationData(correlationData: Uint8Array | null): this {
    return this.#withWill({
      correlationData: correlationData?.length === 0 ? null : correlationData,
    });
  }

  withWillPayloadFormatIndicator(payloadFormatIndicator: 0 | 1): this {
    return this.#withWill({ payloadFormatIndicator: payloadFormatIndicator || null });
  }

  /** Adds one; names may repeat. */
  withWillUserProperty(name: string, value: UserPropertyValue): this {
    return this.#withWill({
      userProperties: [...(this.#will?.userProperties ?? []), [name, textOfValue(value)]],
    });
  }

  /** Older versions: the whole Will as a message. */
  withWillMessage(message: PublishMessage): this {
    requireType(message, "Object", "the message");
    return this.#withWill(withoutUndefined(message));
  }

  /** Any other option of Anax, with its own meaning. One that is `undefined` stays as it was. */
  withOptions(given: ClientOptions): this {
    requireType(given, "Object", "options");
    const { tls, will, authentication, ...options } = given;
    if (tls) this.withTlsOptions(tls);
    if (will) this.#will = { ...will };
    if (authentication) this.withEnhancedAuthentication(authentication);
    Object.assign(this.#options, withoutUndefined(options));
    return this;
  }

  /**
   * Throws `MqttConfigurationError` if no server was named, or a Will without topic, a method of authentication without its
   * handler or data, or TLS for a Unix socket.
   */
  build(): MqttClientOptions {
    if (this.#server === undefined) throw new MqttConfigurationError("no server is named");
    if (this.#will?.topic === "") throw new MqttConfigurationError("the Will has no topic");
    const server = this.#isTls ? overTls(this.#server) : this.#server;
    const parts = {
      will: this.#will && { ...this.#will },
      authentication: this.#authenticationOf(),
    };
    return { server, options: { ...withoutUndefined(this.#options), ...withoutUndefined(parts) } };
  }

  #authenticationOf(): AuthenticationOptions | undefined {
    const { method, handler, ...others } = this.#authentication;
    const data = this.#initialData;
    if (method === undefined && handler === undefined) return undefined;
    if (!method) throw new MqttConfigurationError("the authentication handler has no method");
    if (data === undefined) return { method, handler: handler ?? noFurtherStep, ...others };
    const later = handler ?? noFurtherStep;
    return { method, handler: (step) => (step.type === "start" ? data : later(step)) };
  }

  #withTcpOptions(options: MqttClientTcpOptions): this {
    const { server, port, remoteEndpoint, addressFamily, localEndpoint } = options;
    if (addressFamily !== undefined) this.withAddressFamily(addressFamily);
    if (localEndpoint !== undefined) this.#options.localAddress = localEndpoint;
    return this.withTcpServer(remoteEndpoint?.host ?? server ?? "", remoteEndpoint?.port ?? port);
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

  /** 0 is "not set". */
  #withNumber(
    name:
      | "sessionExpiryIntervalSeconds"
      | "receiveMaximum"
      | "maximumPacketSize"
      | "topicAliasMaximum",
    value: number,
  ): this {
    requireDefined(value, name);
    this.#options[name] = value === 0 ? undefined : value;
    return this;
  }

  /** `null` is "not set". */
  #withWill(part: { readonly [Name in keyof WillOptions]?: WillOptions[Name] | null }): this {
    for (const [name, value] of Object.entries(part)) requireDefined(value, name);
    const will = { topic: "", ...this.#will, ...part } as WillOptions;
    this.#will = { ...withoutUndefined(will), topic: will.topic };
    return this;
  }
}

/** The same server over TLS. */
function overTls({ protocol = "mqtt", ...server }: ServerAddressOptions): ServerAddressOptions {
  if (protocol === "unix") throw new MqttConfigurationError("a Unix socket has no TLS");
  return { protocol: hasWebSocket(protocol) ? "wss" : "mqtts", ...server };
}

/** The same server without TLS. */
function withoutTls({ protocol = "mqtt", ...server }: ServerAddressOptions): ServerAddressOptions {
  if (!hasTls(protocol)) return { protocol, ...server };
  return { protocol: hasWebSocket(protocol) ? "ws" : "mqtt", ...server };
}

function noFurtherStep({ type }: { readonly type: string }): undefined {
  if (type !== "continue") return undefined;
  throw new MqttConfigurationError(
    "the server asks for more, and there is no authentication handler",
  );
}

function requireDefined(value: unknown, name: string): void {
  if (value === undefined) throw new MqttConfigurationError(`${name} must not be undefined`);
}
