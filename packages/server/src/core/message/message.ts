import { topicEndOf } from "./publish-layout.ts";
import { readU32 } from "../numbers.ts";
import { frozen } from "../freezing.ts";
import { decodePacket, decodeUtf8, encodePacket, parseTopicName } from "@anax/protocol";
import type { PublishPacket, PublishProperties, QoS } from "@anax/protocol";
import type { ApplicationMessage } from "./application-message.ts";
import { SharedBytes } from "../shared-bytes.ts";
import { ShownMessage } from "./shown-message.ts";

/**
 * An Application Message as the server keeps it: one array of bytes of its own, never a view of a
 * read buffer, which a small kept payload would otherwise pin. The array is laid out as the body of an
 * MQTT 5.0 PUBLISH of QoS 0, so every receiver's packet is a copy of one or two parts of it:
 *
 * ```
 * topic length (2) | topic | property length | properties | payload
 * 0                        topicEnd                       payloadStart
 * ```
 */
export class Message {
  readonly topic: string;
  readonly topicEnd: number;
  readonly payloadStart: number;
  /** Bytes that the message takes, for limits of queues. */
  readonly size: number;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly clientId: string;
  /** When the message expires, ms since 1970; Infinity if never. */
  readonly expiresAtMs: number;
  /** Where in `bytes` the four bytes of the Message Expiry Interval are; 0 if there are none. */
  readonly expiryOffset: number;
  readonly bytes: Uint8Array;
  /** Where the journal has it; meant for the journal alone, which looks whether it still is so. */
  slot = -1;
  number = 0;
  #shared: SharedBytes | undefined;

  private constructor(fields: MessageFields & { topic: string }, expiry: Expiry) {
    const { bytes } = fields;
    this.topic = fields.topic;
    this.bytes = bytes;
    this.size = bytes.length;
    this.qos = fields.qos;
    this.retain = fields.retain;
    this.clientId = fields.clientId;
    this.topicEnd = topicEndOf(bytes, 0);
    const propertiesStart = skipVarint(bytes, this.topicEnd);
    this.payloadStart = propertiesStart + readVarint(bytes, this.topicEnd);
    this.expiryOffset = findExpiry(bytes, propertiesStart, this.payloadStart);
    if (expiry.atMs !== undefined) this.expiresAtMs = expiry.atMs;
    else if (this.expiryOffset === 0) this.expiresAtMs = Infinity;
    else this.expiresAtMs = expiry.receivedAtMs + 1_000 * readU32(bytes, this.expiryOffset);
  }

  /** Makes a message that has just come: its Message Expiry Interval counts from now. */
  static received(fields: MessageFields & { topic: string; receivedAtMs: number }): Message {
    return new Message(fields, { receivedAtMs: fields.receivedAtMs, atMs: undefined });
  }

  /** Makes a message again that was stored. */
  static restored(
    fields: MessageFields & { expiresAtMs: number; shared?: SharedBytes | undefined },
  ): Message {
    const topicEnd = topicEndOf(fields.bytes, 0);
    const topic = decodeUtf8(fields.bytes, 2, topicEnd);
    const message = new Message(
      { ...fields, topic },
      { receivedAtMs: 0, atMs: fields.expiresAtMs },
    );
    message.#shared = fields.shared;
    return message;
  }

  /** The same message as one of its own, with the same bytes. */
  clone(): Message {
    const { topic, bytes, qos, retain, clientId, expiresAtMs } = this;
    const expiry: Expiry = { receivedAtMs: 0, atMs: expiresAtMs };
    const clone = new Message({ topic, bytes, qos, retain, clientId }, expiry);
    clone.#shared = this.shared;
    return clone;
  }

  /** Its bytes, for outputs to share. */
  get shared(): SharedBytes {
    return (this.#shared ??= new SharedBytes(this.bytes));
  }

  get payloadBytes(): number {
    return this.size - this.payloadStart;
  }

  get payloadIsEmpty(): boolean {
    return this.payloadStart === this.size;
  }
}

/** When messages expire that came at `receivedAtMs` with these properties and their length; Infinity if never. */
export function expiryOf(propertyBytes: Uint8Array, receivedAtMs: number): number {
  const offset = findExpiry(propertyBytes, skipVarint(propertyBytes, 0), propertyBytes.length);
  return offset === 0 ? Infinity : receivedAtMs + 1_000 * readU32(propertyBytes, offset);
}

/** True if the time of a message is over: it is not sent to those to whom its delivery has not begun [MQTT-3.3.2-5]. */
export function hasExpired(expiresAtMs: number, nowMs: number): boolean {
  return expiresAtMs <= nowMs;
}

/** When a message expires: known, or to be counted from when it came. */
interface Expiry {
  readonly receivedAtMs: number;
  readonly atMs: number | undefined;
}

interface MessageFields {
  readonly bytes: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly clientId: string;
}

/** Properties that travel with a message; Topic Alias and Subscription Identifier belong to one delivery. */
function travelling(properties: PublishProperties | undefined): PublishProperties | undefined {
  if (properties === undefined) return undefined;
  const { topicAlias: _alias, subscriptionIdentifiers: _identifiers, ...rest } = properties;
  return rest;
}

/** Makes a message of a PUBLISH whose Topic Alias, if any, has been resolved. */
export function messageFromPacket(
  packet: PublishPacket,
  clientId: string,
  receivedAtMs: number,
): Message {
  const properties = travelling(packet.properties);
  const encoded = encodePacket(
    {
      type: "publish",
      topic: packet.topic,
      payload: packet.payload,
      qos: 0,
      retain: false,
      duplicate: false,
      ...(properties === undefined ? {} : { properties }),
    },
    5,
  );
  return Message.received({
    topic: packet.topic,
    bytes: encoded.slice(skipVarint(encoded, 1)),
    qos: packet.qos,
    retain: packet.retain,
    clientId,
    receivedAtMs,
  });
}

/**
 * Makes a message of what a program wants published.
 * @throws TypeError if the topic is not a valid Topic Name; RangeError if a value cannot be encoded.
 */
export function messageFromApplication(
  message: ApplicationMessage,
  clientId: string,
  receivedAtMs: number,
): Message {
  const { topic: _topic, payload, qos, retain, ...published } = message;
  const topic = parseTopicName(message.topic);
  return messageFromPacket(
    { type: "publish", topic, payload, qos, retain, duplicate: false, properties: published },
    clientId,
    receivedAtMs,
  );
}

/** What programs are shown of a message. The payload is a view that must not be written to. */
export function applicationMessageOf(message: Message): ApplicationMessage {
  const packet = decodePacket(0x30, message.bytes, 0, message.size, 5);
  if (packet.type !== "publish") throw new Error(`a message decodes as ${packet.type}`);
  const { topic, payload, properties } = packet;
  return new ShownMessage(topic, payload, message.qos, message.retain, properties);
}

/** The same for handlers, who cannot write into it: it is replaced, and then checked. */
export function shownMessageOf(message: Message): ApplicationMessage {
  return frozen(applicationMessageOf(message));
}

/**
 * Seconds that a message has left, rounded up so that a receiver is never told 0 for a live one. They are never more than
 * it came with [MQTT-3.3.2-6], though its time was rounded up when it was stored, or the clock has been set back since.
 */
export function secondsLeft({ bytes, expiryOffset, expiresAtMs }: Message, nowMs: number): number {
  const given = expiryOffset === 0 ? Infinity : readU32(bytes, expiryOffset);
  return Math.min(given, Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1_000)));
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function skipVarint(bytes: Uint8Array, at: number): number {
  let position = at;
  while (byteAt(bytes, position) >= 0x80) position += 1;
  return position + 1;
}

function readVarint(bytes: Uint8Array, at: number): number {
  let value = 0;
  let factor = 1;
  let position = at;
  while (byteAt(bytes, position) >= 0x80) {
    value += (byteAt(bytes, position) & 0x7f) * factor;
    factor *= 128;
    position += 1;
  }
  return value + byteAt(bytes, position) * factor;
}

const MESSAGE_EXPIRY_INTERVAL = 0x02;

/** Bytes of each property's value that PUBLISH may carry: a number, or that a length of two bytes says it, once or twice. */
const VALUE_BYTES: Readonly<Record<number, number | "text" | "pair">> = {
  0x01: 1,
  0x02: 4,
  0x03: "text",
  0x08: "text",
  0x09: "text",
  0x26: "pair",
};

/** Walks properties that the codec has checked, to find the one whose value changes while a message waits. */
function findExpiry(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end) {
    const identifier = byteAt(bytes, position);
    position += 1;
    if (identifier === MESSAGE_EXPIRY_INTERVAL) return position;
    const width = VALUE_BYTES[identifier];
    if (width === undefined) throw new Error(`property ${identifier} in a stored message`);
    if (typeof width === "number") position += width;
    else position = skipText(bytes, width === "pair" ? skipText(bytes, position) : position);
  }
  return 0;
}

function skipText(bytes: Uint8Array, at: number): number {
  return topicEndOf(bytes, at);
}
