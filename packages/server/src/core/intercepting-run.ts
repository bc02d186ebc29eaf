import { decodePacket } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { ApplicationMessage } from "./application-message.ts";
import type { Connection } from "./connection.ts";
import type { CoreContext } from "./core-context.ts";
import type { SessionItems } from "./hooks/client-context.ts";
import type { InterceptingPublish, PublishResponse } from "./hooks/publish-events.ts";
import type { Pending } from "./pending.ts";
import { RUN_PACKETS_MAX } from "./publish-run.ts";
import type { PublishRun } from "./publish-run.ts";

/** A message of a run that cannot stay in it: its handler changed it, refused it, or answers later. */
export interface OddMessage {
  readonly index: number;
  readonly event: ShownPublish;
  /** Undefined if the handler is done. */
  readonly pending: Pending | undefined;
}

/**
 * Hot path: shows each message of a run to the handlers of `interceptingPublish`, until one of them does more than look.
 * Undefined if the run stays as it is. A message that is only looked at costs one small object; what a handler does not
 * ask for is not made.
 */
export function interceptRun(
  core: CoreContext,
  connection: Connection,
  run: PublishRun,
): OddMessage | undefined {
  const { interceptingPublish } = core.hooks;
  if (interceptingPublish === undefined) return undefined;
  // A handler may keep what it was shown; the memory that was read into is used again.
  run.takeBytes();
  const shared = new RunShown(connection, run);
  for (let index = 0; index < run.count; index += 1) {
    const event = new ShownPublish(shared, run.payloadStart(index), run.payloadEnd(index));
    const pending = interceptingPublish(event);
    if (pending === undefined && event.isPlain) continue;
    // What follows is shown again by a run that is no longer than it takes to meet the next such message.
    connection.runPacketsMax = Math.max(1, index);
    return { index, event, pending };
  }
  connection.runPacketsMax = Math.min(RUN_PACKETS_MAX, connection.runPacketsMax * 2);
  return undefined;
}

/** What the messages of a run have in common. It outlives the run, for handlers that keep an event. */
class RunShown {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly sessionItems: SessionItems;
  readonly bytes: Uint8Array;
  readonly qos: QoS;
  readonly topic: string;
  readonly #propertiesAt: number;
  readonly #propertyBytes: number;
  #properties: object | undefined;

  constructor(connection: Connection, run: PublishRun) {
    this.clientId = connection.clientId;
    this.userName = connection.userName;
    this.sessionItems = connection.sessionItems;
    this.bytes = run.bytes;
    this.qos = run.qos;
    this.topic = run.route?.topic ?? "";
    this.#propertyBytes = run.propertyBytes;
    this.#propertiesAt = run.payloadStart(0) - run.propertyBytes;
  }

  /** Properties of the messages, which are the same for all; undefined if there are none. */
  get properties(): object | undefined {
    if (this.#propertyBytes <= 1) return undefined;
    this.#properties ??= this.#decodeProperties();
    return this.#properties;
  }

  #decodeProperties(): object {
    // A PUBLISH of its own, of a topic of one letter and no payload.
    const body = new Uint8Array(3 + this.#propertyBytes);
    body.set([0, 1, 0x61]);
    const at = this.#propertiesAt;
    body.set(this.bytes.subarray(at, at + this.#propertyBytes), 3);
    const packet = decodePacket(0x30, body, 0, body.length, 5);
    return packet.type === "publish" ? (packet.properties ?? {}) : {};
  }
}

/** `interceptingPublish` for one message of a run. The message is made when it is asked for. */
export class ShownPublish implements InterceptingPublish {
  readonly clientId: string;
  declare readonly userName?: string;
  readonly sessionItems: SessionItems;
  processPublish = true;
  closeConnection = false;
  readonly #shared: RunShown;
  readonly #payloadStart: number;
  readonly #payloadEnd: number;
  #message: ApplicationMessage | undefined;
  #response: PublishResponse | undefined;
  #isReplaced = false;

  constructor(shared: RunShown, payloadStart: number, payloadEnd: number) {
    this.clientId = shared.clientId;
    if (shared.userName !== undefined) this.userName = shared.userName;
    this.sessionItems = shared.sessionItems;
    this.#shared = shared;
    this.#payloadStart = payloadStart;
    this.#payloadEnd = payloadEnd;
  }

  get applicationMessage(): ApplicationMessage | undefined {
    if (this.#message === undefined && !this.#isReplaced) this.#message = this.#makeMessage();
    return this.#message;
  }

  set applicationMessage(message: ApplicationMessage | undefined) {
    // A handler whose time is over writes to no avail, as with the other fields.
    if (Object.isFrozen(this)) throw new TypeError("the handler's time is over");
    if (message === this.#message && message !== undefined) return;
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

  /** True if the message goes on as it came. */
  get isPlain(): boolean {
    if (!this.processPublish || this.closeConnection || this.#isReplaced) return false;
    const response = this.#response;
    return (
      response === undefined ||
      (response.reasonCode === undefined &&
        response.reasonString === undefined &&
        response.userProperties === undefined)
    );
  }

  #makeMessage(): ApplicationMessage {
    const { bytes, topic, qos, properties } = this.#shared;
    const length = this.#payloadEnd - this.#payloadStart;
    const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + this.#payloadStart, length);
    const message = { topic, payload, qos, retain: false };
    return properties === undefined ? message : { ...message, ...properties };
  }
}
