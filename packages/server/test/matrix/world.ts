import type { MqttServerOptions, ServerEventName } from "../../src/index.ts";
import { MqttServer, SERVER_EVENT_NAMES } from "../../src/index.ts";
import type { CancelCall, Clock } from "../../src/ports/clock.ts";
import { MemoryMedium, MemoryStore } from "../../src/stores/memory-store.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { turns } from "../support/turns.ts";
import type { MatrixFault } from "./fault.ts";

/** Milliseconds that a handler may take. */
export const HANDLER_TIMEOUT_MS = 2_000;

/** Time passes in such steps. */
export const STEP_MS = 250;

/** The clock of one server, which knows what it still has to call. */
class ServerClock implements Clock {
  readonly #clock: ManualClock;
  readonly #calls: Set<CancelCall> = new Set();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get pending(): number {
    return this.#calls.size;
  }

  now(): number {
    return this.#clock.now();
  }

  callAfter(delayMs: number, callback: () => void): CancelCall {
    const cancel = this.#clock.callAfter(delayMs, () => {
      this.#calls.delete(cancelHere);
      callback();
    });
    const cancelHere = (): void => {
      this.#calls.delete(cancelHere);
      cancel();
    };
    this.#calls.add(cancelHere);
    return cancelHere;
  }

  /** Its process is dead. */
  stop(): void {
    for (const cancel of Array.from(this.#calls)) cancel();
  }
}

/** An event as the program was told it. */
interface Told {
  readonly name: ServerEventName;
  readonly clientId: string;
}

/** What a world is like. */
export interface WorldOptions {
  /** Whether its store survives a kill; else there is none. */
  readonly isOnDisk: boolean;
  /** Whether all events have handlers, so that no message takes a quick way. */
  readonly isWatchingAll: boolean;
  /** Of the cell. */
  readonly event: ServerEventName;
}

/** What the handlers of the cell do with an event. */
export type Behave = (name: ServerEventName, event: object) => void | Promise<void>;

/** A server, what it stores, and what its program sees of it; it can be killed. Time is the test's. */
export class World {
  readonly clock = new ManualClock();
  server: MqttServer;
  /** What went wrong. */
  readonly faults: string[] = [];
  /** A handler that is told news of the client "c" has not answered. */
  isTelling = false;
  /** Calls of the program that have not settled. */
  readonly calls: Set<string> = new Set();
  readonly #options: WorldOptions;
  readonly #behave: Behave;
  readonly #fault: MatrixFault | undefined;
  #medium = new MemoryMedium();
  #serverClock: ServerClock;
  /** Which clients were told to be connected by this server. */
  #connected: Set<string> = new Set();
  #isStoppedTold = false;

  constructor(options: WorldOptions, behave: Behave, fault?: MatrixFault) {
    this.#options = options;
    this.#behave = behave;
    this.#fault = fault;
    this.#serverClock = new ServerClock(this.clock);
    this.server = this.#make();
  }

  /** The process dies, with all that was not committed; another one is there, which is not started. */
  kill(): void {
    this.#serverClock.stop();
    this.#medium = this.#options.isOnDisk ? this.#medium.copy() : new MemoryMedium();
    this.#serverClock = new ServerClock(this.clock);
    this.#connected = new Set();
    this.#isStoppedTold = false;
    this.calls.clear();
    this.isTelling = false;
    this.server = this.#make();
  }

  /** A call of the program, which has to settle; a rejection has to be one of those that a program is told about. */
  call(what: string, work: () => Promise<unknown>): void {
    const { server } = this;
    this.calls.add(what);
    const settled = (): void => {
      if (server === this.server && this.#fault?.kind !== "leaves a call without an answer")
        this.calls.delete(what);
    };
    work().then(settled, (error: unknown) => {
      settled();
      if (!isTold(error)) this.faults.push(`${what} rejects with ${String(error)}`);
    });
  }

  /** Lets time pass, and all that is ready run every now and then. */
  async advance(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= STEP_MS) {
      await turns(2);
      this.clock.advance(Math.min(leftMs, STEP_MS));
    }
    await turns(2);
  }

  /** A promise of virtual time. */
  later(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.callAfter(ms, resolve));
  }

  /** What is left after everything should be over. */
  checkStopped(): void {
    const { pending } = this.#serverClock;
    if (pending > 0) this.faults.push(`${pending} timers are left after stop`);
    for (const clientId of this.#connected) this.faults.push(`${clientId} is left connected`);
    if (this.#fault?.kind === "tells something after it has stopped")
      this.#told({ name: "sessionDeleted", clientId: "c" });
  }

  #make(): MqttServer {
    const { isOnDisk, isWatchingAll, event: cellsEvent } = this.#options;
    const options: MqttServerOptions = {
      listeners: [{ type: "memory" }],
      systemTopics: false,
      clock: this.#serverClock,
      handlerTimeoutMs: HANDLER_TIMEOUT_MS,
      startTimeoutMs: HANDLER_TIMEOUT_MS,
      queueMessagesMax: 20,
      logger: { level: "error", write: ({ message, error }) => this.#logged(message, error) },
      ...(isOnDisk && { store: new MemoryStore(this.#medium) }),
    };
    const server = new MqttServer(options);
    const watched: readonly ServerEventName[] = isWatchingAll
      ? SERVER_EVENT_NAMES
      : [...new Set([...ALWAYS_WATCHED, cellsEvent])];
    for (const name of watched) {
      server.on(name, (event: object) => {
        if (server !== this.server) return;
        this.#told({ name, clientId: clientOf(event) });
      });
    }
    server.on(cellsEvent, (event: object) =>
      server === this.server ? this.#behave(cellsEvent, event) : undefined,
    );
    return server;
  }

  #logged(message: string, error: Error | undefined): void {
    if (!EXPECTED_IN_LOG.has(message)) this.faults.push(`logged: ${message} ${String(error)}`);
  }

  #told(told: Told): void {
    const { name, clientId } = told;
    if (name === "started" || name === "loadingRetainedMessage") this.#isStoppedTold = false;
    else if (this.#isStoppedTold) this.faults.push(`${name} of ${clientId} after stopped`);
    if (name === "stopped") this.#isStoppedTold = true;
    if (this.isTelling && clientId === "c" && NEWS.has(name))
      this.faults.push(`${name} of c while it is told something else`);
    const isTwice = this.#fault?.kind === "tells twice that a client is connected";
    if (name === "clientConnected")
      for (let count = isTwice ? 2 : 1; count > 0; count -= 1) this.#toldConnected(clientId);
    if (name === "clientDisconnected" && !this.#connected.delete(clientId))
      this.faults.push(`${clientId} is told to be disconnected without having been connected`);
  }

  #toldConnected(clientId: string): void {
    if (this.#connected.has(clientId))
      this.faults.push(`${clientId} is told to be connected twice`);
    this.#connected.add(clientId);
  }
}

/** What is told of a client in order. */
export const NEWS: ReadonlySet<ServerEventName> = new Set([
  "clientAcknowledgedPublishPacket",
  "clientConnected",
  "clientDisconnected",
  "clientSubscribedTopic",
  "clientUnsubscribedTopic",
  "sessionDeleted",
]);

const ALWAYS_WATCHED = [
  "clientConnected",
  "clientDisconnected",
  "loadingRetainedMessage",
  "started",
  "stopped",
] as const;

const EXPECTED_IN_LOG: ReadonlySet<string> = new Set([
  "a handler failed",
  "the server has stopped before handlers had answered",
]);

function clientOf(event: object): string {
  return "clientId" in event ? String(event.clientId) : "";
}

/** True for what a program is told of by design. */
function isTold(error: unknown): boolean {
  return (
    error instanceof Error &&
    ("code" in error || error.message === "the handler throws" || error.name === "TypeError")
  );
}
