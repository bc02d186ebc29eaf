import { copyBytes, decodePacket } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { ApplicationMessage } from "../message/application-message.ts";
import type { Connection } from "../connection/connection.ts";
import type { SessionItems } from "../hooks/client-context.ts";
import { HookEvent } from "../hooks/hook-event.ts";
import type { EventSource } from "../hooks/hook-event.ts";
import type { Hooks } from "../hooks/hooks.ts";
import type { InterceptingPublish, PublishResponse } from "../hooks/publish-events.ts";
import type { HookResult } from "../pending.ts";
import { frozen } from "../freezing.ts";
import { keptCopy } from "./kept-bytes.ts";
import type { KnownProperties } from "../message/known-properties.ts";
import type { PublishRun } from "../message/publish-run.ts";
import { makeInspectable } from "../inspecting.ts";
import { ShownMessage } from "../message/shown-message.ts";

/**
 * Hot path: the messages of a run as the handlers of `interceptingPublish` are shown them, one after the other, until one of them
 * does more than look. A message that is let pass costs one small object; what a handler does not ask for is not made.
 */
export class ShownRun {
  readonly connection: Connection;
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly sessionItems: SessionItems;
  /** How many messages stay in the run: handlers have let them pass. */
  passed = 0;
  /** The message behind these, which handlers were shown last; undefined once all have passed. */
  event: ShownPublish | undefined;
  /** True while the handlers of that message have not answered. */
  isAsking = false;
  /** True: no further message is shown. */
  isCut = false;
  /** By how much positions in the run are less than they were when its first message was shown. */
  moved = 0;
  readonly run: PublishRun;
  readonly #qos: QoS;
  readonly #known: KnownProperties;
  #properties: object | undefined;
  #topic: string | undefined;
  #bytes: Uint8Array;
  /** Where `#bytes` begins in the bytes of the run. */
  #from = 0;
  #isKept = false;
  /** Messages that were asked for. */
  #made = 0;

  constructor(connection: Connection, run: PublishRun) {
    this.connection = connection;
    this.clientId = connection.clientId;
    this.userName = connection.userName;
    this.sessionItems = connection.sessionItems;
    this.run = run;
    this.#qos = run.qos;
    this.#known = run.properties;
    this.#bytes = run.bytes;
  }

  /**
   * The handlers of the last message have answered: the next one. Undefined if there is none, or if that one cannot stay in the
   * run. Changes nothing but this.
   */
  readonly next = (): ShownPublish | undefined => {
    if (this.event !== undefined) {
      this.isAsking = false;
      if (!this.event.isPlain) return undefined;
      this.passed += 1;
      this.event = undefined;
    }
    if (this.isCut || this.passed === this.run.count) return undefined;
    this.isAsking = true;
    this.event = new ShownPublish(this, this.run, this.passed);
    return this.event;
  };

  /** Shows messages to handlers as long as these answer at once and do no more than look. */
  show({ interceptingPublish }: Hooks): HookResult {
    for (let event = this.next(); event !== undefined; event = this.next()) {
      const pending = interceptingPublish?.(event, this.connection);
      if (pending !== undefined) return pending;
    }
    return undefined;
  }

  /** Messages that need not be read again. */
  get taken(): number {
    return this.event === undefined ? this.passed : this.passed + 1;
  }

  /** The message that handlers were shown last was never received. */
  leaveOut(): void {
    this.event = undefined;
    this.isAsking = false;
    // An answer that comes all the same finds the run over.
    this.isCut = true;
  }

  /** Topic of the message; made once where all have the same. */
  topic(run: PublishRun, index: number): string {
    if (!run.isOneTopic) return run.topic(index);
    this.#topic ??= run.topic(index);
    return this.#topic;
  }

  /** The run goes on for a while after its memory is used for others: it has a copy of its own from now on. */
  keep(): void {
    const { run } = this;
    this.#from = run.packetsStart;
    this.moved = this.#from;
    this.#bytes = keptCopy(run.bytes, this.#from, run.endOf(run.count - 1));
    this.#isKept = true;
    run.moveTo(this.#bytes, this.moved);
  }

  /** The run is over, and its memory is used for others. What handlers may ask for later of the messages shown is kept. */
  end(): void {
    const { run, taken } = this;
    if (this.#isKept || this.#made === taken) return;
    this.#from = run.payloadStart(0);
    this.#bytes = keptCopy(run.bytes, this.#from, run.endOf(taken - 1));
  }

  message(topic: string, start: number, end: number): ApplicationMessage {
    this.#made += 1;
    const payload = copyBytes(this.#bytes, start - this.#from, end - this.#from);
    // One byte of properties is their length, which is 0.
    if (this.#known.sent.length > 1) this.#properties ??= frozen(propertiesOf(this.#known));
    return Object.freeze(new ShownMessage(topic, payload, this.#qos, false, this.#properties));
  }
}

/** Properties of the messages of a run, which are the same for all. */
function propertiesOf({ sent }: KnownProperties): object {
  // The codec wants a whole PUBLISH: one of a topic of one letter and no payload.
  const body = new Uint8Array(3 + sent.length);
  body.set([0, 1, 0x61]);
  body.set(sent, 3);
  const packet = decodePacket(0x30, body, 0, body.length, 5);
  return packet.type === "publish" ? (packet.properties ?? {}) : {};
}

/** `interceptingPublish` for one message of a run. */
export class ShownPublish extends HookEvent implements InterceptingPublish {
  processPublish = true;
  closeConnection = false;
  readonly #shown: ShownRun;
  readonly #start: number;
  readonly #end: number;
  readonly #topic: string;
  #message: ApplicationMessage | undefined;
  #isReplaced = false;
  #response: PublishResponse | undefined;

  constructor(shown: ShownRun, run: PublishRun, index: number) {
    super();
    this.#shown = shown;
    this.#start = run.payloadStart(index) + shown.moved;
    this.#end = run.endOf(index) + shown.moved;
    this.#topic = shown.topic(run, index);
  }

  /** The connection that an event belongs to, if it is one of these. */
  static sourceOf(event: object): EventSource | undefined {
    return #shown in event ? event.#shown.connection : undefined;
  }

  get clientId(): string {
    return this.#shown.clientId;
  }

  get userName(): string | undefined {
    return this.#shown.userName;
  }

  get sessionItems(): SessionItems {
    return this.#shown.sessionItems;
  }

  get topic(): string {
    return this.#topic;
  }

  /** Made, with a copy of the payload, when it is asked for. */
  get applicationMessage(): ApplicationMessage | undefined {
    if (this.#message === undefined && !this.#isReplaced) {
      this.#message = this.#shown.message(this.#topic, this.#start, this.#end);
    }
    return this.#message;
  }

  set applicationMessage(message: ApplicationMessage | undefined) {
    // A handler whose time is over writes to no avail, as with the other fields.
    if (Object.isFrozen(this)) throw new TypeError("the handler's time is over");
    if (message !== undefined && message === this.#message) return;
    this.#message = message;
    this.#isReplaced = true;
  }

  get response(): PublishResponse {
    this.#response ??= {};
    return this.#response;
  }

  /** True if a handler put another message in its place, or none. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    const { clientId, userName, topic, processPublish, closeConnection, applicationMessage } = this;
    const response = this.#response ?? {};
    const who = { clientId, userName, topic, applicationMessage };
    return { ...who, processPublish, closeConnection, response };
  }

  /** True if the message goes on as it came. */
  get isPlain(): boolean {
    if (!this.processPublish || this.closeConnection || this.#isReplaced) return false;
    return this.#response === undefined || isEmpty(this.#response);
  }
}

function isEmpty({ reasonCode, reasonString, userProperties }: PublishResponse): boolean {
  return reasonCode === undefined && reasonString === undefined && userProperties === undefined;
}

makeInspectable(ShownPublish.prototype, "InterceptingPublish");
