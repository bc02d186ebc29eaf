import { readU16 } from "../numbers.ts";
import type { Connection } from "../connection/connection.ts";
import { countPackets } from "../connection/counting.ts";
import type { DeliveringContext } from "./delivering-context.ts";
import type { Session } from "../sessions/session.ts";
import { receivePuback, receivePubcomp, receivePubrec, receivePubrel } from "./acknowledging.ts";

/** Bytes of an acknowledgement that says nothing but yes; all versions have it. */
const PACKET_BYTES = 4;
const REMAINING_LENGTH = 2;

const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBREL = 0x62;
const PUBCOMP = 0x70;

/**
 * Hot path: takes the PUBACK, PUBREC, PUBREL or PUBCOMP of four bytes that the framer is at, and those that follow it in
 * its bytes, without an object of each: a receiver answers a run with a run of them. False if there is none.
 */
export function takeAcknowledgements(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
): boolean {
  // Asked first: whoever takes packets one by one must not look at all that follow for each of them.
  if (!core.shortCuts.acknowledgementRuns) return false;
  const { framer } = connection;
  const { bytes, start } = framer;
  const end = endOf(bytes, start, framer.limit);
  if (end === start) return false;
  framer.skipTo(end);
  // The first has been counted already.
  countPackets(core, connection, (end - start) / PACKET_BYTES - 1);
  // A handler that hears of an acknowledgement may end the connection.
  for (let at = start; at < end && connection.isOpen; at += PACKET_BYTES)
    take(core, connection, session, bytes[at] ?? 0, readU16(bytes, at + 2));
  return true;
}

/** Takes one such packet, of which is said where it lies. False if it is none. */
export function takeAcknowledgement(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  {
    bytes,
    start,
    end,
  }: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
): boolean {
  const isOne = end - start === PACKET_BYTES && isAcknowledgement(bytes, start);
  if (!isOne || !core.shortCuts.acknowledgementRuns) return false;
  take(core, connection, session, bytes[start] ?? 0, readU16(bytes, start + 2));
  return true;
}

/** Where the acknowledgements end that begin at `start`. */
function endOf(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at + PACKET_BYTES <= limit && isAcknowledgement(bytes, at)) at += PACKET_BYTES;
  return at;
}

function isAcknowledgement(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at];
  return (
    (type === PUBACK || type === PUBREC || type === PUBREL || type === PUBCOMP) &&
    bytes[at + 1] === REMAINING_LENGTH &&
    readU16(bytes, at + 2) !== 0
  );
}

function take(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  firstByte: number,
  packetIdentifier: number,
): void {
  if (firstByte === PUBACK) receivePuback(core, connection, session, packetIdentifier, undefined);
  else if (firstByte === PUBREC)
    receivePubrec(core, connection, session, packetIdentifier, undefined);
  else if (firstByte === PUBREL) receivePubrel(core, connection, session, packetIdentifier);
  else receivePubcomp(core, connection, session, packetIdentifier, undefined);
}
