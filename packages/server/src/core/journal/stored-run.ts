import type { RunToStore } from "../message/run-to-store.ts";
import { encodeVarintInto } from "@anax/protocol";
import type { ByteReader, ByteWriter } from "@anax/protocol";
import { writeTime } from "./fields.ts";
import { OF_RUN } from "./message-record.ts";
import { skipMessage, writePublisher } from "./stored-message.ts";

/*
 * Messages of a run that have one topic are written down as a run: the head says once what they have in common, behind it
 * are their payloads. `message-record.ts` says how each of them is found again. Where topics differ, each is written with
 * a head of its own, as a message that came alone.
 */

/** Bytes that a message of a run may take beside its payload: a flag, and two numbers. */
const OWN_BYTES = 9;

/**
 * Writes all of the message at `index` but its payload, which has so many bytes. Gives the bytes of the message.
 */
function writeHead(
  writer: ByteWriter,
  run: RunToStore,
  index: number,
  payloadBytes: number,
): number {
  const { propertyBytes } = run;
  const topicBytes = run.topicBytes(index);
  const size = 2 + topicBytes.length + propertyBytes.length + payloadBytes;
  writer.u8(run.qos);
  writeTime(writer, run.expiresAtMs);
  writePublisher(writer, run.clientId);
  writer.u32(size);
  writer.u16(topicBytes.length);
  writer.raw(topicBytes);
  writer.raw(propertyBytes);
  return size;
}

/** Bytes of the message at `index`, whoever keeps it. */
export function sizeOfRun(run: RunToStore, index: number): number {
  const { propertyBytes } = run;
  const payloadBytes = run.endOf(index) - run.payloadStart(index);
  return 2 + run.topicLength(index) + propertyBytes.length + payloadBytes;
}

/** Who gives a message its slot when it was written at `offset`. */
interface Adding {
  add(number: number, offset: number, size: number, payloadBytes: number): number;
}

/** Writes the message at `index` as one that came alone; gives its bytes. */
export function writeSingle(writer: ByteWriter, run: RunToStore, index: number): number {
  const start = run.payloadStart(index);
  const end = run.endOf(index);
  const size = writeHead(writer, run, index, end - start);
  writer.raw(run.bytes.subarray(start, end));
  return size;
}

/** Writes head and messages of a run of one topic, which get the numbers from `first` on and their slots. */
export function writeRun(writer: ByteWriter, run: RunToStore, first: number, to: Adding): void {
  const head = writer.length;
  const common = writeHead(writer, run, 0, 0);
  const place = { head, shift: makeRoom(writer, run) };
  for (let index = 0; index < run.count; index += 1) {
    const offset = writeOfRun(writer, run, index, place);
    const payloadBytes = run.payloadBytes(index, index + 1);
    run.slots[index] = to.add(first + index, offset, common + payloadBytes, payloadBytes);
  }
}

/**
 * Makes room for the messages of a run and puts its packets behind that: moving bytes within one array is much quicker
 * than copying a few from another. Gives by how much the packets are farther on than in the run.
 */
function makeRoom(writer: ByteWriter, run: RunToStore): number {
  const { bytesReceived, packetsStart } = run;
  const room = bytesReceived + run.count * OWN_BYTES;
  writer.reserve(room + bytesReceived);
  const copyAt = writer.length + room;
  writer.bytes.set(run.bytes.subarray(packetsStart, packetsStart + bytesReceived), copyAt);
  return copyAt - packetsStart;
}

/** Writes one message where `makeRoom` has made room; gives where its record begins. */
function writeOfRun(
  writer: ByteWriter,
  run: RunToStore,
  index: number,
  { head, shift }: { readonly head: number; readonly shift: number },
): number {
  const { bytes, length: record } = writer;
  const start = run.payloadStart(index);
  const end = run.endOf(index);
  bytes[record] = OF_RUN;
  const sizeAt = encodeVarintInto(record - head, bytes, record + 1);
  const payloadAt = encodeVarintInto(end - start, bytes, sizeAt);
  bytes.copyWithin(payloadAt, start + shift, end + shift);
  writer.length = payloadAt + end - start;
  return record;
}

/**
 * Reads a run from its head on, and tells where each message is, and how many bytes it and its payload have.
 * @throws Error if it is cut off or does not fit together.
 */
export function readRun(
  reader: ByteReader,
  count: number,
  tell: (index: number, record: number, size: number, payloadBytes: number) => void,
): void {
  const head = reader.position;
  const common = skipMessage(reader);
  for (let index = 0; index < count; index += 1) {
    const record = reader.position;
    const isSound = reader.u8() === OF_RUN && reader.varint() === record - head;
    if (!isSound) throw new Error("a stored run does not fit together");
    const payloadBytes = reader.varint();
    reader.skip(payloadBytes);
    tell(index, record, common + payloadBytes, payloadBytes);
  }
}

/** Writes Packet Identifiers as ranges, for most follow each other. */
export function writeIdentifiers(
  writer: ByteWriter,
  identifiers: Uint16Array,
  from: number,
  to: number,
): void {
  for (let start = from; start < to;) {
    const first = identifiers[start] ?? 0;
    let length = 1;
    while (start + length < to && identifiers[start + length] === first + length) length += 1;
    writer.u16(first);
    writer.varint(length);
    start += length;
  }
}

/** Reads what `writeIdentifiers` has written of so many. */
export function* readIdentifiers(
  reader: ByteReader,
  count: number,
): Generator<number, void, undefined> {
  for (let left = count; left > 0;) {
    const first = reader.u16();
    const length = reader.varint();
    if (length === 0 || length > left) throw new Error("a range of identifiers is too long");
    for (let offset = 0; offset < length; offset += 1) yield first + offset;
    left -= length;
  }
}
