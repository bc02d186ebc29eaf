import { ByteReader, ByteWriter, copyBytes } from "@anax/protocol";
import type { RestoredSubscription } from "../hooks/connection-events.ts";
import type { Session } from "../sessions/session.ts";
import type { TableChanges } from "./table-changes.ts";
import type { StoredAddress } from "./fields.ts";
import type { Journal } from "./journal.ts";
import { readQueuePart, writeQueuePart } from "./queue-part.ts";
import { readSubscription, writeSubscription } from "./stored-session.ts";

/*
 * What is large in a session has rows of its own, since format 5: a checkpoint then writes only what has changed, and
 * not 100 000 filters because one message was queued, nor a million messages because one more was.
 */

/** Keys of parts: the session's number, and above it which part. Numbers have 32 bits, and `CLOCK_KEY` is the next. */
const PART = 0x2_0000_0000;
const SUBSCRIPTIONS = 1;
const FIRST_QUEUE_PART = 2;
/** Numbers of queue parts are used again after so many: no queue has that many at a time. */
const QUEUE_PARTS_MAX = 0x8_0000;

/** What is small enough to stand in the session's row. */
export interface RowLimits {
  readonly subscriptions: number;
  readonly queued: number;
  /** Places in the queue that one part has. */
  readonly queuedInPart: number;
}

const ROW_LIMITS: RowLimits = { subscriptions: 64, queued: 1_024, queuedInPart: 4_096 };

/** Where in the order of all that was ever queued for a session its queue begins, and where it ends. */
export interface QueueRange {
  readonly first: number;
  readonly end: number;
}

/** A queue that is in parts, as the session's row says. */
export interface QueueApart extends QueueRange {
  readonly queuedInPart: number;
}

/** Which session and part a key of the table means; part 0 is the session's row itself. */
export function sessionAndPart(key: number): { readonly number: number; readonly part: number } {
  const part = Math.floor(key / PART);
  return { number: key - part * PART, part };
}

function queuePartOf(place: number, { queuedInPart }: { readonly queuedInPart: number }): number {
  return FIRST_QUEUE_PART + (Math.floor(place / queuedInPart) % QUEUE_PARTS_MAX);
}

/** What the store has of one session beside its row. */
class Written {
  parts: ReadonlySet<number> = new Set();
  areSubscriptionsCurrent = false;
  /** Up to here the queue is in parts; -1 if the parts are of an earlier start, whose order is not ours. */
  queuedUpTo = -1;
}

/** Keeps account of the parts that the store has, of the few sessions that have any. */
export class SessionParts {
  readonly #limits: RowLimits;
  readonly #written: Map<number, Written> = new Map();

  constructor(limits: RowLimits = ROW_LIMITS) {
    this.#limits = limits;
  }

  /** True if the subscriptions are in a row of their own. */
  areSubscriptionsApart({ subscriptions }: Session): boolean {
    return subscriptions.size > this.#limits.subscriptions;
  }

  /** How the queue is in rows of its own; undefined if it is not. */
  queueApart({ queue }: Session): QueueApart | undefined {
    if (queue.length <= this.#limits.queued) return undefined;
    const { first, end } = queue;
    return { first, end, queuedInPart: this.#limits.queuedInPart };
  }

  /** The store has these from before this start: they are replaced when the session is written next. */
  restore(number: number, parts: Iterable<number>): void {
    const written = new Written();
    written.parts = new Set(parts);
    this.#written.set(number, written);
  }

  /** All parts are to be written anew, whatever the store has. */
  forgetWritten(): void {
    for (const written of this.#written.values()) {
      written.areSubscriptionsCurrent = false;
      written.queuedUpTo = -1;
    }
  }

  /** Of this session other subscriptions are to be written than the store has. */
  subscriptionsChanged(number: number): void {
    const written = this.#written.get(number);
    if (written !== undefined) written.areSubscriptionsCurrent = false;
  }

  /** Writes what has changed of a session's parts; gives their bytes. Its row is to be in the same commit. */
  write(session: Session, journal: Journal, changes: TableChanges): number {
    const { number } = session;
    const known = this.#written.get(number);
    const queue = this.queueApart(session);
    const isLarge = queue !== undefined || this.areSubscriptionsApart(session);
    if (!isLarge && known === undefined) return 0;
    const written = known ?? new Written();
    const parts = new Map<number, Uint8Array | undefined>();
    if (this.areSubscriptionsApart(session))
      parts.set(SUBSCRIPTIONS, changedSubscriptions(session, written));
    else written.areSubscriptionsCurrent = false;
    if (queue === undefined) written.queuedUpTo = -1;
    else
      for (const [part, row] of changedQueueParts(session, journal, written, queue))
        parts.set(part, row);
    const bytes = replaceParts(number, written.parts, parts, changes);
    written.parts = new Set(parts.keys());
    if (parts.size === 0) this.#written.delete(number);
    else this.#written.set(number, written);
    return bytes;
  }

  /** The session's row goes: so do its parts. */
  delete(number: number, changes: TableChanges): void {
    const { parts = [] } = this.#written.get(number) ?? {};
    for (const part of parts) changes.sessions.set(number + part * PART, undefined);
    this.#written.delete(number);
  }
}

/** Brings the rows of parts from what the store has to what is needed; undefined stays as it is. Gives bytes written. */
function replaceParts(
  number: number,
  stored: ReadonlySet<number>,
  needed: ReadonlyMap<number, Uint8Array | undefined>,
  { sessions }: TableChanges,
): number {
  let bytes = 0;
  for (const part of stored) if (!needed.has(part)) sessions.set(number + part * PART, undefined);
  for (const [part, row] of needed) {
    if (row === undefined) continue;
    sessions.set(number + part * PART, row);
    bytes += row.length;
  }
  return bytes;
}

/** The part of the subscriptions; undefined if the store has it as it is. */
function changedSubscriptions(session: Session, written: Written): Uint8Array | undefined {
  if (written.areSubscriptionsCurrent) return undefined;
  written.areSubscriptionsCurrent = true;
  const writer = new ByteWriter(1_024);
  for (const subscription of session.subscriptions.values())
    writeSubscription(writer, subscription);
  return copyBytes(writer.bytes, 0, writer.length);
}

/** All parts of a queue; undefined are those that the store has as they are. */
function* changedQueueParts(
  session: Session,
  journal: Journal,
  written: Written,
  queue: QueueApart,
): Generator<[number, Uint8Array | undefined], void, undefined> {
  const { first, end, queuedInPart } = queue;
  const { queuedUpTo } = written;
  written.queuedUpTo = end;
  const writer = new ByteWriter(1_024);
  for (let at = first - (first % queuedInPart); at < end; at += queuedInPart) {
    const part = queuePartOf(at, queue);
    const partEnd = at + queuedInPart;
    // What has left the queue since stays in its part: the row says where the queue begins.
    if (queuedUpTo >= Math.min(partEnd, end)) {
      yield [part, undefined];
      continue;
    }
    writer.length = 0;
    writeQueuePart(writer, session, journal, { first: Math.max(at, first), end: partEnd });
    yield [part, copyBytes(writer.bytes, 0, writer.length)];
  }
}

/** Reads the subscriptions of their part. Throws if the store does not have it. */
export function readSubscriptionsPart(
  parts: ReadonlyMap<number, Uint8Array>,
): RestoredSubscription[] {
  const row = partOf(parts, SUBSCRIPTIONS);
  const reader = new ByteReader(row, 0, row.length);
  const subscriptions: RestoredSubscription[] = [];
  while (reader.remaining > 0) subscriptions.push(readSubscription(reader));
  return subscriptions;
}

/** Reads a queue of its parts, by message number, oldest first. Throws if the store does not have one of them. */
export function readQueueParts(
  parts: ReadonlyMap<number, Uint8Array>,
  apart: QueueApart,
): Map<number, StoredAddress> {
  const queue = new Map<number, StoredAddress>();
  const { first, end, queuedInPart } = apart;
  for (let at = first - (first % queuedInPart); at < end; at += queuedInPart) {
    const row = partOf(parts, queuePartOf(at, apart));
    readQueuePart(new ByteReader(row, 0, row.length), apart, queue);
  }
  return queue;
}

function partOf(parts: ReadonlyMap<number, Uint8Array>, part: number): Uint8Array {
  const row = parts.get(part);
  if (row === undefined) throw new Error(`its part ${part} is missing`);
  return row;
}
