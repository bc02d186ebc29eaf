import { copyBytes, decodePacket } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { ApplicationMessage } from "../publishing/application-message.ts";
import type { Connection } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
import type { SessionItems } from "../hooks/client-context.ts";
import type { InterceptingPublish, PublishResponse } from "../hooks/publish-events.ts";
import type { Pending } from "../pending.ts";
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
  const odd = showMessages(interceptingPublish, shown, run.count);
  shown.end(odd?.event);
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
  count: number,
): OddMessage | undefined {
  for (let index = 0; index < count; index += 1) {
    const event = new ShownPublish(shown, index);
    const pending = interceptingPublish(event);
    if (pending !== undefined || !event.isPlain) return { index, event, pending };
  }
  return undefined;
}

/** What the messages of a run have in common. */
class ShownRun {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly sessionItems: SessionItems;
  readonly #qos: QoS;
  /** Undefined when the run is over, whose memory is then used for others. */
  #run: PublishRun | undefined;
  #properties: object | undefined;
  #topic: string | undefined;

  constructor(connection: Connection, run: PublishRun) {
    this.clientId = connection.clientId;
    this.userName = connection.userName;
    this.sessionItems = connection.sessionItems;
    this.#qos = run.qos;
    this.#run = run;
  }

  /** Topic of the message; made once where all have the same. */
  topic(index: number): string {
    const run = this.#run;
    if (run === undefined) throw new TypeError("topic is to be read before the handler returns");
    if (!run.isOneTopic) return run.topic(index);
    this.#topic ??= run.topic(index);
    return this.#topic;
  }

  /** The run is over; only the message that is taken out of it may still be asked for. */
  end(odd: ShownPublish | undefined): void {
    void odd?.applicationMessage;
    this.#run = undefined;
  }

  /** True when messages can no longer be made. */
  get isOver(): boolean {
    return this.#run === undefined;
  }

  message(index: number): ApplicationMessage {
    const run = this.#run;
    if (run === undefined) {
      throw new TypeError("applicationMessage is to be read before the handler returns");
    }
    const payload = copyBytes(run.bytes, run.payloadStart(index), run.endOf(index));
    const topic = this.topic(index);
    // One byte of properties is their length, which is 0.
    if (run.properties.sent.length <= 1) return new ShownMessage(topic, payload, this.#qos, false);
    this.#properties ??= propertiesOf(run);
    return new ShownMessage(topic, payload, this.#qos, false, this.#properties);
  }
}

/** Properties of the messages of a run, which are the same for all. */
function propertiesOf(run: PublishRun): object {
  // The codec wants a whole PUBLISH: one of a topic of one letter and no payload.
  const { sent } = run.properties;
  const body = new Uint8Array(3 + sent.length);
  body.set([0, 1, 0x61]);
  body.set(sent, 3);
  const packet = decodePacket(0x30, body, 0, body.length, 5);
  return packet.type === "publish" ? (packet.properties ?? {}) : {};
}

/** `interceptingPublish` for one message of a run. */
export class ShownPublish implements InterceptingPublish {
  processPublish = true;
  closeConnection = false;
  readonly #shown: ShownRun;
  readonly #index: number;
  readonly #topic: string;
  #message: ApplicationMessage | undefined;
  #isReplaced = false;
  #response: PublishResponse | undefined;

  constructor(shown: ShownRun, index: number) {
    this.#shown = shown;
    this.#index = index;
    this.#topic = shown.topic(index);
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
      this.#message = this.#shown.message(this.#index);
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

  /** For `JSON.stringify`. The message is there while it can be read, and where it was. */
  toJSON(): object {
    const { clientId, userName, topic, processPublish, closeConnection } = this;
    const applicationMessage = this.#shown.isOver ? this.#message : this.applicationMessage;
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
