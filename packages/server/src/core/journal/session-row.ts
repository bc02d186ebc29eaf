import type { ByteReader, ByteWriter, ExchangeState } from "@anax/protocol";
import type { RestoredSubscription } from "../hooks/connection-events.ts";
import type { Session } from "../sessions/session.ts";
import { readAddress, readNumber, writeAddress, writeNumber } from "./fields.ts";
import type { Address } from "./fields.ts";
import {
  readSession,
  readSubscription,
  writeSession,
  writeSubscription,
} from "./stored-session.ts";
import type { StoredSession } from "./stored-session.ts";

const STATES: readonly ExchangeState[] = ["awaitingPuback", "awaitingPubrec", "awaitingPubcomp"];

/** A message that a stored session is owed. */
export interface StoredDelivery {
  readonly messageNumber: number;
  readonly address: Address;
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
  readonly subscriptions: RestoredSubscription[];
  readonly seen: number[];
  readonly exchanges: StoredExchange[];
  readonly queue: StoredDelivery[];
}

export function writeSessionRow(writer: ByteWriter, session: Session, asOf: number): void {
  writeNumber(writer, asOf);
  writeSession(writer, session);
  writer.u32(session.subscriptions.size);
  for (const subscription of session.subscriptions.values())
    writeSubscription(writer, subscription);
  writer.u32(session.receiver.size);
  for (const identifier of session.receiver.identifiers()) writer.u16(identifier);
  writer.u32(session.sender.inFlight);
  for (const { identifier, state, item } of session.sender.resume()) {
    writer.u16(identifier);
    writer.u8(STATES.indexOf(state));
    writeNumber(writer, item?.message.place?.number ?? 0);
    if (item?.message.place !== undefined) writeAddress(writer, item);
  }
  writeQueue(writer, session);
}

/** QoS 0 messages in a queue are not stored. */
function writeQueue(writer: ByteWriter, session: Session): void {
  for (const delivery of session.queue) {
    const number = delivery.message.place?.number;
    if (number === undefined || delivery.qos === 0) continue;
    writeNumber(writer, number);
    writeAddress(writer, delivery);
  }
}

export function readSessionRow(reader: ByteReader): SessionRow {
  const asOf = readNumber(reader);
  const stored = readSession(reader);
  const subscriptions = readMany(reader, reader.u32(), readSubscription);
  const seen = readMany(reader, reader.u32(), () => reader.u16());
  const exchanges = readMany(reader, reader.u32(), readExchange);
  const queue: StoredDelivery[] = [];
  while (reader.remaining > 0)
    queue.push({ messageNumber: readNumber(reader), address: readAddress(reader) });
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
