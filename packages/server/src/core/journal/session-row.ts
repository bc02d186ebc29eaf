import type { ByteReader, ByteWriter, ExchangeState, Receiver } from "@anax/protocol";
import type { RestoredSubscription } from "../hooks/connection-events.ts";
import type { Session } from "../sessions/session.ts";
import { addressOf } from "./owing.ts";
import type { Owed } from "../owed/delivery.ts";
import { readAddress, readNumber, TWO_32, writeAddress, writeNumber } from "./fields.ts";
import type { StoredAddress } from "./fields.ts";
import type { Journal } from "./journal.ts";
import type { QueueApart } from "./session-parts.ts";
import {
  readSession,
  readSubscription,
  writeSession,
  writeSubscription,
} from "./stored-session.ts";
import type { StoredSession } from "./stored-session.ts";

const STATES: readonly ExchangeState[] = ["awaitingPuback", "awaitingPubrec", "awaitingPubcomp"];

/** Added to the number of identifiers that await PUBREL where each has a digest, as since format 3. There are never so many. */
const WITH_CONTENTS = 0x8000_0000;

/** In place of the number of subscriptions, and before the queue: they are in parts of their own, as may be since format 5. */
const APART = 0xffff_ffff;

/** A message that a stored session is owed. */
export interface StoredDelivery {
  readonly messageNumber: number;
  readonly address: StoredAddress;
}

/** An exchange towards the client that was open. */
export interface StoredExchange {
  readonly packetIdentifier: number;
  readonly state: ExchangeState;
  /** Undefined after PUBREC. */
  readonly delivery: StoredDelivery | undefined;
}

/** Everything that the store has of a session, as it was after the batch `asOf`. */
export interface SessionRow {
  readonly asOf: number;
  readonly stored: StoredSession;
  /** Undefined if they are in a part of their own. */
  readonly subscriptions: RestoredSubscription[] | undefined;
  /** QoS 2 identifiers that await PUBREL, with the digests of their messages; 0 where it is not known. */
  readonly seen: ReadonlyMap<number, number>;
  readonly exchanges: StoredExchange[];
  /** By message number, oldest first; the range of places if they are in parts of their own. */
  readonly queue: Map<number, StoredAddress> | QueueApart;
}

export function writeSessionRow(writer: ByteWriter, session: Session, journal: Journal): void {
  writeNumber(writer, journal.lastPosition);
  writeSession(writer, session);
  writeSubscriptions(writer, session, journal);
  writeSeen(writer, session.receiver);
  writer.u32(session.sender.inFlight);
  for (const { identifier, state, item } of session.sender.resume()) {
    writer.u16(identifier);
    writer.u8(STATES.indexOf(state));
    if (item === undefined || !writeOwed(writer, session, item, journal)) writeNumber(writer, 0);
  }
  writeQueue(writer, session, journal);
}

function writeSubscriptions(writer: ByteWriter, session: Session, { parts }: Journal): void {
  if (parts.areSubscriptionsApart(session)) return writer.u32(APART);
  writer.u32(session.subscriptions.size);
  for (const subscription of session.subscriptions.values())
    writeSubscription(writer, subscription);
}

function readSubscriptions(reader: ByteReader): RestoredSubscription[] | undefined {
  const count = reader.u32();
  return count === APART ? undefined : readMany(reader, count, readSubscription);
}

function writeQueue(writer: ByteWriter, session: Session, journal: Journal): void {
  const apart = journal.parts.queueApart(session);
  if (apart === undefined) {
    for (const owed of session.queue) writeOwed(writer, session, owed, journal);
    return;
  }
  writer.u32(APART);
  writeNumber(writer, apart.first);
  writeNumber(writer, apart.end);
  writer.u32(apart.queuedInPart);
}

function readQueue(reader: ByteReader): SessionRow["queue"] {
  const queue = new Map<number, StoredAddress>();
  while (reader.remaining > 0) {
    const high = reader.u32();
    // No message number begins like that.
    if (high === APART)
      return { first: readNumber(reader), end: readNumber(reader), queuedInPart: reader.u32() };
    queue.set(high * TWO_32 + reader.u32(), readAddress(reader));
  }
  return queue;
}

function writeSeen(writer: ByteWriter, receiver: Receiver): void {
  writer.u32(receiver.size + WITH_CONTENTS);
  for (const identifier of receiver.identifiers()) {
    writer.u16(identifier);
    writer.u32(receiver.contentOf(identifier));
  }
}

function readSeen(reader: ByteReader): Map<number, number> {
  const count = reader.u32();
  const hasContents = count >= WITH_CONTENTS;
  const seen = new Map<number, number>();
  for (let left = hasContents ? count - WITH_CONTENTS : count; left > 0; left -= 1)
    seen.set(reader.u16(), hasContents ? reader.u32() : 0);
  return seen;
}

/** False if the journal does not have the message, as those of QoS 0 that wait. */
function writeOwed(writer: ByteWriter, session: Session, owed: Owed, journal: Journal): boolean {
  const slot = journal.slotOf(owed);
  if (slot < 0) return false;
  writeNumber(writer, journal.messages.number(slot));
  writeAddress(writer, addressOf(session, owed));
  return true;
}

export function readSessionRow(reader: ByteReader): SessionRow {
  const asOf = readNumber(reader);
  const stored = readSession(reader);
  const subscriptions = readSubscriptions(reader);
  const seen = readSeen(reader);
  const exchanges = readMany(reader, reader.u32(), readExchange);
  const queue = readQueue(reader);
  return { asOf, stored, subscriptions, seen, exchanges, queue };
}

function readExchange(reader: ByteReader): StoredExchange {
  const packetIdentifier = reader.u16();
  const state = STATES[reader.u8()] ?? "awaitingPuback";
  const messageNumber = readNumber(reader);
  const delivery =
    messageNumber === 0 ? undefined : { messageNumber, address: readAddress(reader) };
  return { packetIdentifier, state, delivery };
}

function readMany<T>(reader: ByteReader, count: number, read: (reader: ByteReader) => T): T[] {
  const many: T[] = [];
  for (let left = count; left > 0; left -= 1) many.push(read(reader));
  return many;
}
