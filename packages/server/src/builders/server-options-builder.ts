import { networkInterfaces } from "node:os";
import { MqttConfigurationError, ReasonCode, showValue } from "@anax/protocol";
import type { LoadingRetainedMessage, RetainedMessageChanged } from "../event-arguments.ts";
import type { QueueOverflow } from "../core/core-options.ts";
import { isServerEventName } from "../events.ts";
import type { ServerEventHandler, ServerEventHandlers, ServerEventName } from "../events.ts";
import type { ListenerOptions } from "../listeners/create-listener.ts";
import type { TlsCredentials } from "../listeners/tls-credentials.ts";
import type { TlsOptions } from "../listeners/tls-terminator.ts";
import type { MqttServerOptions } from "../options.ts";
import { millisecondsOf } from "./duration.ts";
import type { Duration } from "./duration.ts";
import {
  applicationMessageInterceptor,
  subscriptionInterceptor,
  unsubscriptionInterceptor,
} from "./older-interceptors.ts";
import type {
  ApplicationMessageInterceptorContext,
  ClientMessageQueueInterceptorContext,
  OlderInterceptor,
  SubscriptionInterceptorContext,
  UnsubscriptionInterceptorContext,
} from "./older-interceptors.ts";

/** One endpoint, on an IPv4 address, an IPv6 address, or both. */
interface Endpoint {
  isEnabled: boolean;
  port: number;
  address: string | undefined;
  addressV6: string | undefined;
}

/** Keeps retained messages elsewhere, as MQTTnet's older server storage did. */
export interface RetainedMessageStorage {
  /** Called at each start. */
  loadRetainedMessages():
    | LoadingRetainedMessage["loadedRetainedMessages"]
    | Promise<LoadingRetainedMessage["loadedRetainedMessages"]>;
  /** Called for each change, with what has changed. */
  saveRetainedMessage(change: RetainedMessageChanged): void | Promise<void>;
}

/** The names and numbers that MQTTnet has for what a full queue does. */
export type PendingMessagesOverflowStrategy =
  | "dropOldestQueuedMessage"
  | "DropOldestQueuedMessage"
  | "dropNewMessage"
  | "DropNewMessage"
  | 0
  | 1;

const OVERFLOW: ReadonlyMap<PendingMessagesOverflowStrategy | QueueOverflow, QueueOverflow> =
  new Map<PendingMessagesOverflowStrategy | QueueOverflow, QueueOverflow>([
    ["dropOldest", "dropOldest"],
    ["dropOldestQueuedMessage", "dropOldest"],
    ["DropOldestQueuedMessage", "dropOldest"],
    [0, "dropOldest"],
    ["dropNewest", "dropNewest"],
    ["dropNewMessage", "dropNewest"],
    ["DropNewMessage", "dropNewest"],
    [1, "dropNewest"],
  ]);

/** What `withEncryptionSslProtocol` means by its argument; .NET counts Tls12 as 3072 and Tls13 as 12288, and adds them. */
const MINIMUM_VERSION: ReadonlyMap<unknown, NonNullable<TlsOptions["minVersion"]>> = new Map<
  unknown,
  NonNullable<TlsOptions["minVersion"]>
>([
  ["None", "TLSv1.2"],
  [0, "TLSv1.2"],
  ["Tls12", "TLSv1.2"],
  ["TLSv1.2", "TLSv1.2"],
  [3_072, "TLSv1.2"],
  [15_360, "TLSv1.2"],
  ["Tls13", "TLSv1.3"],
  ["TLSv1.3", "TLSv1.3"],
  [12_288, "TLSv1.3"],
]);

/** The system's own time of silence, where keep-alive of TCP is switched on without one. */
const TCP_KEEP_ALIVE_SECONDS = 7_200;

/**
 * Builds `MqttServerOptions` with the method names of MQTTnet and its meaning. As there, no endpoint is open unless it is
 * asked for, an endpoint listens on all addresses, of IPv4 and IPv6, unless it is told otherwise, sessions end with their
 * connections unless `withPersistentSessions` is called, there are no `$SYS` topics, and a number that is a time is seconds.
 */
export class MqttServerOptionsBuilder {
  readonly #plain: Endpoint = {
    isEnabled: false,
    port: 1883,
    address: undefined,
    addressV6: undefined,
  };
  readonly #encrypted: Endpoint = {
    isEnabled: false,
    port: 8883,
    address: undefined,
    addressV6: undefined,
  };
  #tls: TlsOptions = {};
  #socket: { backlog?: number; tcpKeepAliveMs?: number } = {};
  #tcpKeepAlive: boolean | undefined;
  #options: MqttServerOptions = { sessionExpiryMaxSeconds: 0, systemTopics: false };
  readonly #handlers = new Map<ServerEventName, ((event: never) => void | Promise<void>)[]>();

  withDefaultEndpoint(): this {
    this.#plain.isEnabled = true;
    return this;
  }

  withoutDefaultEndpoint(): this {
    this.#plain.isEnabled = false;
    return this;
  }

  /** 0 lets the system choose. */
  withDefaultEndpointPort(port: number): this {
    this.#plain.port = port;
    return this;
  }

  /** `null`: all addresses. */
  withDefaultEndpointBoundIPAddress(address: string | null): this {
    this.#plain.address = boundTo(address);
    return this;
  }

  /** `null`: all addresses. */
  withDefaultEndpointBoundIPV6Address(address: string | null): this {
    this.#plain.addressV6 = boundTo(address);
    return this;
  }

  withEncryptedEndpoint(): this {
    this.#encrypted.isEnabled = true;
    return this;
  }

  withoutEncryptedEndpoint(): this {
    this.#encrypted.isEnabled = false;
    return this;
  }

  withEncryptedEndpointPort(port: number): this {
    this.#encrypted.port = port;
    return this;
  }

  /** `null`: all addresses. */
  withEncryptedEndpointBoundIPAddress(address: string | null): this {
    this.#encrypted.address = boundTo(address);
    return this;
  }

  /** `null`: all addresses. */
  withEncryptedEndpointBoundIPV6Address(address: string | null): this {
    this.#encrypted.addressV6 = boundTo(address);
    return this;
  }

  /**
   * The certificate and its key, a PKCS #12 file with its password, or what gives either at each connection, so that they
   * can be renewed.
   */
  withEncryptionCertificate(
    certificate: TlsCredentials | Uint8Array | (() => TlsCredentials),
    credentials?: string | { readonly password?: string } | null,
  ): this {
    const password = typeof credentials === "string" ? credentials : credentials?.password;
    const passphrase = password === undefined ? {} : { passphrase: password };
    if (typeof certificate === "function") this.#tls = { ...this.#tls, credentials: certificate };
    else if (certificate instanceof Uint8Array)
      this.#tls = { ...this.#tls, pfx: Buffer.from(certificate), ...passphrase };
    else this.#tls = { ...this.#tls, ...certificate, ...passphrase };
    return this;
  }

  /** The oldest version of TLS that is spoken. Throws `MqttConfigurationError` for what is neither Tls12 nor Tls13. */
  withEncryptionSslProtocol(
    protocol: "None" | "Tls12" | "Tls13" | "TLSv1.2" | "TLSv1.3" | number,
  ): this {
    const minVersion = MINIMUM_VERSION.get(protocol);
    if (minVersion === undefined)
      throw new MqttConfigurationError(`${showValue(protocol)} is neither Tls12 nor Tls13`);
    this.#tls = { ...this.#tls, minVersion };
    return this;
  }

  /** Asks clients for a certificate that `ca` has signed; `rejectUnauthorized` false lets others in too. */
  withClientCertificate(options: Pick<TlsOptions, "ca" | "crl" | "rejectUnauthorized"> = {}): this {
    this.#tls = { ...this.#tls, ...options, requestCert: true };
    return this;
  }

  /**
   * Asks clients of the encrypted endpoint for a certificate, and lets in those for which the callback is true: it is given
   * the one that was shown, undefined if none was, and whether `ca` has signed it. Others are told 0x87, Not authorized.
   */
  withRemoteCertificateValidationCallback(
    callback: (certificate: unknown, isVerified: boolean) => boolean,
  ): this {
    this.#tls = { ...this.#tls, showUnverified: true };
    return this.withHandler("validatingConnection", (event) => {
      const { transport, certificate, unverifiedCertificate } = event.peer;
      if (transport !== "tls") return;
      const isVerified = certificate !== undefined;
      if (callback(certificate ?? unverifiedCertificate, isVerified) === true) return;
      event.reasonCode = ReasonCode.notAuthorized;
    });
  }

  withConnectionBacklog(backlog: number): this {
    this.#socket.backlog = backlog;
    return this;
  }

  /** Silence after which TCP itself probes the peer; 0 is never. */
  withTcpKeepAliveTime(time: Duration): this {
    this.#socket.tcpKeepAliveMs = millisecondsOf(time);
    return this;
  }

  /** Whether TCP itself probes silent peers: after `withTcpKeepAliveTime`, or else after two hours. */
  withKeepAlive(isOn = true): this {
    this.#tcpKeepAlive = isOn;
    return this;
  }

  /** Nothing to do: Node probes each second, once it has begun. */
  withTcpKeepAliveInterval(_interval: Duration): this {
    return this;
  }

  /** Nothing to do: Node gives a peer up after ten probes. */
  withTcpKeepAliveRetryCount(_count: number): this {
    return this;
  }

  /** Nothing to do: packets are written in one piece. */
  withoutPacketFragmentation(): this {
    return this;
  }

  /** Nothing to do: Node has the system use an address again. */
  withDefaultEndpointReuseAddress(): this {
    return this;
  }

  /** Nothing to do: Node has the system use an address again. */
  withTlsEndpointReuseAddress(): this {
    return this;
  }

  /** How long CONNECT may take. */
  withDefaultCommunicationTimeout(timeout: Duration): this {
    return this.withOptions({ connectTimeoutMs: millisecondsOf(timeout) });
  }

  withMaxPendingMessagesPerClient(queueMessagesMax: number): this {
    return this.withOptions({ queueMessagesMax });
  }

  withPendingMessagesOverflowStrategy(
    strategy: PendingMessagesOverflowStrategy | QueueOverflow,
  ): this {
    const queueOverflow = OVERFLOW.get(strategy);
    if (queueOverflow === undefined)
      throw new MqttConfigurationError(`there is no strategy ${showValue(strategy)}`);
    return this.withOptions({ queueOverflow });
  }

  /** Has sessions outlive their connections as long as their clients ask for. */
  withPersistentSessions(isOn = true): this {
    return this.withOptions({ sessionExpiryMaxSeconds: isOn ? undefined : 0 });
  }

  /** Older versions: says who is let in. */
  withConnectionValidator(validator: ServerEventHandler<"validatingConnection">): this {
    return this.withHandler("validatingConnection", validator);
  }

  /** Older versions. */
  withApplicationMessageInterceptor(
    interceptor: OlderInterceptor<ApplicationMessageInterceptorContext>,
  ): this {
    return this.withHandler("interceptingPublish", applicationMessageInterceptor(interceptor));
  }

  /** Older versions. */
  withSubscriptionInterceptor(interceptor: OlderInterceptor<SubscriptionInterceptorContext>): this {
    return this.withHandler("interceptingSubscription", subscriptionInterceptor(interceptor));
  }

  /** Older versions. */
  withUnsubscriptionInterceptor(
    interceptor: OlderInterceptor<UnsubscriptionInterceptorContext>,
  ): this {
    return this.withHandler("interceptingUnsubscription", unsubscriptionInterceptor(interceptor));
  }

  /** Older versions. */
  withClientMessageQueueInterceptor(
    interceptor: OlderInterceptor<ClientMessageQueueInterceptorContext>,
  ): this {
    return this.withHandler("interceptingClientEnqueue", interceptor);
  }

  /** Older versions: how it was spelled. */
  withUnDeliveredMessageInterceptor(
    handler: ServerEventHandler<"applicationMessageNotConsumed">,
  ): this {
    return this.withUndeliveredMessageInterceptor(handler);
  }

  /** Older versions: told of messages that no client took. */
  withUndeliveredMessageInterceptor(
    handler: ServerEventHandler<"applicationMessageNotConsumed">,
  ): this {
    return this.withHandler("applicationMessageNotConsumed", handler);
  }

  /**
   * Older versions: keeps retained messages elsewhere. As in MQTTnet, a message that is loaded with a Message Expiry
   * Interval of 0 has none.
   */
  withStorage(storage: RetainedMessageStorage): this {
    return this.withHandler("loadingRetainedMessage", async (event) => {
      event.isZeroExpiryNone = true;
      event.loadedRetainedMessages = await storage.loadRetainedMessages();
    }).withHandler("retainedMessageChanged", (change) => storage.saveRetainedMessage(change));
  }

  /**
   * A handler of any event; several of one event are called in the order in which they were given. Throws
   * `MqttConfigurationError` for an event that there is not.
   */
  withHandler<Name extends ServerEventName>(name: Name, handler: ServerEventHandler<Name>): this {
    if (!isServerEventName(name))
      throw new MqttConfigurationError(`there is no event ${showValue(name)}`);
    if (typeof handler !== "function")
      throw new MqttConfigurationError(`the handler of ${name} is ${typeof handler}, no function`);
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
    return this;
  }

  /** Any other option of Anax. Its handlers join those that are there, its listeners the endpoints. */
  withOptions(given: MqttServerOptions): this {
    if (typeof given !== "object" || given === null)
      throw new MqttConfigurationError(`options must be an object, not ${showValue(given)}`);
    const { on = {}, ...options } = given;
    this.#options = { ...this.#options, ...options };
    for (const name of Object.keys(on)) this.#addFrom(on, name as ServerEventName);
    return this;
  }

  #addFrom<Name extends ServerEventName>(handlers: ServerEventHandlers, name: Name): void {
    const handler: ServerEventHandlers[Name] = handlers[name];
    if (handler !== undefined) this.withHandler(name, handler);
  }

  /** Throws `MqttConfigurationError` if the encrypted endpoint has no certificate. */
  build(): MqttServerOptions {
    const listeners = [...this.#plainListeners(), ...this.#encryptedListeners()];
    const given = this.#options.listeners ?? [];
    return { ...this.#options, listeners: [...given, ...listeners], on: this.#on() };
  }

  #socketOptions(): { backlog?: number; tcpKeepAliveMs?: number } {
    if (this.#tcpKeepAlive === undefined) return this.#socket;
    const { tcpKeepAliveMs = 1_000 * TCP_KEEP_ALIVE_SECONDS } = this.#socket;
    return { ...this.#socket, tcpKeepAliveMs: this.#tcpKeepAlive ? tcpKeepAliveMs : 0 };
  }

  #plainListeners(): ListenerOptions[] {
    const socket = this.#socketOptions();
    return addressesOf(this.#plain).map((address) => ({ type: "tcp", ...socket, ...address }));
  }

  #encryptedListeners(): ListenerOptions[] {
    const { cert, pfx, credentials } = this.#tls;
    const addresses = addressesOf(this.#encrypted);
    if (addresses.length > 0 && cert === undefined && pfx === undefined && !credentials) {
      throw new MqttConfigurationError("the encrypted endpoint has no certificate");
    }
    const options = { ...this.#socketOptions(), ...this.#tls };
    return addresses.map((address) => ({ type: "tls", ...options, ...address }));
  }

  #on(): ServerEventHandlers {
    const given = Array.from(this.#handlers, ([name, handlers]) => [name, inTurn(handlers)]);
    return Object.fromEntries(given);
  }
}

function addressesOf({
  isEnabled,
  port,
  address,
  addressV6,
}: Endpoint): { host: string; port: number; ipv6Only?: boolean }[] {
  if (!isEnabled) return [];
  // One socket for both, where the machine has both.
  if (address === undefined && addressV6 === undefined)
    return [{ host: hasIPv6() ? ALL_ADDRESSES : ALL_IPV4_ADDRESSES, port }];
  const first = { host: address ?? ALL_IPV4_ADDRESSES, port };
  return addressV6 === undefined ? [first] : [first, { host: addressV6, port, ipv6Only: true }];
}

/** An address of an endpoint; undefined is all. */
function boundTo(address: unknown): string | undefined {
  if (address === null) return undefined;
  if (typeof address === "string" && address !== "") return address;
  throw new MqttConfigurationError(`the address must be a text, not ${showValue(address)}`);
}

const ALL_ADDRESSES = "::";
const ALL_IPV4_ADDRESSES = "0.0.0.0";

function hasIPv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family }) => family === "IPv6"),
  );
}

/** One handler of several, which are called one after the other. */
function inTurn(
  handlers: readonly ((event: never) => void | Promise<void>)[],
): (event: never) => void | Promise<void> {
  const [only, ...others] = handlers;
  if (only !== undefined && others.length === 0) return only;
  return async (event) => {
    for (const handler of handlers) await handler(event);
  };
}
