import { readU16 } from "../numbers.ts";
import { copyBytes } from "@anax/protocol";
import type { ConnectionContext } from "./connection-context.ts";
import type { Connection } from "./connection.ts";
import { unreadPacketAt } from "./unread-packets.ts";
import type { PacketPlace } from "./unread-packets.ts";

/*
 * A packet that waits for a handler, or for room, holds back what its client has sent after it. Acknowledgements and PINGREQ pass it:
 * they change nothing that it depends on, and the handler itself may wait for one. PUBREL passes no PUBLISH of QoS 2 that is behind
 * the one that waits, and not the one that it belongs to: those would be taken twice. All others keep their order.
 */

/** Bytes that may wait behind a packet before its client is read no further: about what is read at once. */
export const BEHIND_BYTES_MAX = 65_536;

const PUBLISH = 3;
const PUBACK = 4;
const PUBREC = 5;
const PUBREL = 6;
const PUBCOMP = 7;
const PINGREQ = 12;
const DISCONNECT = 14;

/** How far the packets have been looked at that wait behind another one. */
export interface Behind {
  /** Their bytes. */
  bytes: number;
  /** True if a PUBLISH of QoS 2 is among them. */
  hasExchange: boolean;
}

/** True if what its client acknowledges is taken, though a packet may wait. */
export function takesAcknowledgements(connection: Connection): boolean {
  if (!connection.intake.isWaiting) return true;
  return connection.intake.behind !== undefined && connection.framer.pending <= BEHIND_BYTES_MAX;
}

/** The packet that is at work may be passed from now on. */
export function letPass(core: ConnectionContext, connection: Connection): void {
  connection.intake.behind ??= { bytes: 0, hasExchange: false };
  lookBehind(core, connection);
}

/** A packet begins to wait: what has come behind it is looked at in this turn, or the next. */
export function lookBehind({ turn }: ConnectionContext, connection: Connection): void {
  const { intake, isOpen, framer } = connection;
  if (!intake.isReading && isOpen && framer.pending > 0) turn.defer(connection);
}

/**
 * Takes those packets out that pass the one that waits, in their order, and gives each to `take`; ends when one of them waits itself, and when `take` gives false.
 */
export function passPackets(connection: Connection, take: (place: PacketPlace) => boolean): void {
  const { framer } = connection;
  framer.release();
  for (let behind = mayPass(connection); behind !== undefined; behind = mayPass(connection)) {
    const place = unreadPacketAt(connection, framer.position + behind.bytes);
    // Nothing comes after a DISCONNECT.
    if (place === undefined || place.firstByte >> 4 === DISCONNECT) return;
    if (!passes(connection, behind, place)) {
      behind.bytes += place.end - place.start;
      behind.hasExchange ||= isExchange(place);
    } else if (!take(takeOut(connection, place))) return;
  }
}

/** Nothing passes a packet that only waits for the next turn, nor one that passes another. */
function mayPass(connection: Connection): Behind | undefined {
  const { isLate, isCut, packetsAtWork, behind } = connection.intake;
  return connection.isOpen && !isLate && !isCut && packetsAtWork === 1 ? behind : undefined;
}

function isExchange({ firstByte }: PacketPlace): boolean {
  return firstByte >> 4 === PUBLISH && (firstByte & 0b110) === 0b100;
}

function passes(
  { session }: Connection,
  { hasExchange }: Behind,
  { bytes, firstByte, bodyStart }: PacketPlace,
): boolean {
  const type = firstByte >> 4;
  if (type !== PUBREL)
    return type === PUBACK || type === PUBREC || type === PUBCOMP || type === PINGREQ;
  const identifier = readU16(bytes, bodyStart);
  if (hasExchange || session === undefined) return false;
  return session.held?.packetIdentifier !== identifier && session.receiver.has(identifier);
}

/** Takes a packet out of what is unread: what is before it moves up to what is behind it. */
function takeOut({ framer }: Connection, place: PacketPlace): PacketPlace {
  const { bytes, start, end } = place;
  const { position } = framer;
  const size = end - start;
  const taken = copyBytes(bytes, start, end);
  bytes.copyWithin(position + size, position, start);
  framer.skipTo(position + size);
  return { ...place, bytes: taken, start: 0, bodyStart: place.bodyStart - start, end: size };
}
