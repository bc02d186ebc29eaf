import { ByteReader, copyBytes } from "@anax/protocol";
import type { ExchangeState } from "@anax/protocol";
import type { RestoredSubscription } from "../hooks/connection-events.ts";
import { Batch } from "../journal/batch.ts";
import { CHECKPOINT_KEY } from "./checkpoint.ts";
import { CLOCK_KEY, decodeReading } from "../journal/server-time.ts";
import type { ClockReading } from "../journal/server-time.ts";
import { readAddress, readNumber } from "../journal/fields.ts";
import type { StoredAddress } from "../journal/fields.ts";
import { checkedEnd, payloadBytesIn, topicIn } from "../journal/message-record.ts";
import { RECORD } from "../journal/records.ts";
import { readQueueParts, readSubscriptionsPart, sessionAndPart } from "../journal/session-parts.ts";
import { readSessionRow } from "../journal/session-row.ts";
import type { SessionRow, StoredDelivery } from "../journal/session-row.ts";
import { skipMessage } from "../journal/stored-message.ts";
import { readIdentifiers, readRun } from "../journal/stored-run.ts";
import { readSession, readSubscription } from "../journal/stored-session.ts";
import type { StoredSession } from "../journal/stored-session.ts";
import type { StoredMessages } from "../journal/stored-messages.ts";
import { NumberIndex } from "../journal/number-index.ts";
import { RetainedMessages } from "../retained/retained-messages.ts";

/** A session as recovery puts it together, before it is a `Session` again. */
export interface RecoveredSession {
  readonly number: number;
  /** Records of batches up to this one are contained already. */
  readonly asOf: number;
  stored: StoredSession;
  subscriptions: Map<string, RestoredSubscription>;
  /** QoS 2 identifiers that await PUBREL, with the digests of their messages; 0 where it is not known. */
  readonly seen: Map<number, number>;
  /** By Packet Identifier, in the order of their sending. */
  readonly exchanges: Map<number, { state: ExchangeState; delivery: StoredDelivery | undefined }>;
  /** By message number, oldest first. */
  queue: Map<number, StoredAddress>;
}

/** How what a store holds is read. */
interface StoredStateOptions {
  /** True: batches cannot be read again, and messages in them are wanted. */
  readonly keepsContent?: boolean;
  /** As `RetainedMessages` wants it. */
  readonly seed?: number;
  /** Puts each large session together, and knows what to do if that throws. */
  readonly attempt?: Attempt;
}

/**
 * Reads what a store holds: rows first, then the batches in order, whose records are applied to what the rows say. It makes
 * nothing of the server yet, so a store that cannot be understood changes nothing.
 */
export class StoredState {
  readonly sessions: Map<number, RecoveredSession> = new Map();
  /** Rows of the parts of large sessions, by session and part. */
  readonly parts: Map<number, Map<number, Uint8Array>> = new Map();
  readonly retained: RetainedMessages;
  readonly messages: StoredMessages;
  /** Slots of messages by their numbers. */
  readonly slots: NumberIndex = new NumberIndex();
  /** What batches have changed since its row was written: rows for these are still to be written. */
  readonly changedSessions: Set<number> = new Set();
  readonly changedTopics: Set<string> = new Set();
  /** Numbers that were never given. */
  nextSession = 1;
  nextMessage = 1;
  /** Last position that was ever committed. */
  position = 0;
  /** What the clocks said at a moment of the server's own time; undefined in stores of before format 3. */
  clock: ClockReading | undefined;
  #rowBytes = 0;
  #cutoff = 0;
  /** Of what is in parts, what the rows say. */
  readonly #incomplete: Map<
    number,
    { readonly areSubscriptionsApart: boolean; readonly queue: SessionRow["queue"] }
  > = new Map();
  /** Number of the last message that was read of a batch. */
  #lastNumber = 0;
  readonly #keepsContent: boolean;
  readonly #attempt: Attempt;

  constructor(
    messages: StoredMessages,
    { keepsContent = false, seed = 0, attempt = atOnce }: StoredStateOptions = {},
  ) {
    this.messages = messages;
    this.retained = new RetainedMessages(seed);
    this.#keepsContent = keepsContent;
    this.#attempt = attempt;
  }

  /** Bytes that a store has to hold for it: rows, and what is owed of batches, as far as that was claimed. */
  get bytes(): number {
    let bytes = this.#rowBytes;
    for (const { liveBytes } of this.messages.batches.values()) bytes += liveBytes;
    return bytes;
  }

  session(key: number, row: Uint8Array): void {
    this.#rowBytes += row.length;
    if (key === CLOCK_KEY) {
      this.clock = decodeReading(row);
      return;
    }
    const { number, part } = sessionAndPart(key);
    if (part !== 0) return this.#part(number, part, row);
    const reader = new ByteReader(row, 0, row.length);
    if (key === CHECKPOINT_KEY) return this.#checkpoint(reader);
    const { asOf, stored, subscriptions, seen, exchanges, queue } = readSessionRow(reader);
    this.position = Math.max(this.position, asOf);
    this.nextSession = Math.max(this.nextSession, key + 1);
    this.sessions.set(key, {
      number: key,
      asOf,
      stored,
      subscriptions: byFilter(subscriptions ?? []),
      seen: new Map(seen),
      exchanges: new Map(exchanges.map((exchange) => [exchange.packetIdentifier, { ...exchange }])),
      queue: queue instanceof Map ? queue : new Map(),
    });
    if (subscriptions === undefined || !(queue instanceof Map))
      this.#incomplete.set(key, { areSubscriptionsApart: subscriptions === undefined, queue });
  }

  #part(number: number, part: number, row: Uint8Array): void {
    const parts = this.parts.get(number) ?? new Map<number, Uint8Array>();
    this.parts.set(number, parts.set(part, copyBytes(row, 0, row.length)));
  }

  /**
   * All rows are there: puts large sessions together. What batches say is about whole ones, so this comes before them,
   * and must be called where there are none.
   */
  complete(): void {
    for (const [number, { areSubscriptionsApart, queue }] of this.#incomplete) {
      const session = this.sessions.get(number);
      const parts = this.parts.get(number) ?? new Map<number, Uint8Array>();
      if (session === undefined) continue;
      this.#attempt(`session ${number}`, () => {
        if (areSubscriptionsApart) session.subscriptions = byFilter(readSubscriptionsPart(parts));
        if (!(queue instanceof Map)) session.queue = readQueueParts(parts, queue);
      });
    }
    this.#incomplete.clear();
  }

  retainedRow(topic: string, row: Uint8Array): void {
    const end = checkedEnd(row, 0);
    const own = topicIn(row, 0);
    if (own !== topic) throw new Error(`it is one of ${own}`);
    this.#rowBytes += row.length;
    this.retained.setRecord(row, 0, end);
  }

  /** Applies a batch. Of those before the last checkpoint only the messages matter. */
  batch(position: number, bytes: Uint8Array): void {
    this.complete();
    this.position = Math.max(this.position, position);
    const batch = new Batch(position);
    batch.bytes = bytes.length;
    if (this.#keepsContent) batch.content = copyBytes(bytes, 0, bytes.length);
    this.messages.batches.set(position, batch);
    const reader = new ByteReader(bytes, 0, bytes.length);
    this.#lastNumber = 0;
    while (reader.remaining > 0) this.#apply(reader, batch);
  }

  #checkpoint(reader: ByteReader): void {
    this.#cutoff = readNumber(reader);
    this.position = Math.max(this.position, this.#cutoff);
    this.nextSession = Math.max(this.nextSession, readNumber(reader));
    this.nextMessage = Math.max(this.nextMessage, readNumber(reader));
  }

  #apply(reader: ByteReader, batch: Batch): void {
    const record = reader.u8();
    switch (record) {
      case RECORD.message:
        return this.#message(readNumber(reader), reader, batch);
      case RECORD.nextMessage:
        return this.#message(this.#lastNumber + 1, reader, batch);
      case RECORD.run:
        return this.#run(reader, batch);
      case RECORD.retained:
        return this.#retain(readNumber(reader), reader.bytes, batch);
      case RECORD.cleared:
        return this.#clear(reader.string(), batch);
      default:
        return this.#applyToSession(record, reader, batch);
    }
  }

  #message(number: number, reader: ByteReader, batch: Batch): void {
    this.nextMessage = Math.max(this.nextMessage, number + 1);
    this.#lastNumber = number;
    const offset = reader.position;
    const size = skipMessage(reader);
    const payloadBytes = payloadBytesIn(reader.bytes, offset);
    this.slots.set(number, this.messages.add(number, offset, size, payloadBytes, batch));
  }

  #run(reader: ByteReader, batch: Batch): void {
    const first = readNumber(reader);
    const count = reader.u16();
    this.nextMessage = Math.max(this.nextMessage, first + count);
    this.#lastNumber = first + count - 1;
    readRun(reader, count, (index, record, size, payloadBytes) => {
      const number = first + index;
      this.slots.set(number, this.messages.add(number, record, size, payloadBytes, batch));
    });
  }

  /** The message is in the same batch: whatever is to be retained has just been published. */
  #retain(number: number, bytes: Uint8Array, batch: Batch): void {
    const slot = this.slots.get(number);
    if (slot === undefined || batch.position <= this.#cutoff) return;
    if (!this.messages.isIn(slot, batch)) throw new Error(`message ${number} is in another batch`);
    const record = this.messages.offset(slot);
    const end = checkedEnd(bytes, record);
    this.changedTopics.add(topicIn(bytes, record));
    this.retained.setRecord(bytes, record, end);
  }

  #clear(topic: string, batch: Batch): void {
    if (batch.position <= this.#cutoff) return;
    this.changedTopics.add(topic);
    this.retained.delete(topic);
  }

  #applyToSession(record: number, reader: ByteReader, batch: Batch): void {
    const number = reader.u32();
    this.nextSession = Math.max(this.nextSession, number + 1);
    const known = this.sessions.get(number);
    const isContained =
      batch.position <= this.#cutoff || (known !== undefined && batch.position <= known.asOf);
    if (!isContained) this.changedSessions.add(number);
    if (record === RECORD.session) {
      const stored = readSession(reader);
      if (!isContained) this.#put(number, stored, known);
      return;
    }
    if (record === RECORD.deleted) {
      if (!isContained) this.sessions.delete(number);
      return;
    }
    // What is read must be read also where it does not count.
    const session = isContained || known === undefined ? emptySession(number) : known;
    if (record === RECORD.addressedNear)
      return applyAddressed(reader, session, this.#lastNumber - reader.varint());
    applyChange(record, reader, session);
  }

  #put(number: number, stored: StoredSession, known: RecoveredSession | undefined): void {
    if (known !== undefined) known.stored = stored;
    else this.sessions.set(number, { ...emptySession(number), stored });
  }
}

/** Does a piece of work, whose name it may need. */
type Attempt = (what: string, work: () => void) => void;

function atOnce(_what: string, work: () => void): void {
  work();
}

function byFilter(
  subscriptions: readonly RestoredSubscription[],
): Map<string, RestoredSubscription> {
  return new Map(subscriptions.map((subscription) => [subscription.topicFilter, subscription]));
}

const NOTHING_STORED: StoredSession = {
  clientId: "",
  userName: undefined,
  isOwned: false,
  createdAtMs: 0,
  expiryIntervalSeconds: 0,
  disconnectedAtMs: 0,
  will: undefined,
  peer: undefined,
};

function emptySession(number: number): RecoveredSession {
  return {
    number,
    asOf: 0,
    stored: NOTHING_STORED,
    subscriptions: new Map(),
    seen: new Map(),
    exchanges: new Map(),
    queue: new Map(),
  };
}

/** Applies one record to a session. */
function applyChange(record: number, reader: ByteReader, session: RecoveredSession): void {
  switch (record) {
    case RECORD.addressed:
      return applyAddressed(reader, session, readNumber(reader));
    case RECORD.addressedRun:
      return applyAddressedRun(reader, session);
    case RECORD.sent:
      return applySent(reader, session);
    case RECORD.finished:
      session.exchanges.delete(reader.u16());
      return;
    case RECORD.finishedRange:
      for (const identifier of readRange(reader)) session.exchanges.delete(identifier);
      return;
    case RECORD.received:
      return applyReceived(session, reader.u16());
    case RECORD.receivedRange:
      for (const identifier of readRange(reader)) applyReceived(session, identifier);
      return;
    case RECORD.dropped:
      session.queue.delete(readNumber(reader));
      return;
    case RECORD.seen:
      session.seen.set(reader.u16(), 0);
      return;
    case RECORD.seenRange:
      for (const identifier of readRange(reader)) session.seen.set(identifier, 0);
      return;
    case RECORD.seenContents:
      for (const identifier of readRange(reader)) session.seen.set(identifier, reader.u32());
      return;
    case RECORD.released:
      session.seen.delete(reader.u16());
      return;
    case RECORD.releasedRange:
      for (const identifier of readRange(reader)) session.seen.delete(identifier);
      return;
    case RECORD.subscribed: {
      const subscription = readSubscription(reader);
      session.subscriptions.set(subscription.topicFilter, subscription);
      return;
    }
    case RECORD.unsubscribed:
      session.subscriptions.delete(reader.string());
      return;
    default:
      throw new Error(`record of type ${record} is not known`);
  }
}

function applyAddressed(
  reader: ByteReader,
  session: RecoveredSession,
  messageNumber: number,
): void {
  const packetIdentifier = reader.u16();
  const address = readAddress(reader);
  if (packetIdentifier === 0) session.queue.set(messageNumber, address);
  else open(session, packetIdentifier, { messageNumber, address });
}

function applyAddressedRun(reader: ByteReader, session: RecoveredSession): void {
  let messageNumber = readNumber(reader);
  const address = readAddress(reader);
  const count = reader.u16();
  for (const packetIdentifier of readIdentifiers(reader, count)) {
    open(session, packetIdentifier, { messageNumber, address });
    messageNumber += 1;
  }
}

/** Packet Identifiers that follow each other. */
function* readRange(reader: ByteReader): Generator<number, void, undefined> {
  const first = reader.u16();
  const count = reader.u16();
  for (let index = 0; index < count; index += 1) yield first + index;
}

function applySent(reader: ByteReader, session: RecoveredSession): void {
  const messageNumber = readNumber(reader);
  const packetIdentifier = reader.u16();
  const address = session.queue.get(messageNumber);
  session.queue.delete(messageNumber);
  if (address !== undefined) open(session, packetIdentifier, { messageNumber, address });
}

function open(session: RecoveredSession, packetIdentifier: number, delivery: StoredDelivery): void {
  const state = delivery.address.qos === 1 ? "awaitingPuback" : "awaitingPubrec";
  session.exchanges.delete(packetIdentifier);
  session.exchanges.set(packetIdentifier, { state, delivery });
}

/** PUBREC: PUBREL is owed in the order of these. */
function applyReceived(session: RecoveredSession, packetIdentifier: number): void {
  session.exchanges.delete(packetIdentifier);
  session.exchanges.set(packetIdentifier, { state: "awaitingPubcomp", delivery: undefined });
}
