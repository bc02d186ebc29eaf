import { encodeVarintInto, varintSize } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import { TOPIC_ALIAS_BYTES } from "../connection/outgoing-aliases.ts";
import type { Outbox } from "../connection/outbox.ts";
import { PublishPacket } from "../connection/publish-packet.ts";
import type { PublishParts } from "../connection/publish-packet.ts";
import { firstByteOf } from "../message/publish-layout.ts";
import { secondsLeft } from "../message/message.ts";
import type { Message } from "../message/message.ts";
import { writeU16, writeU32 } from "../numbers.ts";
import type { Delivery } from "../owed/delivery.ts";
import { SHARED_BYTES_MIN } from "../shared-bytes.ts";
import type { SharedBytes } from "../shared-bytes.ts";

const SUBSCRIPTION_IDENTIFIER = 0x0b;
const TOPIC_ALIAS = 0x23;

/**
 * Writes the PUBLISH of a delivery to a connection's outbox (or backlog). It makes no packet object: the
 * message's bytes are copied, and what differs per receiver is written around them.
 *
 * False: the packet is larger than the client takes, and nothing was written [MQTT-3.1.2-24].
 */
export function writePublish(
  connection: Connection,
  outbox: Outbox,
  delivery: Delivery,
  exchange: { packetIdentifier: number; duplicate: boolean; nowMs: number },
): boolean {
  const { message } = delivery;
  const parts = partsOf(message);
  const packet = packetOf(connection, delivery, exchange.duplicate);
  if (!fit(connection, packet, { parts, delivery, outbox })) return false;
  packet.packetIdentifier = exchange.packetIdentifier;
  const propertiesEnd = packet.write(outbox, parts, sharedIfLarge(message));
  if (packet.isVersion5 && message.expiryOffset !== 0) {
    const expiryAt = propertiesEnd - (parts.propertiesEnd - message.expiryOffset);
    writeU32(outbox.bytes, expiryAt, secondsLeft(message, exchange.nowMs));
  }
  return true;
}

/** Bytes of the PUBLISH of a delivery, without a Topic Alias. */
export function packetSizeOf(connection: Connection, delivery: Delivery): number {
  return packetOf(connection, delivery, false).sizeOf(partsOf(delivery.message));
}

function packetOf(connection: Connection, delivery: Delivery, duplicate: boolean): PublishPacket {
  const packet = new PublishPacket(connection.version === 5);
  packet.firstByte = firstByteOf(delivery.qos, delivery.retain, duplicate);
  const { subscriptionIdentifiers } = delivery;
  if (packet.isVersion5 && subscriptionIdentifiers !== undefined)
    packet.added = added(0, subscriptionIdentifiers);
  return packet;
}

/** Its bytes to share, if copies for each receiver would take much. */
function sharedIfLarge(message: Message): SharedBytes | undefined {
  return message.payloadBytes < SHARED_BYTES_MIN ? undefined : message.shared;
}

function partsOf({ bytes, topicEnd, payloadStart, size }: Message): PublishParts {
  return { bytes, start: 0, topicEnd, propertiesEnd: payloadStart, payloadStart, end: size };
}

/**
 * Gives the packet a Topic Alias if that pays and it fits the client. False if it does not fit, whether with one or without.
 * What may be dropped tells no alias, and what waits relies on none, which may have another topic then.
 */
function fit(
  { outgoingAliases, maximumPacketSize }: Connection,
  packet: PublishPacket,
  about: { parts: PublishParts; delivery: Delivery; outbox: Outbox },
): boolean {
  const { parts, delivery, outbox } = about;
  const isFitting = (): boolean => packet.sizeOf(parts) <= maximumPacketSize;
  if (outgoingAliases === undefined || outbox.isDroppable) return isFitting();
  const alias = outgoingAliases.choose(delivery.message.topic, parts.topicEnd - 2);
  if (alias === 0) return isFitting();
  const without = packet.added;
  packet.added = added(alias, delivery.subscriptionIdentifiers ?? []);
  packet.hasTopic = outgoingAliases.topicNeeded;
  if (isFitting()) return true;
  if (packet.hasTopic) outgoingAliases.unsent(alias);
  packet.added = without;
  packet.hasTopic = true;
  return isFitting();
}

/** The properties Topic Alias, if it is not 0, and Subscription Identifier, each. */
function added(alias: number, identifiers: readonly number[]): Uint8Array {
  let size = alias === 0 ? 0 : TOPIC_ALIAS_BYTES;
  for (const identifier of identifiers) size += 1 + varintSize(identifier);
  const bytes = new Uint8Array(size);
  let at = 0;
  if (alias !== 0) {
    bytes[at] = TOPIC_ALIAS;
    at = writeU16(bytes, at + 1, alias);
  }
  for (const identifier of identifiers) {
    bytes[at] = SUBSCRIPTION_IDENTIFIER;
    at = encodeVarintInto(identifier, bytes, at + 1);
  }
  return bytes;
}
