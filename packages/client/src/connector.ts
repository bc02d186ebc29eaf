/**
 * Brings connections about and brings them back: one attempt after another, each with its handshake, its
 * authentication and its end. What messages and subscriptions are, it does not know.
 */
import { MqttConfigurationError } from "@anax/protocol";
import { openTransport } from "#transport";
import type { DisconnectPacket } from "@anax/protocol";
import type { AuthenticationStep, AuthenticationWords } from "./authentication/authentication.ts";
import { limitTime } from "./clock.ts";
import { connectPacket, resolvePassword, resolveUserName } from "./connect-packet.ts";
import { Connection } from "./connection.ts";
import { backOffMs } from "./core/back-off.ts";
import type { ClientMachine } from "./core/client-machine.ts";
import type { ConnectResult } from "./core/connect-result.ts";
import {
  MqttConnectError,
  MqttDisconnectedError,
  MqttError,
  MqttTimeoutError,
  asError,
  notConnected,
  whyOf,
} from "./core/errors.ts";
import type { AuthenticatedEvent, MachineEvent } from "./core/machine-event.ts";
import type { Message } from "./core/message.ts";
import { pick, withoutUndefined } from "./core/without-undefined.ts";
import { deferred, handled } from "./deferred.ts";
import type { Deferred } from "./deferred.ts";
import type { ConnectingEvent, DisconnectedEvent } from "./events.ts";
import { isHopeless } from "./hopeless.ts";
import { onPageReturn } from "./page-events.ts";
import { callInLaterTurn } from "./platform.ts";
import { AUTHENTICATION_WORDS_RULES } from "./option-rules.ts";
import type { ResolvedOptions } from "./resolve-options.ts";
import { describeAddress } from "./server-address.ts";
import { requireTransport } from "./transports/transport.ts";
import type { Transport } from "./transports/transport.ts";
import { requireOptions } from "./validation.ts";

/** Whom a connector tells what happens. */
export interface ConnectorEvents {
  onMessage(message: Message): void;
  onConnecting(event: ConnectingEvent): void;
  onConnected(result: ConnectResult): void;
  /** A connection or an attempt ended; `cause` is what to tell those who wait for good. */
  onDisconnected(event: DisconnectedEvent, cause: Error): void;
  onPong(): void;
  /** Something is wrong that does not end the connection. */
  onFault(error: MqttError): void;
  onFlushed(): void;
}

/** `waiting`: between two attempts. */
type ConnectorStatus = "idle" | "connecting" | "connected" | "waiting";

/** What is done to be connected: the attempts since `connect` was called or a connection was lost, and the waits between. */
interface Effort {
  /** Aborted when nobody wants it any more. */
  readonly abort: AbortController;
  /** Ends the present wait, if there is one. */
  endWait: (() => void) | undefined;
}

/** Keeps a machine connected. */
export class Connector {
  readonly #options: ResolvedOptions;
  readonly #machine: ClientMachine;
  readonly #events: ConnectorEvents;
  #status: ConnectorStatus = "idle";
  #connection: Connection | undefined;
  /** Settled when the attempt under way ends. */
  #handshake: Deferred<ConnectResult> | undefined;
  #attempt: AbortController | undefined;
  #effort: Effort | undefined;
  /** Ends what is only there while the client is not idle. */
  #endPageEvents: (() => void) | undefined;
  #reauthentication: Deferred<void> | undefined;
  #result: ConnectResult | undefined;
  /** What `connect` gave; those who call it meanwhile get the same. */
  #connecting: Promise<ConnectResult> | undefined;
  /** The end of the last connection that was left in order: the server sees it before the next one begins. */
  #closing: Promise<void> = Promise.resolve();
  /** Attempts since a connection that lasted. */
  #attempts = 0;
  #connectedAtMs = 0;
  /** Whether the server has ever accepted a connection. */
  #wasAccepted = false;
  #clientId: string;
  #cleanStart: boolean;

  constructor(options: ResolvedOptions, machine: ClientMachine, events: ConnectorEvents) {
    this.#options = options;
    this.#machine = machine;
    this.#events = events;
    this.#clientId = options.clientId;
    this.#cleanStart = options.cleanStart;
  }

  /** What it is doing. */
  get status(): ConnectorStatus {
    return this.#status;
  }

  /** What the server of the present connection offers. */
  get result(): ConnectResult | undefined {
    return this.#result;
  }

  /** The Client Identifier: the server's, once it has assigned one. */
  get clientId(): string {
    return this.#clientId;
  }

  /** Since when the present connection is up, by the clock of the options. */
  get connectedAtMs(): number {
    return this.#connectedAtMs;
  }

  /** Connects, unless there is a connection already or one is under way, also by itself. */
  connect(): Promise<ConnectResult> {
    if (this.#result !== undefined) return Promise.resolve(this.#result);
    if (this.#connecting !== undefined) return this.#connecting;
    this.#cleanStart = this.#options.cleanStart;
    this.#attempts = 0;
    this.#endPageEvents ??= onPageReturn(() => this.reconnectNow());
    return this.#begin("at once", this.#options.reconnect?.retryFirstConnect ?? false);
  }

  /** Ends a wait between two attempts; has a server that is silent answer or be left. */
  reconnectNow(): void {
    if (this.#status === "connected") {
      if (!this.#machine.isPinging) this.ping();
    } else if (this.#effort?.endWait !== undefined) {
      this.#attempts = 0;
      this.#effort.endWait();
    }
  }

  /** Ends the connection in order, or the attempts to get one. Resolves when it is closed. */
  disconnect(packet: DisconnectPacket, error?: Error): Promise<void> {
    const wasConnected = this.#status === "connected";
    if (this.#status === "idle") return Promise.resolve();
    const cause = error ?? new MqttDisconnectedError("the client was disconnected");
    this.#machine.disconnect(packet);
    const closed = this.#leave(cause);
    this.#closing = closed;
    this.#becomeIdle();
    const details = error === undefined ? { reasonCode: packet.reasonCode } : { error };
    this.#events.onDisconnected({ ...details, wasConnected, willReconnect: false }, cause);
    return closed;
  }

  /** Ends the connection without DISCONNECT, or the attempts to get one. */
  destroy(): void {
    if (this.#status === "idle") return;
    const wasConnected = this.#status === "connected";
    const cause = new MqttDisconnectedError("the client was destroyed");
    this.#connection?.destroy();
    void this.#leave(cause);
    this.#becomeIdle();
    this.#events.onDisconnected({ wasConnected, willReconnect: false }, cause);
  }

  /** Sends PINGREQ. */
  ping(): void {
    this.#connection?.ping();
  }

  /** Authenticates again on the present connection [MQTT-4.12.1-1]. */
  async reauthenticate(): Promise<void> {
    const answer = await this.#authenticationStep({ type: "start", purpose: "reauthenticate" });
    if (this.#status !== "connected") throw notConnected();
    this.#reauthentication ??= deferred();
    const { promise } = this.#reauthentication;
    try {
      this.#machine.reauthenticate(answer);
    } catch (error) {
      this.#reauthentication.reject(error);
      this.#reauthentication = undefined;
    }
    this.scheduleFlush();
    return promise;
  }

  /** Sends at the end of this turn, or now when so many bytes have come together. */
  scheduleFlush(bytesMin?: number): void {
    this.#connection?.scheduleFlush(bytesMin);
  }

  #begin(start: "at once" | "after a wait", isPatient: boolean): Promise<ConnectResult> {
    const effort: Effort = { abort: new AbortController(), endWait: undefined };
    this.#effort = effort;
    const connecting = handled(this.#strive(effort, start, isPatient));
    this.#connecting = connecting;
    const forget = (): void => {
      if (this.#connecting === connecting) this.#connecting = undefined;
    };
    connecting.then(forget, forget);
    return connecting;
  }

  /** One attempt after the other, until one succeeds or it makes no sense to go on. */
  async #strive(
    effort: Effort,
    start: "at once" | "after a wait",
    isPatient: boolean,
  ): Promise<ConnectResult> {
    const { signal } = effort.abort;
    if (start === "after a wait") await this.#wait(effort);
    for (;;) {
      try {
        return await this.#tryOnce();
      } catch (error) {
        // Given up: that has been told, and the client may be at something else by now.
        signal.throwIfAborted();
        const failure = asError(error);
        const willReconnect = isPatient && this.#mayTryAgain(failure);
        // Who calls `connect` when told of it is to get another attempt.
        if (!willReconnect) this.#connecting = undefined;
        const waited = willReconnect ? this.#wait(effort) : undefined;
        this.#ended(failure, false, willReconnect);
        if (waited === undefined) throw failure;
        await waited;
      }
    }
  }

  /** From nothing to CONNACK. */
  async #tryOnce(): Promise<ConnectResult> {
    this.#status = "connecting";
    const handshake = deferred<ConnectResult>();
    const attempt = new AbortController();
    this.#handshake = handshake;
    this.#attempt = attempt;
    const { clock, connectTimeoutMs } = this.#options;
    const cancelLimit = limitTime(clock, connectTimeoutMs, () => {
      const seconds = connectTimeoutMs / 1_000;
      this.#failAttempt(new MqttTimeoutError(this.#notConnected(`no answer within ${seconds} s`)));
    });
    this.#events.onConnecting({ attempt: this.#attempts + 1 });
    this.#open(attempt.signal).catch((error: unknown) => handshake.reject(error));
    try {
      return await handshake.promise;
    } finally {
      cancelLimit();
      if (this.#handshake === handshake) this.#handshake = undefined;
    }
  }

  /** After each step it may turn out that nobody wants the connection any more. */
  async #open(signal: AbortSignal): Promise<void> {
    await this.#closing;
    signal.throwIfAborted();
    const userName = await resolveUserName(this.#options.userName);
    const password = await resolvePassword(this.#options.password);
    signal.throwIfAborted();
    const start = { type: "start", purpose: "connect" } as const;
    const { data: authenticationData, ...words } = await this.#authenticationStep(start);
    if (Object.keys(words).length > 0) {
      throw new MqttConfigurationError("CONNECT takes data only, as the first step");
    }
    signal.throwIfAborted();
    const connection = new Connection(this.#machine, this.#options.clock, {
      onEvent: (event) => this.#onEvent(event),
      onFlushed: () => this.#events.onFlushed(),
      onLost: (error) => this.#onLost(connection, error),
    });
    const transport = await this.#openTransport(connection, signal);
    if (signal.aborted) {
      transport.destroy();
      return;
    }
    connection.attach(transport);
    this.#connection = connection;
    const values = { clientId: this.#clientId, cleanStart: this.#cleanStart };
    const attempt = { ...values, userName, password, authenticationData };
    this.#machine.start(connectPacket(this.#options, attempt));
    connection.flush();
  }

  async #openTransport(connection: Connection, signal: AbortSignal): Promise<Transport> {
    const { transport = openTransport } = this.#options;
    const ways = pick(this.#options, ["addressFamily", "localAddress", "proxy"]);
    const { address, tls, webSocket } = this.#options;
    const subprotocols = webSocket.protocols ?? this.#subprotocols();
    const request = { address, tls, webSocket, subprotocols, signal, ...ways };
    try {
      return requireTransport(await transport(request, connection));
    } catch (cause) {
      if (cause instanceof MqttError || cause instanceof MqttConfigurationError) throw cause;
      throw new MqttConnectError(this.#notConnected(whyOf(asError(cause))), { cause });
    }
  }

  #notConnected(why: string): string {
    return `could not connect to ${describeAddress(this.#options.address)}: ${why}`;
  }

  /** [MQTT-6.0.0-3] */
  #subprotocols(): readonly string[] {
    return this.#options.protocolVersion === 3 ? ["mqtt", "mqttv3.1"] : ["mqtt"];
  }

  #onEvent(event: MachineEvent): void {
    switch (event.type) {
      case "message":
        return this.#events.onMessage(event);
      case "connected":
        return this.#onConnected(event.result);
      case "challenged": {
        const { authenticationData: data, ...words } = event.packet.properties ?? {};
        const step = { type: "continue", data, ...words } as const;
        return this.#authenticate(step, (answer) => this.#machine.authenticate(answer));
      }
      case "authenticated":
        return this.#onAuthenticated(event);
      case "pong":
        return this.#events.onPong();
      case "fault":
        return this.#events.onFault(event.error);
      case "close":
        return this.#onClose(event.error);
    }
  }

  #onConnected(result: ConnectResult): void {
    this.#status = "connected";
    this.#wasAccepted = true;
    this.#result = result;
    this.#clientId = result.clientId;
    // A Session that outlives the connection is resumed; one that does not is begun anew.
    this.#cleanStart = result.sessionExpiryIntervalSeconds === 0;
    this.#connectedAtMs = this.#options.clock.now();
    this.#handshake?.resolve(result);
    this.#events.onConnected(result);
    this.#readOnSoon(this.#connection);
  }

  /**
   * Messages may stand right behind CONNACK. Whoever awaits `connect` subscribes after this turn,
   * so they are read after that.
   */
  #readOnSoon(connection: Connection | undefined): void {
    callInLaterTurn(() => {
      if (connection === undefined || this.#connection !== connection) return;
      this.#machine.readOn(this.#options.clock.now());
      connection.settle();
    });
  }

  #onAuthenticated({ packet }: AuthenticatedEvent): void {
    const data = packet.properties?.authenticationData;
    this.#authenticate({ type: "success", data }, () => {
      if (packet.type === "connack") this.#machine.acceptServer(this.#options.clock.now());
      this.#reauthentication?.resolve();
      this.#reauthentication = undefined;
    });
  }

  /** Has the application take a step, and goes on if the connection is still the same. */
  #authenticate(step: AuthenticationStep, proceed: (answer: AuthenticationWords) => void): void {
    const connection = this.#connection;
    const isCurrent = (): boolean => connection !== undefined && this.#connection === connection;
    this.#authenticationStep(step)
      .then((answer) => {
        if (!isCurrent()) return;
        proceed(answer);
        connection?.settle();
      })
      .catch((cause: unknown) => {
        if (!isCurrent()) return;
        this.#machine.disconnect({ type: "disconnect", reasonCode: 0x80 });
        const message = `authentication failed: ${whyOf(asError(cause))}`;
        this.#onClose(new MqttConnectError(message, { cause }));
      });
  }

  async #authenticationStep(step: AuthenticationStep): Promise<AuthenticationWords> {
    const answer = await this.#options.authentication?.handler(step);
    if (answer === undefined || answer instanceof Uint8Array) return { data: answer };
    requireOptions(answer, AUTHENTICATION_WORDS_RULES, "what authentication.handler gives");
    return withoutUndefined(answer);
  }

  /** The machine wants the connection closed. */
  #onClose(error: MqttError): void {
    if (this.#handshake !== undefined) this.#failAttempt(error);
    else this.#lost(error);
  }

  /** The transport is gone. */
  #onLost(connection: Connection, cause: Error | undefined): void {
    if (this.#connection !== connection) return;
    const [ErrorClass, when] =
      this.#handshake === undefined
        ? [MqttDisconnectedError, ""]
        : [MqttConnectError, " before CONNACK"];
    const reason = cause === undefined ? "the server closed it" : whyOf(cause);
    this.#onClose(new ErrorClass(`the connection was lost${when}: ${reason}`, { cause }));
  }

  #failAttempt(error: Error): void {
    const handshake = this.#handshake;
    void this.#closeConnection();
    this.#attempt?.abort(error);
    handshake?.reject(error);
  }

  /** A connection that was up has ended. */
  #lost(error: Error): void {
    // A server that accepts and soon drops is left in peace ever longer, too.
    const { clock, reconnect } = this.#options;
    const livedMs = clock.now() - this.#connectedAtMs;
    if (livedMs >= (reconnect?.delayMaxMs ?? 0)) this.#attempts = 0;
    void this.#closeConnection();
    const willReconnect = this.#mayTryAgain(error);
    // Before it is told: who calls `connect` then waits for this. Its failure is told by events.
    if (willReconnect) void this.#begin("after a wait", true);
    this.#ended(error, true, willReconnect);
  }

  #mayTryAgain(error: Error): boolean {
    const { reconnect, password } = this.#options;
    if (reconnect === undefined || this.#attempts >= reconnect.attemptsMax) return false;
    return !isHopeless(error, typeof password === "function", this.#wasAccepted);
  }

  /** Waits before the next attempt; rejects when the effort is given up meanwhile. */
  #wait(effort: Effort): Promise<void> {
    const { clock, reconnect } = this.#options;
    const delayMs =
      reconnect === undefined ? 0 : backOffMs(reconnect, this.#attempts, Math.random());
    this.#attempts += 1;
    this.#status = "waiting";
    const over = deferred<void>();
    const cancelCall = clock.callAfter(delayMs, over.resolve);
    const { signal } = effort.abort;
    const giveUp = (): void => over.reject(signal.reason);
    signal.addEventListener("abort", giveUp);
    effort.endWait = over.resolve;
    const end = (): void => {
      cancelCall();
      signal.removeEventListener("abort", giveUp);
      effort.endWait = undefined;
    };
    over.promise.then(end, end);
    return over.promise;
  }

  /** Tells that a connection or an attempt has ended. */
  #ended(error: Error, wasConnected: boolean, willReconnect: boolean): void {
    if (willReconnect) this.#status = "waiting";
    else this.#becomeIdle();
    const details = error instanceof MqttError ? pick(error, ["reasonCode", "reasonString"]) : {};
    this.#events.onDisconnected({ ...details, wasConnected, error, willReconnect }, error);
  }

  #becomeIdle(): void {
    this.#status = "idle";
    this.#endPageEvents?.();
    this.#endPageEvents = undefined;
  }

  /** Leaves whatever is under way. */
  #leave(cause: Error): Promise<void> {
    const closed = this.#closeConnection(cause);
    this.#connecting = undefined;
    this.#effort?.abort.abort(cause);
    this.#attempt?.abort(cause);
    this.#handshake?.reject(cause);
    return closed;
  }

  /** Resolves, and never rejects, when the peer has closed as well. */
  #closeConnection(
    cause: Error = new MqttDisconnectedError("the connection was lost"),
  ): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#result = undefined;
    this.#reauthentication?.reject(cause);
    this.#reauthentication = undefined;
    const closed = connection?.close() ?? Promise.resolve();
    this.#machine.connectionLost();
    return closed;
  }
}
