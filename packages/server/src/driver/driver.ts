import type { AccessPort } from "../core/access/authorizer.ts";
import type { ApplicationMessage } from "../core/message/application-message.ts";
import type { Dismissal } from "../core/endings/closing.ts";
import type { BanCandidate, Refusal, RefusedClient } from "../core/connection/refusal.ts";
import type { Connection } from "../core/connection/connection.ts";
import type { Stranger } from "../core/connection/stranger.ts";
import type { CoreOptions } from "../core/core-options.ts";
import type { DeliveryNotices } from "../core/owed/delivery-notices.ts";
import type { Hooks } from "../core/hooks/hooks.ts";
import { messageFromApplication } from "../core/message/message.ts";
import type { PeerSettings } from "../core/peers/peers.ts";
import type { Task } from "../core/pending.ts";
import { store as storeRetained } from "../core/retained/retaining.ts";
import { ServerCore } from "../core/server-core.ts";
import type { InjectionSender } from "../core/publishing/injecting.ts";
import type { HoldOffLimits } from "../core/rates/hold-off.ts";
import type { RateLimits } from "../core/rates/rate-limits.ts";
import type { Peer, Wire } from "../core/wire.ts";
import { THE_SERVER } from "../core/works/works.ts";
import { asError, MqttServerStateError } from "../errors.ts";
import type { InjectionResult } from "../injected-message.ts";
import type { CancelCall, Clock } from "../ports/clock.ts";
import type { ConnectionAcceptor, ConnectionSink, HandshakeFailure } from "../ports/listener.ts";
import type { Log } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import type { DriverHealth, StoreCounters } from "../system/server-health.ts";
import type { Admission } from "./admission.ts";
import { DrivenConnection } from "./driven-connection.ts";
import { AskedWork } from "./asked-work.ts";
import { ServerTime } from "./server-time.ts";
import { Committer } from "./committer.ts";
import type { StorageSettings } from "./committer.ts";
import { abortSignal } from "./event-signal.ts";
import { LoopDelay } from "./loop-delay.ts";
import { Lingering } from "./lingering.ts";
import type { HandlerWaits } from "./handler-waits.ts";
import { TimeCounts } from "../system/time-histogram.ts";
import type { TimeHistogram } from "../system/time-histogram.ts";
import { OpenConnections } from "./open-connections.ts";
import { ofProgram, untilQuiet } from "./stopping.ts";
import { Regulars } from "./regulars.ts";
import type { UnfinishedWork } from "./stopping.ts";
import { TurningAway } from "./turning-away.ts";
import { setImmediate } from "../platform.ts";

/** A timer that fires this much after its time may have kept sockets waiting, too. */
const LATE_MS = 1;

/**
 * Milliseconds of reading, or of connections that end, in one turn of the loop, after which messages for others are written in
 * between: the system gives all that is ready before it lets the turn end.
 */
const WRITE_BETWEEN_MS = 5;

/** What a driver is made of. */
export interface DriverOptions {
  readonly core: CoreOptions;
  readonly hooks: Hooks;
  /** Says what clients may do; undefined if nothing is asked. */
  readonly authorizer?: AccessPort | undefined;
  /** The handlers that are waited for. */
  readonly waits: HandlerWaits;
  readonly clock: Clock;
  readonly log: Log;
  readonly admission: Admission;
  /** Where sessions and retained messages survive; undefined: nowhere. */
  readonly store: Store | undefined;
  readonly storage: StorageSettings;
  /** Milliseconds that the store may take to open. */
  readonly startTimeoutMs: number;
  newClientId(): string;
  /** Any 32 bits that no client knows. Default 0, as tests want it. */
  readonly seed?: number;
  /** Told of each client that is not let in. */
  readonly refused?: ((client: RefusedClient) => void) | undefined;
  /** What clients may do again and again. */
  readonly holdOff?: HoldOffLimits | undefined;
  /** How much clients may send and get. */
  readonly rateLimits?: RateLimits | undefined;
  /** Whether a client is banned. */
  readonly isBanned?: ((client: BanCandidate) => boolean) | undefined;
  /** Which server of a cluster this is; undefined: it is alone. */
  readonly peers?: PeerSettings | undefined;
  /** Told of what is not delivered. */
  readonly notices?: DeliveryNotices | undefined;
  /** Told of each connection that ends before CONNECT. */
  readonly stranger?: ((stranger: Stranger) => void) | undefined;
  /** Told of each handshake before MQTT that fails. */
  readonly handshakeFailed?: ((failure: HandshakeFailure) => void) | undefined;
  /** Told when the store has become full, has failed, or has room again. */
  readonly healthChanged?: (() => void) | undefined;
}

/**
 * A shard: one core, its store and its time, of which one process may run several. Tells the core the time before each call, wakes it with one timer for all its deadlines,
 * and lets it write what it has put out once per turn of the event loop. Nothing else calls the core.
 * What a handler, called by the core, asks of the core waits until the core is done.
 */
export class Driver implements ConnectionAcceptor {
  readonly core: ServerCore;
  /** How long messages took, of some. */
  readonly deliveryTimes: TimeCounts = new TimeCounts();
  readonly #clock: Clock;
  readonly #time: ServerTime;
  readonly #log: Log;
  readonly #admission: Admission;
  readonly #waits: HandlerWaits;
  readonly #handshakeFailed: ((failure: HandshakeFailure) => void) | undefined;
  readonly #connections = new OpenConnections();
  readonly #lingering = new Lingering();
  readonly #asked = new AskedWork((work) => this.run(work));
  readonly #regulars = new Regulars();
  #isOpen = false;
  #isInside = false;
  #later: (() => void)[] = [];
  #isFlushAsked = false;
  /** What is done between reads is being done. */
  #isBetween = false;
  /** When something was written last, or the first thing is to be written since. */
  #unwrittenSinceMs = 0;
  readonly #loopDelay: LoopDelay = new LoopDelay();
  readonly #turningAway = new TurningAway(
    (wire, peer, refusal) => this.open(wire, peer, refusal),
    (failure) => this.handshakeFailed(failure),
  );
  #wakesAtMs = Infinity;
  #cancelWake: CancelCall | undefined;
  readonly #committer: Committer | undefined;

  constructor(options: DriverOptions) {
    this.#clock = options.clock;
    this.#time = new ServerTime(options.clock);
    this.#log = options.log;
    this.#admission = options.admission;
    this.#waits = options.waits;
    this.#handshakeFailed = options.handshakeFailed;
    this.core = new ServerCore(options.core, {
      hooks: options.hooks,
      authorizer: options.authorizer,
      requestFlush: () => this.#askForFlush(),
      requestCommit: (urgency) => this.#committer?.request(urgency),
      currentMs: () => this.#clock.now(),
      readClocks: () => this.#time.read(),
      wallAheadMs: () => this.#time.wallAheadMs,
      newClientId: () => options.newClientId(),
      seed: options.seed ?? 0,
      report: (error) => this.#log.error?.("a packet could not be handled", {}, asError(error)),
      warn: (message, fields) => this.#log.warn?.(message, fields),
      refused: options.refused,
      holdOff: options.holdOff,
      rateLimits: options.rateLimits,
      isBanned: options.isBanned,
      peers: options.peers,
      notices: options.notices,
      stranger: options.stranger,
      delivered: (ms) => this.deliveryTimes.note(ms),
    });
    this.#committer = this.#committerFor(options);
  }

  #committerFor(options: DriverOptions): Committer | undefined {
    const { store, storage: settings, clock, log } = options;
    if (store === undefined) return undefined;
    return new Committer({
      store,
      settings,
      core: this.core,
      clock,
      log,
      startTimeoutMs: options.startTimeoutMs,
      run: (work) => this.run(work),
      goOnFrom: (reading) => this.#time.goOnFrom(reading),
      healthChanged: () => options.healthChanged?.(),
    });
  }

  /** Opens the store and brings back what it holds. Rejects with `StoreError`. */
  async load(): Promise<void> {
    await this.#committer?.open();
  }

  get health(): DriverHealth {
    const store = this.#committer?.health ?? {
      isHealthy: true,
      store: "none",
      storeError: undefined,
    };
    return { ...store, loopDelayMaximumMs: this.#loopDelay.maximumMs };
  }

  /** How long commits took; undefined without a store. */
  get commitTimes(): TimeHistogram | undefined {
    const times = this.#committer?.times;
    if (times === undefined) return undefined;
    const { boundsMs, counts, sumMs } = times;
    return { boundsMs, counts: [...counts], sumMs };
  }

  get storeCounters(): StoreCounters {
    return this.#committer?.counters ?? { storeCommits: 0, storeFailures: 0, storeBytesCurrent: 0 };
  }

  resetStoreCounters(): void {
    this.#committer?.resetCounters();
    this.deliveryTimes.reset();
  }

  /** Stores what is left to store, and closes the store. */
  async unload(): Promise<void> {
    await this.#committer?.close();
  }

  /** Lets connections in, and does what came due while none were. */
  start(): void {
    this.#isOpen = true;
    this.#loopDelay.start();
    this.run(() => this.core.runDeadlines());
  }

  /**
   * Ends all connections with `dismissal` and lets no more in, then waits for the handlers that are at work. What is not closed
   * after `deadlineMs` is cut, and handlers that have not answered are waited for no longer; gives what they were asked about.
   * `allClosed` is called when no connection is left. Sessions stay as they are.
   */
  async stop(
    dismissal: Dismissal,
    deadlineMs: number,
    allClosed: () => void = () => undefined,
  ): Promise<readonly UnfinishedWork[]> {
    this.#isOpen = false;
    const reason = new MqttServerStateError("the server stops");
    for (const event of this.#waits.events) abortSignal(event, reason);
    this.run(() => this.core.disconnectAll(dismissal));
    const unfinished = await untilQuiet(
      {
        core: this.core,
        clock: this.#clock,
        waits: this.#waits,
        connections: this.#connections,
        asked: this.#asked,
        allClosed,
        run: (work) => this.run(work),
      },
      deadlineMs,
    );
    this.#loopDelay.stop();
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakesAtMs = Infinity;
    return unfinished;
  }

  admit(remoteAddress: string | undefined): boolean {
    return this.#isOpen && this.#admission.admit(remoteAddress);
  }

  mayCome(remoteAddress: string | undefined): boolean {
    return this.#isOpen && this.#admission.mayCome(remoteAddress);
  }

  refuse(remoteAddress: string | undefined, reason: string): void {
    this.#admission.refuse(remoteAddress, reason);
  }

  get isFull(): boolean {
    return this.#isOpen && this.#admission.isFull;
  }

  release(): void {
    this.#admission.release();
  }

  handshakeFailed(failure: HandshakeFailure): void {
    // What the server itself cuts when it stops has not failed.
    if (!this.#isOpen) return;
    this.#admission.handshakesFailed += 1;
    this.#handshakeFailed?.(failure);
  }

  turnAway(): ConnectionAcceptor | undefined {
    return this.#isOpen && this.#turningAway.admit() ? this.#turningAway : undefined;
  }

  open(wire: Wire, peer: Peer, refusal?: Refusal): ConnectionSink {
    return this.#drive(wire, (driven) => this.core.open(driven, peer, refusal));
  }

  /** A connection to another server of the cluster was made, by this one or that one. It has no place among those of clients. */
  openLink(wire: Wire, peer: Peer): ConnectionSink {
    return this.#drive(wire, (driven) => this.core.openLink(driven, peer));
  }

  #drive(wire: Wire, open: (driven: DrivenConnection) => Connection): ConnectionSink {
    const driven = new DrivenConnection(this, wire);
    if (this.#isOpen) {
      this.#connections.add(driven);
      this.run(() => {
        driven.connection = open(driven);
      });
    } else driven.destroy();
    return driven;
  }

  /** Does `work` inside the core: now, or as soon as what is going on there is done. */
  run(work: () => void): void {
    if (this.#isInside) {
      this.#later.push(work);
      return;
    }
    this.#enter();
    try {
      this.#guarded(work);
    } finally {
      this.#leave();
    }
    this.#writeBetween();
  }

  /** Does work inside the core and resolves with its result, or rejects with what it throws. */
  change<Result>(work: (core: ServerCore) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#asked.ask(() => {
        try {
          resolve(work(this.core));
        } catch (error) {
          reject(asError(error));
        }
      });
    });
  }

  /**
   * Does a task inside the core, across its waits, and resolves with its result. It is the work `what`: rejects with
   * `MqttServerStateError` if the server stops before its handlers have answered.
   */
  perform<Result>(what: string, task: (core: ServerCore) => Task<Result>): Promise<Result> {
    const { core } = this;
    const begin = function* begin(): Task<Result> {
      return yield* task(core);
    };
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => reject(ofProgram(error));
      this.#asked.ask(() => core.works.run(what, THE_SERVER, begin(), resolve, failed));
    });
  }

  /** Publishes a message of the program's own and resolves with what became of it; rejects if something broke. */
  inject(message: ApplicationMessage, sender: InjectionSender): Promise<InjectionResult> {
    return new Promise((resolve, reject) => {
      const done = ({ matched, queued, dropped, reasonCode }: InjectionResult): void =>
        resolve({ matched, queued, dropped, reasonCode });
      const failed = (error: unknown): void => reject(ofProgram(error));
      this.#asked.ask(() => this.core.inject(message, sender, done, failed));
    });
  }

  /** Stores retained messages that were kept elsewhere; nobody is told of them. */
  restoreRetained(messages: readonly ApplicationMessage[]): void {
    this.run(() => {
      for (const message of messages) {
        storeRetained(this.core, messageFromApplication(message, "", this.core.now));
      }
    });
  }

  /** The hot path: as `run`, without a function made for each chunk. */
  receive(driven: DrivenConnection, connection: Connection, chunk: Uint8Array): void {
    if (this.#isInside) {
      const kept = new Uint8Array(chunk);
      this.#later.push(() => this.core.receive(connection, kept));
      return;
    }
    this.#enter();
    try {
      this.core.receive(connection, chunk);
    } catch (error) {
      this.broke(driven, "internal error; the connection is cut", error);
    } finally {
      this.#leave();
    }
    if (driven.isPrompt) this.#regulars.note(driven, chunk.length, this.core.now);
    this.#writeBetween();
  }

  /** A connection has failed, maybe one of thousands. */
  noteFailed(): void {
    this.run(() => this.#askForFlush());
  }

  #writeBetween(): void {
    const { now } = this.core;
    if (!this.#isFlushAsked || now - this.#unwrittenSinceMs < WRITE_BETWEEN_MS) return;
    if (this.#isBetween) return;
    this.#isBetween = true;
    try {
      this.#regulars.readSome(now);
    } finally {
      this.#isBetween = false;
    }
    this.#unwrittenSinceMs = this.core.now;
    this.#enter();
    try {
      this.#guarded(() => this.core.flushMessages());
    } finally {
      this.#leave();
    }
  }

  forget(driven: DrivenConnection): void {
    this.#connections.delete(driven);
    this.#regulars.forget(driven);
  }

  #enter(): void {
    this.core.now = this.#time.now;
    this.#isInside = true;
  }

  /** Whatever happens here, the core is left: nobody would be let in any more. */
  #leave(): void {
    try {
      while (this.#later.length > 0) {
        const works = this.#later;
        this.#later = [];
        for (const work of works) this.#guarded(work);
      }
    } finally {
      this.#isInside = false;
    }
    this.#wakeInTime();
  }

  /** An error in here is a fault of the server's own. It must not take the process and everybody with it. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#log.error?.("internal error", {}, asError(error));
    }
  }

  /** Cuts a connection that something went wrong with, as soon as the core is done with what is going on. */
  broke(driven: DrivenConnection, what: string, thrown: unknown): void {
    const error = asError(thrown);
    this.#log.error?.(what, {}, error);
    this.run(() => driven.cut(error));
  }

  /** A timer that fires too early is left alone: deadlines mostly move back, and then it is set again. */
  #wakeInTime(): void {
    if (!this.#isOpen) return;
    const next = this.core.nextDeadline;
    if (next >= this.#wakesAtMs) return;
    this.#cancelWake?.();
    this.#wakesAtMs = next;
    this.#cancelWake = this.#clock.callAfter(next - this.core.now, this.#wake);
  }

  /**
   * A timer is late after the process was stopped or the loop was busy. What has arrived meanwhile is read before it is judged
   * who was silent: sockets have their turn before `setImmediate`, and who was only accepted in this one has the next.
   */
  readonly #wake = (): void => {
    const isLate = this.#time.now > this.#wakesAtMs + LATE_MS;
    if (isLate) setImmediate(() => setImmediate(this.#meetDeadlines));
    else this.#meetDeadlines();
  };

  readonly #meetDeadlines = (): void => {
    this.#wakesAtMs = Infinity;
    this.run(() => this.core.runDeadlines());
  };

  #askForFlush(): void {
    if (this.#isFlushAsked) return;
    this.#isFlushAsked = true;
    this.#unwrittenSinceMs = this.core.now;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isFlushAsked = false;
    this.run(() => this.core.flush());
    this.#lingering.begin();
  };
}
