import { randomInt, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { MqttConfigurationError, ReasonCode } from "@anax/protocol";
import { healthOf, ruleSourceOf, ruleStatisticsOf } from "./access/rule-source.ts";
import type { RuleSource } from "./access/rule-source.ts";
import { Logins } from "./auth/logins.ts";
import { BanList } from "./bans/ban-list.ts";
import { withCallerFrames } from "./caller-frames.ts";
import { makeInspectable } from "./core/inspecting.ts";
import { settled } from "./core/pending.ts";
import type { Peer } from "./core/wire.ts";
import { AccessAsking } from "./driver/access-asking.ts";
import { Admission } from "./driver/admission.ts";
import { Driver } from "./driver/driver.ts";
import { EventHandlers } from "./driver/event-handlers.ts";
import type { EventRegistration } from "./driver/event-handlers.ts";
import type { HandlerCounters } from "./driver/handler-list.ts";
import { HandlerWaits } from "./driver/handler-waits.ts";
import type { UnfinishedWork } from "./driver/stopping.ts";
import { clockFor } from "./driver/fenced-clock.ts";
import { asError, MqttServerStateError } from "./errors.ts";
import type { ServerEventHandler, ServerEventName } from "./events.ts";
import { checked } from "./checking/rules.ts";
import { checkedSender, messageToInject } from "./injected-message.ts";
import type {
  InjectedApplicationMessage,
  InjectedMessageSender,
  InjectionResult,
} from "./injected-message.ts";
import { Listening, listenersOf, typesOf } from "./listening.ts";
import { MemoryListener } from "./listeners/memory-listener.ts";
import { openStream } from "./listeners/stream-wire.ts";
import { acceptUpgrade } from "./listeners/upgrade-accepting.ts";
import {
  MAXIMUM_MESSAGE_BYTES,
  refuseUpgrade,
  WebSocketHandshake,
} from "./listeners/web-socket-handshake.ts";
import { coreAccessOf, requireStarted } from "./management/core-access.ts";
import type { InternalSubscriptionOptions, MessageStream } from "./management/message-stream.ts";
import { MessageStreams } from "./management/message-streams.ts";
import { ServerAccess } from "./management/server-access.ts";
import { restoreRetained } from "./restoring-retained.ts";
import { loadBans, ServerBans } from "./management/server-bans.ts";
import { ServerClients } from "./management/server-clients.ts";
import { ServerRetainedMessages } from "./management/server-retained-messages.ts";
import { ServerTraces } from "./management/server-traces.ts";
import { ServerSessions } from "./management/server-sessions.ts";
import { resolveOptions } from "./options.ts";
import type { MqttServerOptions, ServerLimits, ServerSettings } from "./options.ts";
import type { Clock } from "./ports/clock.ts";
import type { Listener, ListenerAddress } from "./ports/listener.ts";
import type { Log } from "./ports/logger.ts";
import { PEER_RULES, requireNoMore, requireNoTopic, requireStream } from "./server-arguments.ts";
import { holdingProcess } from "./process-life.ts";
import { deliveryWarnings } from "./system/delivery-warnings.ts";
import { connectionLog, refusalLog } from "./system/connection-log.ts";
import { lifecycleLog } from "./system/lifecycle-log.ts";
import { logFor } from "./system/log.ts";
import { trafficOf } from "./system/server-traffic.ts";
import type { ServerTraffic } from "./system/server-traffic.ts";
import type { ServerStatistics } from "./system/server-statistics.ts";
import type { ServerHealth } from "./system/server-health.ts";
import { systemTopicsFor } from "./driver/system-topics-for.ts";
import type { SystemTopics } from "./system/system-topics.ts";
import type { TimeHistogram } from "./system/time-histogram.ts";
import { TurnedAwayLog } from "./system/turned-away-log.ts";
import {
  STOP_DEADLINE_MS,
  STOP_RULES,
  stoppedBefore,
  tellStopped,
  tellUnfinished,
} from "./stop-options.ts";
import type { StopOptions, StopResult } from "./stop-options.ts";

type State = "stopped" | "starting" | "started" | "stopping";

/**
 * An MQTT server to embed. It serves MQTT 3.1, 3.1.1 and 5.0 clients on all its listeners.
 *
 * Sessions and retained messages live as long as this object, or as long as the `store` that it is given: after `stop`,
 * `start` goes on with them.
 */
export class MqttServer implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #settings: ServerSettings;
  readonly #log: Log;
  readonly #admission: Admission;
  readonly #counters: HandlerCounters = { handlerFailures: 0, handlerTimeouts: 0 };
  readonly #handlers: EventHandlers;
  readonly #driver: Driver;
  readonly #logins: Logins;
  readonly #rules: RuleSource | undefined;
  readonly #listeners: readonly Listener[];
  readonly #listening: Listening;
  readonly #systemTopics: SystemTopics | undefined;
  readonly #streams = new MessageStreams();
  readonly #loadBans: () => Promise<void>;
  readonly #waitingForClients = new Set<(reason: Error) => void>();
  /** The clients that are connected. */
  readonly clients: ServerClients;
  /** The sessions, of connected clients and of those that are away. */
  readonly sessions: ServerSessions;
  /** What clients may do. */
  readonly access: ServerAccess;
  /** The retained messages. */
  readonly retainedMessages: ServerRetainedMessages;
  /** What is kept out. */
  readonly bans: ServerBans;
  /** What happens to one client, topic or address, for a limited time. */
  readonly traces: ServerTraces;
  /** Made when `handleUpgrade` is called first. */
  #handshake: WebSocketHandshake | undefined;
  #state: State = "stopped";
  #transition: Promise<unknown> = Promise.resolve();
  /** Of the stop that is going on. */
  #stopping: Promise<StopResult> = Promise.resolve({ unfinished: [] });
  #startedAtMs = 0;

  /** Throws `MqttConfigurationError` for options that cannot work. */
  constructor(options?: MqttServerOptions);
  constructor(options: MqttServerOptions = {}, ...others: readonly unknown[]) {
    requireNoMore(others);
    const settings = resolveOptions(options);
    const { handlerTimeoutMs, startTimeoutMs } = settings.driver;
    const clock = clockFor(options.clock, (error) =>
      this.#log.error?.("the clock failed", {}, error),
    );
    const wallNow = (): number => clock.wallNow?.() ?? clock.now();
    const log = (source: string): ReturnType<typeof logFor> =>
      logFor(source, options.logger, wallNow);
    const connections = log("connection");
    this.#clock = clock;
    this.#settings = settings;
    this.#log = log("server");
    const turnedAway = new TurnedAwayLog({ log: connections, clock, listeners: this.#own });
    const bans = new BanList(wallNow);
    this.#loadBans = () => loadBans(bans, options.banStore, clock, startTimeoutMs);
    this.#admission = new Admission(
      settings.driver,
      clock,
      this.#tellRefused(turnedAway),
      (address) => bans.hasAddress(address),
    );
    const surroundings = {
      clock,
      log: log("handler"),
      handlerTimeoutMs,
      startTimeoutMs,
      counters: this.#counters,
      waits: new HandlerWaits(),
      resume: (work: () => void) => this.#driver.run(work),
      changed: () => this.#driver.core.shortCuts.update(),
    };
    this.#handlers = new EventHandlers(surroundings);
    this.#rules = ruleSourceOf(options.accessRules, surroundings);
    this.#driver = new Driver({
      core: settings.core,
      hooks: this.#handlers.hooks,
      authorizer: new AccessAsking(this.#rules?.book ?? options.authorize, surroundings),
      waits: this.#handlers.waits,
      clock,
      log: log("driver"),
      admission: this.#admission,
      store: options.store,
      storage: settings.driver,
      startTimeoutMs,
      newClientId: () => `anax-${randomUUID()}`,
      seed: randomInt(2 ** 32),
      refused: refusalLog(connections),
      holdOff: options.holdOff,
      rateLimits: options.rateLimits,
      isBanned: (client) => bans.has(client),
      notices: deliveryWarnings(log("delivery"), clock),
      stranger: (stranger) => turnedAway.stranger(stranger),
      handshakeFailed: (failure) => turnedAway.handshakeFailed(failure),
      healthChanged: () => this.#systemTopics?.publishHealth(),
    });
    this.#logins = new Logins(options, connections, clock);
    this.#addHandlers(options, connections);
    this.#listeners = listenersOf(settings.listeners, log("listener"));
    this.#listening = new Listening(this.#listeners, { clock, log: this.#log, startTimeoutMs });
    this.#systemTopics = this.#makeSystemTopics();
    const access = coreAccessOf(this.#driver, this, this.#waitingForClients);
    this.clients = new ServerClients(access);
    this.sessions = new ServerSessions(access);
    this.retainedMessages = new ServerRetainedMessages(access);
    this.access = new ServerAccess(access, this.#rules);
    this.bans = new ServerBans(access, { list: bans, store: options.banStore, wallNow });
    this.traces = new ServerTraces(access, this.access, { clock, wallNow, log: this.#log });
  }

  /** Those of the server itself come first. */
  #addHandlers({ on = {} }: MqttServerOptions, connections: Log): void {
    this.#handlers.addAll(this.#logins.handlers);
    this.#handlers.addAll(connectionLog(connections));
    this.#handlers.addAll(lifecycleLog(this.#log, () => this.listeners));
    this.#handlers.addAll(on);
  }

  #tellRefused({ transportRefused }: TurnedAwayLog): TurnedAwayLog["transportRefused"] {
    return (address, reason, isFull) => {
      transportRefused(address, reason, isFull);
      this.traces.refused(address, reason);
    };
  }

  readonly #own = (): readonly Listener[] => this.#listeners;

  /** True from the end of `start` to the beginning of `stop`. */
  get isStarted(): boolean {
    return this.#state === "started";
  }

  /** What listens, in the order of the options. */
  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /**
   * Where a listener of this type, or else the first one, listens: `server.address("tcp").port`. The types are those
   * of the options; "ws" and "wss" tell the two kinds of "websocket" apart.
   * Throws `MqttServerStateError` if there is no such listener or it is not listening.
   */
  address(type?: string): ListenerAddress {
    const listener = this.#listeners.find(
      (candidate) => type === undefined || typesOf(candidate).includes(type),
    );
    if (listener?.address !== undefined) return listener.address;
    throw new MqttServerStateError(
      `no ${type === undefined ? "" : `${type} `}listener is listening`,
    );
  }

  /** Whether the server can do all its work, and if not, why. */
  get health(): ServerHealth {
    return { ...this.#driver.health, ...healthOf(this.#rules) };
  }

  /** Its options that are numbers, as they are in force: those that were given, and the defaults. */
  get limits(): ServerLimits {
    return this.#settings.limits;
  }

  /** Counters, as they are now. */
  get statistics(): ServerStatistics {
    return Object.assign({}, this.#driver.core.statistics, this.#counters, {
      ...this.#driver.storeCounters,
      ...this.#admission.statistics,
      ...this.#logins.statistics,
      ...ruleStatisticsOf(this.#rules),
      loopDelayMaximumMs: this.#driver.health.loopDelayMaximumMs,
      uptimeMs: this.#state === "stopped" ? 0 : this.#clock.now() - this.#startedAtMs,
    });
  }

  /** How long commits of the store took, from giving one to it to its answer. Undefined without a store. */
  get commitTimes(): TimeHistogram | undefined {
    return this.#driver.commitTimes;
  }

  /** Traffic by listener, what is in flight, and how long messages take. It walks over all connections and sessions. */
  get traffic(): ServerTraffic {
    return trafficOf(this.#driver.core, this.#driver.deliveryTimes);
  }

  /** Sets all counters to zero; what `statistics` says of the moment stays. */
  resetStatistics(): void {
    this.#driver.core.statistics.reset();
    this.#admission.resetStatistics();
    this.#driver.resetStoreCounters();
    this.#logins.resetStatistics();
    Object.assign(this.#counters, { handlerFailures: 0, handlerTimeouts: 0 });
  }

  /**
   * Whether new connections are let in. False empties a server: who is connected stays, who comes is closed at once,
   * before a byte is read. Default true.
   */
  get acceptNewConnections(): boolean {
    return this.#admission.isAccepting;
  }

  set acceptNewConnections(value: boolean) {
    this.#admission.isAccepting = value;
  }

  /** Calls `handler` at each event of that name; see `SERVER_EVENTS`. Dispose of the result to stop it. */
  on<Name extends ServerEventName>(
    name: Name,
    handler: ServerEventHandler<Name>,
  ): EventRegistration {
    return this.#handlers.on(name, handler);
  }

  /** Calls `handler` at the next event of that name. */
  once<Name extends ServerEventName>(
    name: Name,
    handler: ServerEventHandler<Name>,
  ): EventRegistration {
    return this.#handlers.once(name, handler);
  }

  /**
   * Begins to listen. Rejects with `MqttListenError` if a listener cannot, and leaves nothing open then;
   * with `MqttServerStateError` unless the server is stopped.
   */
  async start(): Promise<void> {
    if (this.#state !== "stopped") {
      throw new MqttServerStateError(`cannot start: the server is ${this.#state}`);
    }
    this.#state = "starting";
    this.#transition = holdingProcess(this.#start());
    await withCallerFrames(this.#transition);
  }

  async #start(): Promise<void> {
    try {
      this.#startedAtMs = this.#clock.now();
      this.#handlers.waits.resume();
      const { startTimeoutMs } = this.#settings.driver;
      await this.#logins.load(this.#clock, startTimeoutMs);
      await this.#rules?.read();
      await this.#driver.load();
      await this.#loadBans();
      await restoreRetained(this.#driver);
      this.#admission.countFiles(this.#log);
      this.#driver.start();
      await this.#listening.start(this.#driver);
    } catch (error) {
      await this.#close({ deadlineMs: 0 }).catch((failure: unknown) => {
        this.#log.error?.("a start that failed could not be undone", {}, asError(failure));
      });
      this.#state = "stopped";
      throw error;
    }
    this.#systemTopics?.start();
    this.#state = "started";
    await this.#driver.perform("start", function* tell({ hooks }) {
      yield* settled(hooks.started?.({}));
    });
  }

  /**
   * Closes listeners and connections, and waits for the handlers that are at work: all that they decide is done, and stored. MQTT
   * 5.0 clients are told why. After `deadlineMs` it waits no longer and resolves with what it left. When it has resolved, no
   * handler is called any more. A handler that awaits it is what it waits for, until the deadline. Does nothing if the server is
   * stopped; waits for a start or stop that is going on. Rejects with `MqttConfigurationError`, and goes on serving,
   * for what DISCONNECT of a server cannot carry.
   */
  async stop(given: StopOptions = {}): Promise<StopResult> {
    const options = checked("stop", given, STOP_RULES);
    if (this.#state === "starting") {
      this.#handlers.waits.giveUpAll();
      await this.#transition.catch(() => undefined);
    }
    if (this.#state === "started") {
      this.#state = "stopping";
      this.#transition = this.#stopping = holdingProcess(this.#stop(options));
    }
    return this.#state === "stopping" ? this.#stopping : { unfinished: [] };
  }

  async #stop(options: StopOptions): Promise<StopResult> {
    const { deadlineMs = STOP_DEADLINE_MS } = options;
    const endsAtMs = this.#clock.now() + deadlineMs;
    try {
      this.#systemTopics?.stop();
      return { unfinished: await this.#close({ ...options, deadlineMs }) };
    } finally {
      this.#state = "stopped";
      await tellStopped(this.#driver, this.#handlers.waits, this.#clock, endsAtMs);
    }
  }

  async #close({
    deadlineMs,
    ...options
  }: StopOptions & { readonly deadlineMs: number }): Promise<readonly UnfinishedWork[]> {
    await this.#listening.stop();
    const dismissal = { reasonCode: ReasonCode.serverShuttingDown, ...options };
    const unfinished = await this.#driver.stop(dismissal, deadlineMs, () =>
      this.#waitingForClients.forEach((reject) => reject(stoppedBefore())),
    );
    this.#streams.endAll();
    await this.#driver.unload();
    tellUnfinished(this.#log, unfinished);
    return unfinished;
  }

  /** For `JSON.stringify`: where it listens and how things stand; no secret is in it. */
  toJSON(): object {
    const { isStarted, health, clients, sessions, retainedMessages } = this;
    const listeners = this.#listeners.map(({ type, address }) => ({ type, url: address?.url }));
    return { isStarted, listeners, health, clients, sessions, retainedMessages };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Serves a client on any stream that carries bytes both ways. Throws `MqttServerStateError` if the
   * server is not started, `MqttConfigurationError` for what is no stream; destroys the stream if it takes no more connections.
   */
  handle(stream: Duplex, given: Partial<Peer> = {}): void {
    const peer = checked("peer", given, PEER_RULES);
    requireStream(stream);
    requireStarted(this, "handle");
    if (!this.#driver.admit(peer.remoteAddress)) {
      stream.destroy();
      return;
    }
    stream.once("close", () => this.#driver.release());
    openStream(stream, { transport: "stream", secure: false, ...peer }, this.#driver);
  }

  /**
   * Serves a client that asks an HTTP server of the program's own for a WebSocket: to be called with the arguments of
   * that server's `upgrade` event, on the paths that are MQTT's. A request that is not right is answered, and so is every
   * request while the server is not started (503). Whose pages may connect is for the program to decide.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    if (!(socket instanceof Socket)) throw new TypeError("socket is no socket of node:net");
    if (!this.isStarted) {
      refuseUpgrade(socket, "503 Service Unavailable", "it is not started");
      return;
    }
    const messageBytesMax = Math.max(MAXIMUM_MESSAGE_BYTES, this.#settings.core.maximumPacketSize);
    this.#handshake ??= new WebSocketHandshake({ messageBytesMax });
    const acceptor = this.#driver;
    const handshake = this.#handshake;
    const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
    acceptUpgrade({ request, socket, head: bytes, acceptor, handshake, isLoopback: false });
  }

  /**
   * A client's end of a new connection inside this process. Throws `MqttConfigurationError` if the
   * options have no listener of type "memory", and `MqttListenError` if it is not listening or full.
   */
  connectInMemory(): Duplex {
    const listener = this.#listeners.find((candidate) => candidate instanceof MemoryListener);
    if (listener !== undefined) return listener.connect();
    throw new MqttConfigurationError('listeners has none of type "memory"');
  }

  /**
   * Publishes from the program itself, with no client: the message goes the whole way that a client's
   * goes, interceptors included. Rejects with `MqttConfigurationError`, which names the field, for a message that
   * cannot be published, and with `MqttServerStateError` if the server is not started.
   */
  async injectApplicationMessage(
    message: InjectedApplicationMessage,
    sender: InjectedMessageSender = {},
  ): Promise<InjectionResult> {
    requireStarted(this, "inject");
    return this.#driver.inject(messageToInject(message), checkedSender(sender));
  }

  /**
   * Publishes from the program itself: `server.publish("a", "text", { retain: true })`. The same as
   * `injectApplicationMessage`, which can also name a sender.
   */
  async publish(
    topic: string,
    payload?: Uint8Array | string,
    options: Omit<InjectedApplicationMessage, "topic" | "payload"> = {},
  ): Promise<InjectionResult> {
    requireNoTopic(options);
    return this.injectApplicationMessage({
      ...options,
      topic,
      ...(payload !== undefined && { payload }),
    });
  }

  /**
   * Subscribes the program itself, with no client: `for await (const message of server.subscribe("a/#"))`. Messages of
   * all publishers come, injected ones too; what is not taken waits in a bounded buffer. It ends with the loop, its
   * signal, or the server. Throws `ProtocolError` for a bad filter, `MqttServerStateError` if the server is not started.
   */
  subscribe(topicFilter: string, options: InternalSubscriptionOptions = {}): MessageStream {
    requireStarted(this, "subscribe");
    return this.#streams.open(this.#driver.core, topicFilter, options);
  }

  #makeSystemTopics(): SystemTopics | undefined {
    return systemTopicsFor(this.#settings.driver.systemTopics, this.#driver, {
      clock: this.#clock,
      log: this.#log,
      statistics: () => this.statistics,
      health: () => this.health,
    });
  }
}

makeInspectable(MqttServer.prototype, "MqttServer");
