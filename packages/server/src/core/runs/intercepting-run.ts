import { copyBytes, decodePacket } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { ApplicationMessage } from "../publishing/application-message.ts";
import type { Connection } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
import type { SessionItems } from "../hooks/client-context.ts";
import { HookEvent } from "../hooks/hook-event.ts";
import type { EventSource } from "../hooks/hook-event.ts";
import type { InterceptingPublish, PublishResponse } from "../hooks/publish-events.ts";
import type { Pending } from "../pending.ts";
import { frozen } from "../freezing.ts";
import { keptCopy } from "./kept-bytes.ts";
import type { KnownProperties } from "./known-properties.ts";
import { RUN_PACKETS_MAX } from "./publish-run.ts";
import type { PublishRun } from "./publish-run.ts";
import { makeInspectable } from "../inspecting.ts";
import { ShownMessage } from "../publishing/shown-message.ts";

/** A message of a run that cannot stay in it: its handler changed it, refused it, or answers later. */
export interface OddMessage {
  readonly index: number;
  readonly event: ShownPublish;
  /** Undefined if the handler is done. */
  readonly pending: Pending | undefined;
}

/**
 * Hot path: shows each message of a run to the handlers of `interceptingPublish`, until one of them does more than look.
 * Undefined if the run stays as it is. A message that is let pass costs one small object; what a handler does not ask
 * for is not made.
 */
export function interceptRun(
  core: CoreContext,
  connection: Connection,
  run: PublishRun,
): OddMessage | undefined {
  const { interceptingPublish } = core.hooks;
  if (interceptingPublish === undefined) return undefined;
  const shown = new ShownRun(connection, run);
  const odd = showMessages(interceptingPublish, shown, run);
  shown.end(run, odd === undefined ? run.count : odd.index + 1);
  // What follows an odd message is shown again by a run that is no longer than it takes to meet the next one.
  connection.runPacketsMax =
    odd === undefined
      ? Math.min(RUN_PACKETS_MAX, connection.runPacketsMax * 2)
      : Math.max(1, odd.index);
  return odd;
}

function showMessages(
  interceptingPublish: NonNullable<CoreContext["hooks"]["interceptingPublish"]>,
  shown: ShownRun,
  run: PublishRun,
): OddMessage | undefined {
  for (let index = 0; index < run.count; index += 1) {
    const event = new ShownPublish(shown, run, index);
    const pending = interceptingPublish(event, shown.connection);
    if (pending !== undefined || !event.isPlain) return { index, event, pending };
  }
  return undefined;
}

/** What the messages of a run have in common. */
class ShownRun {
  readonly connection: Connection;
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly sessionItems: SessionItems;
  readonly #qos: QoS;
  readonly #known: KnownProperties;
  #properties: object | undefined;
  #topic: string | undefined;
  #bytes: Uint8Array;
  /** Where `#bytes` begins in the bytes of the run. */
  #from = 0;
  /** Messages that were asked for. */
  #made = 0;

  constructor(connection: Connection, run: PublishRun) {
    this.connection = connection;
    this.clientId = connection.clientId;
    this.userName = connection.userName;
    this.sessionItems = connection.sessionItems;
    this.#qos = run.qos;
    this.#known = run.properties;
    this.#bytes = run.bytes;
  }

  /** Topic of the message; made once where all have the same. */
  topic(run: PublishRun, index: number): string {
    if (!run.isOneTopic) return run.topic(index);
    this.#topic ??= run.topic(index);
    return this.#topic;
  }

  /** The run is over, and its memory is used for others. What handlers may ask for later of the messages shown is kept. */
  end(run: PublishRun, shown: number): void {
    if (this.#made === shown) return;
    this.#from = run.payloadStart(0);
    this.#bytes = keptCopy(run.bytes, this.#from, run.endOf(shown - 1));
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
    this.#start = run.payloadStart(index);
    this.#end = run.endOf(index);
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
