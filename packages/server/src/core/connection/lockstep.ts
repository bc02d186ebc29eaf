import { decodeVarint } from "@anax/protocol";
import type { Connection } from "./connection.ts";
import type { ConnectionContext } from "./connection-context.ts";
import type { Deadline } from "../deadlines.ts";
import type { Outbox } from "./outbox.ts";

/*
 * A client that is subscribed to what it publishes gets its message and the acknowledgement in one segment. If it has Nagle's
 * algorithm on and writes each packet by itself, it answers the message, and its next PUBLISH waits until the system of this
 * side has acknowledged those bytes. There is nothing to answer a PUBACK or PUBCOMP with, so that takes 40 ms, each time.
 *
 * Such a client is noticed by that time. From then on it is sent nothing behind a packet that it has to answer until it has: what
 * follows then carries the acknowledgement, and its next packet leaves at once. Everybody else gets all at once, as before.
 */

/** What comes so long after the packet before it, in milliseconds, was held up by an acknowledgement of TCP that was delayed. */
const DELAYED_MS_MIN = 30;
const DELAYED_MS_MAX = 100;
/** What a delayed publish counts, one that is not counting one less, and how much is believed. */
const DELAY_COUNTS = 2;
const BELIEVED = 4;
/** How long, in milliseconds, output waits at most for a client that does not answer. */
const KEPT_MS_MAX = 20;
/** With more output than this, in bytes, it is no client that does one thing after the other. */
const KEPT_BYTES_MAX = 4_096;

const PUBLISH = 0x30;
const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBREL = 0x60;
const QOS_BITS = 0x06;

/** A client that may have Nagle's algorithm on. */
export class Lockstep {
  /** How much speaks for it. */
  delays = 0;
  /** It was sent what it has to answer, and has sent nothing since. */
  hasToAnswer = false;
  deadline: Deadline | undefined;
}

/** Hot path: how many bytes of the connection's outbox may be written now; for nearly everybody all. */
export function writableBytes(core: ConnectionContext, connection: Connection): number {
  const { outbox } = connection.output;
  if (connection.lockstep === undefined && connection.quietMs < DELAYED_MS_MIN)
    return outbox.length;
  return outbox.length === 0 || !isPaced(connection) ? outbox.length : pace(core, connection);
}

/** The client has sent something. */
export function noteAnswer(core: ConnectionContext, connection: Connection): void {
  const { lockstep } = connection;
  const { outbox } = connection.output;
  if (lockstep === undefined) return;
  lockstep.hasToAnswer = false;
  core.deadlines.cancel(lockstep.deadline);
  lockstep.deadline = undefined;
  if (outbox.length > 0) core.touch(connection);
}

/** All may be written from now on. */
export function stopPacing(core: ConnectionContext, connection: Connection): void {
  core.deadlines.cancel(connection.lockstep?.deadline);
  connection.lockstep = undefined;
  connection.quietMs = 0;
}

/** Whether enough speaks for it. Each message that a client is sent back with its acknowledgement says something. */
function isPaced(connection: Connection): boolean {
  const { quietMs, lockstep } = connection;
  const { outbox } = connection.output;
  connection.quietMs = 0;
  if (lockstep !== undefined && lockstep.delays >= BELIEVED) return true;
  const wasDelayed = quietMs >= DELAYED_MS_MIN && quietMs <= DELAYED_MS_MAX;
  if ((lockstep === undefined && !wasDelayed) || !isEcho(outbox)) return false;
  const found = (connection.lockstep ??= new Lockstep());
  found.delays = Math.max(0, found.delays + (wasDelayed ? DELAY_COUNTS : -1));
  return found.delays >= BELIEVED;
}

/** Up to the first packet that the client has to answer. */
function pace(core: ConnectionContext, connection: Connection): number {
  const { lockstep } = connection;
  const { outbox } = connection.output;
  if (lockstep === undefined) return outbox.length;
  if (outbox.length > KEPT_BYTES_MAX || outbox.isInPieces) {
    stopPacing(core, connection);
    return outbox.length;
  }
  let length = 0;
  while (length < outbox.length && !lockstep.hasToAnswer) {
    lockstep.hasToAnswer = isToBeAnswered(outbox.bytes[length] ?? 0);
    length = packetEnd(outbox, length);
  }
  if (length < outbox.length) {
    lockstep.deadline ??= core.deadlines.add(core.now + KEPT_MS_MAX, () => {
      // It has changed, or was only slow: one more delay will tell.
      lockstep.delays = DELAY_COUNTS;
      noteAnswer(core, connection);
    });
  }
  return length;
}

/** True for a message of QoS 1 or 2 with an acknowledgement behind it, and nothing else. */
function isEcho(outbox: Outbox): boolean {
  if (outbox.isInPieces) return false;
  const [first = 0] = outbox.bytes;
  const end = packetEnd(outbox, 0);
  if ((first & 0xf0) !== PUBLISH || (first & QOS_BITS) === 0 || end >= outbox.length) return false;
  const type = (outbox.bytes[end] ?? 0) & 0xf0;
  return (type === PUBACK || type === PUBREC) && packetEnd(outbox, end) === outbox.length;
}

function isToBeAnswered(firstByte: number): boolean {
  const type = firstByte & 0xf0;
  if (type === PUBLISH) return (firstByte & QOS_BITS) !== 0;
  return type === PUBREC || type === PUBREL;
}

/** Where the packet ends that begins at `start`. Whole packets are in an outbox only. */
function packetEnd({ bytes, length }: Outbox, start: number): number {
  const answer = decodeVarint(bytes, start + 1, length);
  return answer === 0 ? length : start + 1 + (answer & 7) + (answer >>> 3);
}
