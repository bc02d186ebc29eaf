/** The client: what an application sees of it. The composition root of this package. */
import { MqttConfigurationError } from "@anax/protocol";
import type { ProtocolVersion } from "@anax/protocol";
// Options first, then the machine with the protocol behind it: so what checks alike and the large classes stand side by side
// in a bundle, and gzip, which looks back 32 KB, finds each in the one before.
import { payloadBytes } from "./payload.ts";
import { resolveOptions } from "./resolve-options.ts";
import {
  disconnectPacket,
  publishProperties,
  requestSignal,
  subscribeFields,
  unsubscribeFields,
} from "./request-options.ts";
import { requireMessage, requireNothing, subscribeArguments } from "./call-arguments.ts";
import { withCallerFrames } from "./caller-frames.ts";
import { ClientMachine } from "./core/client-machine.ts";
import { Connector } from "./connector.ts";
import type { ConnectResult } from "./core/connect-result.ts";
import { notConnected } from "./core/errors.ts";
import type { Message } from "./core/message.ts";
import { makeInspectable } from "./core/inspecting.ts";
import type { PacketDirection } from "./core/output.ts";
import { withoutUndefined } from "./core/without-undefined.ts";
import { deferred, handled } from "./deferred.ts";
import type { Deferred } from "./deferred.ts";
import { EventHandlers } from "./events.ts";
import type { ClientEvents, DisconnectedEvent, EventHandler, Registration } from "./events.ts";
import type {
  AskOptions,
  ClientOptions,
  DisconnectOptions,
  PublishMessage,
  PublishOptions,
  PublishResult,
  RequestOptions,
  SubscribeOptions,
  TopicFilters,
  UnsubscribeOptions,
  UnsubscribeResult,
} from "./options.ts";
import { logEvents } from "./logger.ts";
import { PendingPublish, SENT, UnawaitedPublish } from "./pending-publish.ts";
import { rejected } from "./rejection.ts";
import { Responses } from "./responses.ts";
import { RequestLimits } from "./request-limits.ts";
import type { ResolvedOptions } from "./resolve-options.ts";
import { describeAddress } from "./server-address.ts";
import type { ServerAddress, ServerAddressOptions } from "./server-address.ts";
import { ClientSubscription } from "./subscription.ts";
import type { MessageHandler, Subscription } from "./subscription.ts";
import { Subscriptions } from "./subscriptions.ts";

/**
 * So many bytes are worth a write of their own while more is being made, when the server is to answer them: so it works
 * on the first messages of a turn while the client makes the next. What is not answered waits for the end of the turn.
 */
const EXCHANGE_BYTES_MIN = 4_096;
const NO_OPTIONS = Object.freeze({});
const CONNECT_TAKES_NOTHING = "connect takes no argument: options are given when a client is made";

/**
 * An MQTT client.
 *
 * It comes back by itself when a connection is lost (`reconnect`). Until then publishes and subscriptions
 * wait; what was in flight is sent again if the server has kept the Session.
 */
export class MqttClient {
  readonly #options: ResolvedOptions;
  readonly #machine: ClientMachine;
  readonly #connector: Connector;
  readonly #events: EventHandlers = new EventHandlers();
  readonly #subscriptions: Subscriptions;
  readonly #limits: RequestLimits;
  /** Shared by all QoS 0 publishes that are not handed to the transport yet. */
  #flushed: Deferred<PublishResult> | undefined;
  #pings: { readonly pong: Deferred<number>; readonly startMs: number }[] = [];
  #responses: Responses | undefined;
  #closed: Deferred<DisconnectedEvent> = deferred();
  /** Whether no connection is to come unless `connect` is called. */
  #hasGivenUp = false;
  /** Ends listening to the signal of the options, which may outlive many clients: an idle one does not listen. */
  #ignoreSignal: (() => void) | undefined;

  /**
   * Makes a client that is not connected yet, so that handlers can be registered first.
   * @param server a URL (mqtt, mqtts, ws, wss, unix; tcp, tls and ssl mean the same) or its parts
   * @throws MqttConfigurationError when the URL or an option cannot be
   */
  constructor(server: string | URL | ServerAddressOptions, options?: ClientOptions);
  constructor(
    server: string | URL | ServerAddressOptions,
    options: ClientOptions = {},
    ...others: readonly unknown[]
  ) {
    requireNothing("a client", "its options", others);
    this.#options = resolveOptions(server, options);
    this.#machine = new ClientMachine(this.#options.machine);
    this.#connector = new Connector(this.#options, this.#machine, {
      onMessage: (message) => this.#subscriptions.onMessage(message),
      onConnecting: (event) => this.#events.emit("connecting", event),
      onConnected: (result) => this.#onConnected(result),
      onDisconnected: (event, cause) => this.#onDisconnected(event, cause),
      onPong: () => this.#onPong(),
      onFault: (error) => this.#events.report(error),
      onFlushed: () => this.#onFlushed(),
    });
    this.#subscriptions = new Subscriptions({
      machine: this.#machine,
      events: this.#events,
      protocolVersion: this.#options.protocolVersion,
      clock: this.#options.clock,
      isManual: this.#options.machine.acknowledgeMode === "manual",
      unclaimedMessagesMax: this.#options.unclaimedMessagesMax,
      flush: () => this.#connector.scheduleFlush(),
      status: () => this.#connector.status,
    });
    this.#limits = new RequestLimits({
      clock: this.#options.clock,
      requestTimeoutMs: this.#options.requestTimeoutMs,
      connectedSinceMs: () => (this.connected ? this.#connector.connectedAtMs : undefined),
    });
    if (this.#options.logger !== undefined) {
      logEvents(this.#options.logger, this.#events);
    }
    this.#inspectIfWanted();
    this.#machine.wake = () => this.#connector.scheduleFlush();
  }

  /** Where the server is. */
  get address(): ServerAddress {
    return this.#options.address;
  }

  /** Whether there is a connection. */
  get connected(): boolean {
    return this.#connector.status === "connected";
  }

  /**
   * Resolves, and never rejects, when the last connection has ended and none is to come: with what the `disconnected` event
   * tells. After another `connect` it is another promise.
   */
  get closed(): Promise<DisconnectedEvent> {
    return this.#closed.promise;
  }

  /** What the server of the present connection offers; undefined while there is none. */
  get connectResult(): ConnectResult | undefined {
    return this.#connector.result;
  }

  /** The Client Identifier, that which the server assigned included. */
  get clientId(): string {
    return this.#connector.clientId;
  }

  /** The version of MQTT that it speaks. */
  get protocolVersion(): ProtocolVersion {
    return this.#options.protocolVersion;
  }

  /** QoS 1 and 2 messages that were sent and are not acknowledged. */
  get inFlightMessages(): number {
    return this.#machine.inFlight;
  }

  /** Messages that wait to be sent. */
  get waitingMessages(): number {
    return this.#machine.waitingMessages;
  }

  /** Messages that came and wait for a handler or subscription that wants them (`unclaimedMessagesMax`). */
  get unclaimedMessages(): number {
    return this.#subscriptions.unclaimedMessages;
  }

  /**
   * Connects. If a connection is there or under way, gives that one. The options were given to the constructor.
   * @throws MqttConnectError when the server cannot be reached or refuses, MqttTimeoutError when it takes too long
   */
  connect(): Promise<ConnectResult>;
  connect(...others: readonly unknown[]): Promise<ConnectResult> {
    const { signal } = this.#options;
    if (others.some((other) => other !== undefined))
      return this.#rejected(new MqttConfigurationError(CONNECT_TAKES_NOTHING));
    if (signal?.aborted === true) return this.#rejected(signal.reason);
    if (this.#hasGivenUp) this.#closed = deferred();
    this.#hasGivenUp = false;
    if (signal !== undefined) this.#ignoreSignal ??= this.#obey(signal);
    return withCallerFrames(this.#connector.connect());
  }

  /**
   * Connects at once if the client waits before its next attempt. If it is connected, has the server answer a PINGREQ within
   * `pingrespTimeoutMs`, or leaves it. Else does nothing. Call it when you know that the network has changed; in a
   * browser the client does so itself when the page is online or visible again.
   */
  reconnectNow(): void {
    this.#connector.reconnectNow();
  }

  /** Registers a handler; undo it by `dispose` of what is given back. */
  on<Name extends keyof ClientEvents>(
    name: Name,
    handler: EventHandler<ClientEvents[Name]>,
  ): Registration {
    const registration = this.#events.add(name, handler, () => this.#inspectIfWanted());
    this.#inspectIfWanted();
    if (name === "message") this.#subscriptions.claim();
    return registration;
  }

  /**
   * Publishes a message. Resolves at QoS 0 when it is handed to the transport, at QoS 1 when the server has it, at
   * QoS 2 when the server has it exactly once. A promise that nobody waits for does no harm.
   *
   * Bytes must not be changed before it is settled.
   * @throws MqttReasonError when the server refuses it, MqttNotSupportedError when it said before that it would,
   *   MqttDisconnectedError when there is no connection and none to come, MqttConfigurationError when a
   *   field cannot be encoded, such as a topic with a wildcard, or an empty one without `topicAlias`
   */
  publish(
    topic: string,
    payload?: string | Uint8Array,
    options?: PublishOptions,
  ): Promise<PublishResult>;
  publish(message: PublishMessage): Promise<PublishResult>;
  publish(
    topic: string | PublishMessage,
    payload?: string | Uint8Array,
    options?: PublishOptions,
    other?: unknown,
  ): Promise<PublishResult> {
    try {
      if (other !== undefined) requireNothing("publish", "the options", [other]);
      if (typeof topic === "string") {
        return this.#publish(topic, payloadBytes(payload), options ?? NO_OPTIONS, false);
      }
      requireMessage(topic, payload, options);
      return this.#publish(topic.topic, payloadBytes(topic.payload), topic, true);
    } catch (error) {
      return this.#rejected(error);
    }
  }

  /**
   * Asks another client, and waits for its answer: publishes with a Response Topic, to which it subscribes, and with
   * Correlation Data. Who answers publishes to `responseTopic` of the message, with its `correlationData`. Needs MQTT 5.0.
   * @throws MqttTimeoutError when no answer comes in time, MqttReasonError at once when the server says that nobody has
   *   subscribed to the topic (0x10, at QoS 1 and 2), and what `publish` and `subscribe` throw
   */
  request(topic: string, payload?: string | Uint8Array, options?: AskOptions): Promise<Message> {
    this.#responses ??= new Responses(this, this.#options.clock);
    return withCallerFrames(this.#responses.request(topic, payload, options ?? {}));
  }

  /**
   * Subscribes to one or more Topic Filters, each alone or with options of its own. With a handler, messages go to it; without one, they wait for
   * a `for await` loop. See `Subscription`.
   *
   * Several subscriptions to one filter share one at the server, with the highest QoS that any of them asks for; `noLocal` and
   * `retainAsPublished` have to be the same. Each message comes once to each subscription, also where filters overlap.
   *
   * Subscribe before `connect` when the server may have kept the Session, for it sends at once what it has. What comes before
   * anybody wants it waits for that, `unclaimedMessagesMax` messages at most.
   *
   * Before the first `connect` it waits for that. Once a connection has ended and none is to come, it rejects at once
   * with MqttDisconnectedError until `connect` is called again.
   * @throws MqttConfigurationError when a filter or an option cannot be
   */
  subscribe(
    topicFilters: TopicFilters,
    handler?: MessageHandler,
    options?: SubscribeOptions,
  ): Subscription;
  subscribe(topicFilters: TopicFilters, options: SubscribeOptions): Subscription;
  subscribe(
    topicFilters: TopicFilters,
    handlerOrOptions?: MessageHandler | SubscribeOptions,
    maybeOptions?: SubscribeOptions,
  ): Subscription {
    const { handler, options } = subscribeArguments(handlerOrOptions, maybeOptions);
    const request = subscribeFields(topicFilters, options, this.protocolVersion);
    this.#subscriptions.requireAgreement(request);
    const subscription = new ClientSubscription({
      owner: {
        leave: (leaver) => this.#subscriptions.leave(leaver),
        handOver: (taker, message) => this.#events.call(taker, message),
        report: (error) => this.#events.report(error),
        mayAskAgain: (code) => this.#options.resubscribeReasonCodes.includes(code),
      },
      request,
      handler,
      options: withoutUndefined(options),
    });
    void withCallerFrames(subscription.granted);
    if (options.signal?.aborted === true) subscription.abort();
    else if (this.#hasGivenUp) subscription.refused(notConnected());
    else {
      this.#subscriptions.add(subscription);
      const cancelLimit = this.#limits.limit("SUBSCRIBE", (error) => subscription.giveUp(error));
      subscription.granted.then(cancelLimit, cancelLimit);
    }
    return subscription;
  }

  /**
   * Ends subscriptions by their Topic Filters, whoever made them. Resolves when the server has answered,
   * or at once while there is no connection: then the server is told on the next one.
   * @throws MqttReasonError when the server refuses
   */
  unsubscribe(
    topicFilters: string | readonly string[],
    options?: UnsubscribeOptions,
  ): Promise<UnsubscribeResult> {
    try {
      return withCallerFrames(this.#unsubscribe(topicFilters, options ?? {}));
    } catch (error) {
      return this.#rejected(error);
    }
  }

  /**
   * Sends PINGREQ. When no answer comes within `pingrespTimeoutMs`, the connection is closed, whatever the Keep Alive.
   * @returns the time until PINGRESP came, in milliseconds
   * @throws MqttDisconnectedError when there is no connection, or it ends before, MqttTimeoutError when no answer comes
   */
  ping(options?: RequestOptions): Promise<number> {
    try {
      const signal = requestSignal(options);
      if (!this.connected) throw notConnected();
      const pong = deferred<number>();
      this.#pings.push({ pong, startMs: this.#options.clock.now() });
      this.#connector.ping();
      return withCallerFrames(this.#limits.within(pong.promise, "PINGREQ", signal));
    } catch (error) {
      return this.#rejected(error);
    }
  }

  /**
   * Authenticates again on the present connection, by the method it was made with.
   * @throws MqttConfigurationError without `authentication`, MqttDisconnectedError when the server is not content
   */
  reauthenticate(options?: RequestOptions): Promise<void> {
    try {
      const signal = requestSignal(options);
      if (this.#options.authentication === undefined)
        throw new MqttConfigurationError("reauthenticate needs authentication");
      if (!this.connected) throw notConnected();
      return this.#limits.within(handled(this.#connector.reauthenticate()), "AUTH", signal);
    } catch (error) {
      return this.#rejected(error);
    }
  }

  /**
   * Disconnects in order, after what may be sent at once. What else waits is given up. Resolves when
   * the connection is closed; the client may `connect` again.
   */
  disconnect(options?: DisconnectOptions): Promise<void> {
    const expiry = this.#options.connectChoices.sessionExpiryIntervalSeconds ?? 0;
    const inForce = this.connectResult?.sessionExpiryIntervalSeconds ?? expiry;
    try {
      const packet = disconnectPacket(options ?? {}, this.protocolVersion, expiry, inForce);
      return this.#connector.disconnect(packet);
    } catch (error) {
      return this.#rejected(error);
    }
  }

  /**
   * Ends the connection at once and without DISCONNECT, so that the server publishes the Will; what waits is given up. The
   * client may `connect` again.
   */
  destroy(): void {
    this.#connector.destroy();
  }

  /** For `JSON.stringify`: where the server is and how things stand; no secret is in it. */
  toJSON(): object {
    const { clientId, protocolVersion, inFlightMessages, waitingMessages } = this;
    const { status } = this.#connector;
    const address = describeAddress(this.address);
    return { address, clientId, protocolVersion, status, inFlightMessages, waitingMessages };
  }

  /** Disconnects, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  #publish(
    topic: string,
    payload: Uint8Array,
    options: PublishOptions,
    isMessage: boolean,
  ): Promise<PublishResult> {
    const properties =
      options === NO_OPTIONS
        ? undefined
        : publishProperties(options, this.protocolVersion, isMessage);
    if (this.#connector.status === "idle") return this.#rejected(notConnected());
    const qos = options.qos ?? 0;
    const retain = options.retain ?? false;
    const signal = options.signal ?? undefined;
    if (qos === 0 && signal === undefined && this.#machine.isOpen) {
      const request = new UnawaitedPublish(topic, payload, qos, retain, properties);
      return this.#publishTogether(request);
    }
    signal?.throwIfAborted();
    const request = new PendingPublish(topic, payload, qos, retain, properties);
    this.#machine.publish(request);
    if (request.failure !== undefined) return this.#rejected(request.failure);
    this.#connector.scheduleFlush(EXCHANGE_BYTES_MIN);
    return this.#limits.within(request.promise, "PUBLISH", signal, () => {
      this.#machine.giveUp(request);
    });
  }

  /** All QoS 0 messages of a turn reach the transport together, so one promise serves them all. */
  #publishTogether(request: UnawaitedPublish): Promise<PublishResult> {
    this.#machine.publish(request);
    if (request.failure !== undefined) return this.#rejected(request.failure);
    this.#connector.scheduleFlush();
    this.#flushed ??= deferred();
    return this.#flushed.promise;
  }

  #rejected(error: unknown): Promise<never> {
    return rejected(error, this.#options.clock, (unseen) => this.#events.report(unseen));
  }

  #onFlushed(): void {
    this.#flushed?.resolve(SENT);
    this.#flushed = undefined;
  }

  #onConnected(result: ConnectResult): void {
    this.#subscriptions.onConnected(result);
    this.#events.emit("connected", result);
  }

  #onDisconnected(event: DisconnectedEvent, cause: Error): void {
    this.#flushed?.reject(cause);
    this.#flushed = undefined;
    for (const { pong } of this.#pings.splice(0)) pong.reject(cause);
    this.#subscriptions.onDisconnected();
    if (!event.willReconnect) this.#giveUp(event, cause);
    this.#events.emit("disconnected", event);
  }

  /** No connection is to come. Loops end in order when the application wanted it so. */
  #giveUp(event: DisconnectedEvent, cause: Error): void {
    this.#hasGivenUp = true;
    this.#closed.resolve(event);
    this.#ignoreSignal?.();
    this.#ignoreSignal = undefined;
    this.#machine.abandon(cause);
    this.#subscriptions.end(event.error);
  }

  #onPong(): void {
    const ping = this.#pings.shift();
    ping?.pong.resolve(this.#options.clock.now() - ping.startMs);
  }

  #unsubscribe(
    topicFilters: string | readonly string[],
    options: UnsubscribeOptions,
  ): Promise<UnsubscribeResult> {
    const filters = [topicFilters].flat();
    const fields = unsubscribeFields(filters, options, this.protocolVersion);
    options.signal?.throwIfAborted();
    const leaving = this.#subscriptions.unsubscribe(fields);
    return this.#limits.within(leaving, "UNSUBSCRIBE", options.signal ?? undefined);
  }

  #inspectIfWanted(): void {
    this.#machine.inspect = this.#events.has("packet")
      ? (direction: PacketDirection, packet) => this.#events.emit("packet", { direction, packet })
      : undefined;
  }

  /** Disconnects when the signal is aborted; what it gives ends that. */
  #obey(signal: AbortSignal): () => void {
    const abort = (): void => {
      const error = signal.reason instanceof Error ? signal.reason : notConnected();
      const disconnect = { type: "disconnect", reasonCode: 0 } as const;
      this.#connector.disconnect(disconnect, error).catch((cause: unknown) => {
        this.#events.report(cause);
      });
    };
    signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  }
}

makeInspectable(MqttClient.prototype, "MqttClient");
