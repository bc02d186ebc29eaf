import type { ServerEventName } from "../../src/index.ts";
import { text } from "../support/memory-server.ts";
import { turns } from "../support/turns.ts";
import type { Cell } from "./cell.ts";
import { MatrixFault } from "./fault.ts";
import type { MatrixFaultKind } from "./fault.ts";
import { MatrixClient } from "./matrix-client.ts";
import { spoil } from "./spoiling.ts";
import { HANDLER_TIMEOUT_MS, NEWS, STEP_MS, World } from "./world.ts";

/** A handler that is slow, or fails, does so after this much time. */
const SLOW_MS = 1_000;
const FAILING_MS = 500;
/** Virtual milliseconds after which everything has to be over. */
const PATIENCE_MS = 40_000;

/** The messages of one topic, in the order in which they are sent. */
const ORDER: readonly string[] = ["1", "2", "last"];

/** Runs a cell and gives what is wrong; nothing if all is as it should be. */
export async function runCell(cell: Cell, fault?: MatrixFaultKind): Promise<readonly string[]> {
  const run = new CellRun(cell, fault === undefined ? undefined : new MatrixFault(fault));
  return run.run();
}

class CellRun {
  readonly #cell: Cell;
  readonly #world: World;
  readonly #publisher: MatrixClient;
  readonly #subscriber: MatrixClient;
  #isArmed = false;
  /** The handler of the cell was called for the client. */
  #isUsed = false;
  #isKilled = false;
  /** The subscriber has lost its subscription. */
  #isToSubscribe = false;
  /** A handler has decided that the subscriber does not get something. */
  #hasVetoed = false;
  /** What a handler has failed with first: it may let it pass when it is repeated, and later messages have come. */
  #decidedAgainst: string | undefined;

  constructor(cell: Cell, fault: MatrixFault | undefined) {
    this.#cell = cell;
    // By halves: with handlers of all events no message takes a quick way.
    const parity = cell.qos + cell.disturbance.length + cell.event.length;
    const isWatchingAll = parity % 2 === 0;
    const version = parity % 3 === 0 ? 4 : 5;
    const options = { isOnDisk: cell.store === "disk", isWatchingAll, event: cell.event };
    this.#world = new World(options, (name, event) => this.#behave(name, event), fault);
    this.#publisher = new MatrixClient("c", version, fault);
    this.#subscriber = new MatrixClient("s", 5, fault);
  }

  async run(): Promise<readonly string[]> {
    await this.#prepare();
    await this.#cause();
    await turns(4);
    await this.#disturb();
    await this.#finish();
    await this.#stop();
    this.#check();
    return this.#world.faults;
  }

  #behave(name: ServerEventName, event: object): void | Promise<void> {
    if (!this.#isArmed || this.#isUsed || !isAboutPublisher(event)) return undefined;
    this.#isUsed = true;
    if (this.#cell.behaviour !== "slow") {
      this.#hasVetoed = name === "interceptingClientEnqueue";
      this.#decidedAgainst = textOf(event);
    }
    const world = this.#world;
    // When the server stops, it does not wait for ever.
    if (!NEWS.has(name) || this.#cell.disturbance === "stop") return this.#answer(name, event);
    world.isTelling = true;
    const end = (): void => {
      world.isTelling = false;
    };
    world.clock.callAfter(HANDLER_TIMEOUT_MS, end);
    return this.#answer(name, event).finally(end);
  }

  #answer(name: ServerEventName, event: object): Promise<void> {
    switch (this.#cell.behaviour) {
      case "slow":
        return this.#world.later(SLOW_MS);
      case "throws":
        return this.#world.later(FAILING_MS).then(() => {
          throw new Error("the handler throws");
        });
      case "wrong answer":
        return this.#world.later(FAILING_MS).then(() => spoil(name, event));
      case "never answers":
        return new Promise(() => undefined);
    }
  }

  /** A server with a subscriber, and a client that has subscriptions of its own. */
  async #prepare(): Promise<void> {
    const { server } = this.#world;
    await server.start();
    for (const client of [this.#subscriber, this.#publisher]) client.connect(server);
    await turns(4);
    this.#subscriber.subscribe("t/#", 2);
    this.#publisher.subscribe("mine", 2);
    await turns(4);
    this.#publisher.subscribe("old", 1);
    await turns(4);
    if (this.#cell.event !== "queuedApplicationMessageOverwritten") return;
    await server.sessions.create("away");
    const message = { topic: "own", payload: "x", qos: 1 } as const;
    for (let count = 0; count < 20; count += 1)
      await server.sessions.tryEnqueueApplicationMessage("away", message);
  }

  /** Causes the event of the cell: its handler is at work then. */
  async #cause(): Promise<void> {
    const { server } = this.#world;
    const { event } = this.#cell;
    if (event === "started" || event === "loadingRetainedMessage") await server.stop();
    this.#isArmed = true;
    switch (event) {
      case "validatingConnection":
      case "preparingSession":
      case "clientConnected":
      case "clientDisconnected":
        this.#publisher.cut();
        await turns(2);
        break;
      case "sessionDeleted":
        this.#world.call("sessions.delete", () => server.sessions.delete("c"));
        break;
      case "queuedApplicationMessageOverwritten":
        this.#world.call("tryEnqueue", () =>
          server.sessions.tryEnqueueApplicationMessage("away", { topic: "own", qos: 1 }),
        );
        break;
      case "retainedMessagesCleared":
        this.#world.call("retainedMessages.clear", () => server.retainedMessages.clear());
        break;
      case "started":
      case "loadingRetainedMessage":
        this.#world.call("start", () => server.start());
        break;
      case "stopped":
        this.#world.call("stop", () => server.stop());
        break;
      default:
    }
    await turns(2);
    if (!this.#publisher.hasLink) this.#publisher.connect(server);
    this.#speak();
  }

  /** What causes all events that packets cause. */
  #speak(): void {
    const { server } = this.#world;
    const { qos } = this.#cell;
    const client = this.#publisher;
    client.subscribe("new", qos);
    client.publish("t/c", "1", qos);
    client.publish("t/c", "2", qos);
    client.publish("t/kept", "kept", qos, true);
    client.unsubscribe("old");
    client.publish("nobody", "unheard", qos);
    client.ping();
    const message = { topic: "mine", payload: "for c", qos: qos === 0 ? 1 : qos } as const;
    this.#world.call("inject", () => server.injectApplicationMessage(message));
  }

  async #disturb(): Promise<void> {
    const world = this.#world;
    const { server } = world;
    const client = this.#publisher;
    switch (this.#cell.disturbance) {
      case "link drops":
        client.cut();
        // It is back when the handler is done.
        return world.advance(HANDLER_TIMEOUT_MS);
      case "resumes and repeats":
        client.cut();
        await turns(1);
        return void client.connect(server);
      case "take-over":
        return void client.connect(server);
      case "take-over with clean start":
        return void client.connect(server, { cleanStart: true });
      case "session deleted":
        return world.call("sessions.delete", () => server.sessions.delete("c"));
      case "client sent away":
        return world.call("clients.disconnect", () => server.clients.disconnect("c"));
      case "stop": {
        // Before the slow handler has answered, or after.
        const deadlineMs = this.#cell.qos === 1 ? 800 : 5_000;
        return world.call("stop while a handler is at work", () => server.stop({ deadlineMs }));
      }
      case "kill and restart":
        this.#isKilled = true;
        this.#isToSubscribe = this.#isForgotten;
        world.kill();
        for (const each of [this.#publisher, this.#subscriber]) each.cut();
    }
  }

  /** All come back as often as they have to, until nothing is left to do; then one more message has to get through. */
  async #finish(): Promise<void> {
    let isLastSent = false;
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += STEP_MS) {
      await turns(3);
      this.#bringBack();
      await turns(3);
      if (this.#isQuiet) {
        if (isLastSent && this.#hasCome("last")) return;
        if (!isLastSent) {
          this.#publisher.publish("t/c", "last", this.#cell.qos);
          isLastSent = true;
          continue;
        }
      }
      await this.#world.advance(STEP_MS);
    }
    this.#world.faults.push(`never settles: ${this.#leftovers.join(", ")}`);
  }

  #bringBack(): void {
    const { server, calls } = this.#world;
    if (!server.isStarted) {
      if (calls.size === 0) this.#world.call("start again", () => server.start());
      return;
    }
    for (const client of [this.#subscriber, this.#publisher])
      if (!client.hasLink) client.connect(server);
    if (this.#isToSubscribe && this.#subscriber.isConnected) {
      this.#isToSubscribe = false;
      this.#subscriber.subscribe("t/#", 2);
    }
  }

  /** All sessions were lost with the process. */
  get #isForgotten(): boolean {
    return this.#isKilled && this.#cell.store === "memory";
  }

  get #isQuiet(): boolean {
    const isUp = this.#publisher.isConnected && this.#subscriber.isConnected;
    return isUp && !this.#isToSubscribe && this.#leftovers.length === 0;
  }

  get #leftovers(): string[] {
    const { unfinished, unanswered } = this.#publisher;
    const left = [...this.#world.calls, ...unanswered, ...this.#subscriber.unanswered];
    return unfinished === 0 ? left : [...left, `${unfinished} messages`];
  }

  #hasCome(text: string): boolean {
    return this.#subscriber.received.some((message) => message.text === text);
  }

  async #stop(): Promise<void> {
    const { server, faults } = this.#world;
    this.#world.call("the last stop", async () => {
      const { unfinished } = await server.stop();
      if (unfinished.length > 0) faults.push(`the last stop leaves ${JSON.stringify(unfinished)}`);
    });
    await turns(6);
    if (this.#world.calls.size > 0) await this.#world.advance(10_000);
    for (const call of this.#world.calls) faults.push(`${call} never settles`);
    this.#world.checkStopped();
  }

  #check(): void {
    const { faults } = this.#world;
    const { received } = this.#subscriber;
    if (!this.#isUsed) faults.push("the handler was never called");
    for (const [text, code] of this.#publisher.acknowledged) {
      if (code >= 0x80 || text === "unheard" || this.#isForgotten || this.#hasVetoed) continue;
      if (!this.#hasCome(text)) faults.push(`${text} was acknowledged with ${code}, and is lost`);
    }
    for (const text of [...ORDER, "kept"]) {
      const count = received.filter((one) => one.text === text && one.qos !== 1).length;
      if (count > 1) faults.push(`${text} came ${count} times`);
    }
    const places = received
      .filter(({ topic, text }) => topic === "t/c" && text !== this.#decidedAgainst)
      .map(({ text }) => ORDER.indexOf(text));
    const firsts = [...new Set(places)];
    if (firsts.some((place, index) => index > 0 && place < (firsts[index - 1] ?? 0)))
      faults.push(`the order is ${firsts.map((place) => ORDER[place]).join(" ")}`);
  }
}

/** What the message says that an event is about. */
function textOf(event: object): string | undefined {
  const message: unknown = "applicationMessage" in event ? event.applicationMessage : undefined;
  const packet: unknown = message ?? ("packet" in event ? event.packet : undefined);
  if (typeof packet !== "object" || packet === null || !("payload" in packet)) return undefined;
  return packet.payload instanceof Uint8Array ? text(packet.payload) : undefined;
}

/** About the client of the cell, or about none. */
function isAboutPublisher(event: object): boolean {
  const ids = ["clientId", "senderClientId", "receiverClientId"].flatMap((name): unknown[] =>
    name in event ? [Reflect.get(event, name)] : [],
  );
  return ids.length === 0 || ids.includes("c") || ids.includes("away");
}
