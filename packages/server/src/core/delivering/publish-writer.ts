import { firstByteOf, packetSize, writeFixedHeader } from "../message/publish-layout.ts";
import { writeU16, writeU32 } from "../numbers.ts";
import { encodeVarintInto, varintSize } from "@anax/protocol";
import type { ProtocolVersion } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import type { Delivery } from "../owed/delivery.ts";
import { TOPIC_ALIAS_BYTES } from "../connection/outgoing-aliases.ts";
import { secondsLeft } from "../message/message.ts";
import type { Message } from "../message/message.ts";
import type { Outbox } from "../connection/outbox.ts";
import { copyInto } from "../copying.ts";
import { SHARED_BYTES_MIN } from "../shared-bytes.ts";

const SUBSCRIPTION_IDENTIFIER = 0x0b;
const TOPIC_ALIAS = 0x23;

/** One PUBLISH about to be written: the sizes of its parts, worked out once. */
interface Layout {
  readonly topicNeeded: boolean;
  /** Bytes that this delivery adds to the message's own properties. */
  readonly addedProperties: number;
  readonly remainingLength: number;
  readonly alias: number;
}

/**
 * Writes the PUBLISH of a delivery to a connection's outbox (or backlog). It makes no packet object: the
 * message's bytes are copied, and what differs per receiver is written around them. A large payload is not copied, but shared.
 *
 * False: the packet is larger than the client takes, and nothing was written [MQTT-3.1.2-24].
 */
export function writePublish(
  connection: Connection,
  outbox: Outbox,
  delivery: Delivery,
  exchange: { packetIdentifier: number; duplicate: boolean; nowMs: number },
): boolean {
  const layout = fittingLayout(connection, delivery, outbox);
  if (layout === undefined) return false;
  const { topicNeeded } = layout;
  const { message } = delivery;
  const payloadBytes = message.size - message.payloadStart;
  const isShared = payloadBytes >= SHARED_BYTES_MIN;
  const start = outbox.reserve(sizeOf(layout) - (isShared ? payloadBytes : 0));
  const { bytes } = outbox;
  const firstByte = firstByteOf(delivery.qos, delivery.retain, exchange.duplicate);
  let position = writeFixedHeader(bytes, start, firstByte, layout.remainingLength);
  position = writeTopic(bytes, position, delivery.message, topicNeeded);
  if (delivery.qos > 0) position = writeU16(bytes, position, exchange.packetIdentifier);
  if (connection.version === 5)
    position = writeProperties(bytes, position, delivery, { layout, nowMs: exchange.nowMs });
  if (isShared) outbox.appendShared(message.shared, message.payloadStart);
  else copyInto(bytes, position, message.bytes, message.payloadStart, message.size);
  return true;
}

/** The packet as it fits the client, without Topic Alias where that is one too many; undefined if it does not. */
function fittingLayout(
  connection: Connection,
  delivery: Delivery,
  outbox: Outbox,
): Layout | undefined {
  const { version, outgoingAliases: aliases, maximumPacketSize } = connection;
  // What may be dropped tells no alias, and what waits relies on none, which may have another topic then.
  const outgoingAliases = aliases === undefined || outbox.isDroppable ? undefined : aliases;
  const { topic, topicEnd } = delivery.message;
  const alias = outgoingAliases?.choose(topic, topicEnd - 2) ?? 0;
  const topicNeeded = alias === 0 || outgoingAliases?.topicNeeded !== false;
  const layout = measure(version, delivery, alias, topicNeeded);
  if (sizeOf(layout) <= maximumPacketSize) return layout;
  if (alias === 0) return undefined;
  if (topicNeeded) outgoingAliases?.unsent(alias);
  const plain = measure(version, delivery, 0, true);
  return sizeOf(plain) <= maximumPacketSize ? plain : undefined;
}

/** Bytes of the PUBLISH of a delivery, without what the server may add. */
export function packetSizeOf(connection: Connection, delivery: Delivery): number {
  return sizeOf(measure(connection.version, delivery, 0, true));
}

function sizeOf({ remainingLength }: Layout): number {
  return packetSize(remainingLength);
}

function measure(
  version: ProtocolVersion,
  delivery: Delivery,
  alias: number,
  topicNeeded: boolean,
): Layout {
  const { message } = delivery;
  const topicBytes = topicNeeded ? message.topicEnd : 2;
  const identifierBytes = delivery.qos > 0 ? 2 : 0;
  const payloadBytes = message.size - message.payloadStart;
  if (version !== 5) {
    const remainingLength = topicBytes + identifierBytes + payloadBytes;
    return { topicNeeded, addedProperties: 0, remainingLength, alias: 0 };
  }
  const addedProperties =
    (alias === 0 ? 0 : TOPIC_ALIAS_BYTES) + identifiersSize(delivery.subscriptionIdentifiers);
  const properties = addedProperties + ownPropertyBytes(message);
  const remainingLength =
    topicBytes + identifierBytes + varintSize(properties) + properties + payloadBytes;
  return { topicNeeded, addedProperties, remainingLength, alias };
}

/** Bytes of the message's own properties, without the length before them. */
function ownPropertyBytes(message: Message): number {
  const withLength = message.payloadStart - message.topicEnd;
  let lengthBytes = 1;
  while (((message.bytes[message.topicEnd + lengthBytes - 1] ?? 0) & 0x80) !== 0) lengthBytes += 1;
  return withLength - lengthBytes;
}

function identifiersSize(identifiers: readonly number[] | undefined): number {
  let size = 0;
  for (const identifier of identifiers ?? []) size += 1 + varintSize(identifier);
  return size;
}

function writeTopic(bytes: Uint8Array, at: number, message: Message, topicNeeded: boolean): number {
  if (!topicNeeded) return writeU16(bytes, at, 0);
  bytes.set(message.bytes.subarray(0, message.topicEnd), at);
  return at + message.topicEnd;
}

/** Properties for MQTT 5.0: what the delivery adds goes before the message's own. Gives the position behind them. */
function writeProperties(
  bytes: Uint8Array,
  at: number,
  delivery: Delivery,
  { layout, nowMs }: { layout: Layout; nowMs: number },
): number {
  const { message } = delivery;
  const own = ownPropertyBytes(message);
  let position = encodeVarintInto(own + layout.addedProperties, bytes, at);
  if (layout.alias !== 0) {
    bytes[position] = TOPIC_ALIAS;
    position = writeU16(bytes, position + 1, layout.alias);
  }
  for (const identifier of delivery.subscriptionIdentifiers ?? []) {
    bytes[position] = SUBSCRIPTION_IDENTIFIER;
    position = encodeVarintInto(identifier, bytes, position + 1);
  }
  const ownStart = message.payloadStart - own;
  const end = copyInto(bytes, position, message.bytes, ownStart, message.payloadStart);
  if (message.expiryOffset !== 0) {
    writeU32(bytes, position + message.expiryOffset - ownStart, secondsLeft(message, nowMs));
  }
  return end;
}
