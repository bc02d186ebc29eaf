import { topicEndOf } from "../message/publish-layout.ts";
import { ByteWriter, copyBytes, encodedLength, encodeUtf8Into } from "@anax/protocol";
import type { Deadline } from "../deadlines.ts";
import { bodyOf, expiryIn, partsOf, payloadBytesIn, qosIn } from "../journal/message-record.ts";
import { RetainedShares } from "./retained-shares.ts";
import { readMessage, writeMessage, writePlainRetained } from "../journal/stored-message.ts";
import type { PlainMessage } from "../journal/stored-message.ts";
import type { Message } from "../message/message.ts";
import { NONE, RECORD, RECORD_LENGTH, SUMMARY } from "./topic-nodes.ts";
import { TopicTree } from "./topic-tree.ts";

const TOPIC_BYTES_MAX = 65_535;
/** A scratch array that was made for a larger message is not kept. */
const SCRATCH_BYTES = 65_536;

/**
 * The retained messages. There may be millions, so none is an object: the topics are a tree of plain numbers, each message
 * is a record of bytes, just as the journal has it, and a `Message` is made when somebody needs one. A topic that has a
 * message is known by its row in the tree, until the message is removed.
 */
export class RetainedMessages {
  #tree: TopicTree;
  #count = 0;
  #bytes = 0;
  #payloadBytes = 0;
  readonly seed: number;
  /** When messages expire, by row, of those that do. */
  readonly expiries: Map<number, Deadline> = new Map();
  /** Who has how much of it. */
  readonly shares: RetainedShares = new RetainedShares();
  /** When it may be warned again that something is not retained. */
  warnAgainAtMs = 0;
  #scratch: ByteWriter = new ByteWriter(1_024);
  readonly #topic: Uint8Array = new Uint8Array(TOPIC_BYTES_MAX);
  #topicLength = 0;

  /** `seed` and `freeRows`: as `TopicTree` wants them. */
  constructor(seed = 0, freeRows?: number) {
    this.seed = seed;
    this.#tree = new TopicTree(seed, freeRows);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of their payloads alone. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /** Bytes of memory that levels and messages take. */
  get memoryBytes(): number {
    return this.#tree.slabs.bytes;
  }

  /** For walks, which must not change it. */
  get tree(): TopicTree {
    return this.#tree;
  }

  get(topic: string): Message | undefined {
    const row = this.find(topic);
    return row === NONE ? undefined : this.message(row);
  }

  /** The row of a topic that has a message, else `NONE`. */
  find(topic: string): number {
    return this.#encode(topic) ? this.#find(this.#topic, 0, this.#topicLength) : NONE;
  }

  /** The row of a message's topic, if that has a message. */
  findFor({ bytes, topicEnd }: Message): number {
    return this.#find(bytes, 2, topicEnd);
  }

  /** The row of the topic in `bytes[start, end)`, if that has a message. */
  findIn(bytes: Uint8Array, start: number, end: number): number {
    return this.#find(bytes, start, end);
  }

  /** Makes the message of a row. */
  message(row: number): Message {
    const record = this.recordAt(row);
    return readMessage(partsOf(this.recordArray(row), record));
  }

  /** Size of the message of a row. */
  size(row: number): number {
    return this.#length(row) - bodyStart(this.#tree.nodes.word(row, SUMMARY));
  }

  /** The number of the change that brought the message of a row. */
  changed(row: number): number {
    return this.#tree.nodes.changed(row);
  }

  /** A copy of a row's record. */
  record(row: number): Uint8Array {
    const record = this.recordAt(row);
    return copyBytes(this.recordArray(row), record, record + this.#length(row));
  }

  /** The array that has a row's record, from `recordAt` on; good until the next change. */
  recordArray(row: number): Uint8Array {
    const { nodes, slabs } = this.#tree;
    return slabs.array(nodes.word(row, RECORD));
  }

  recordAt(row: number): number {
    const { nodes, slabs } = this.#tree;
    return slabs.offset(nodes.word(row, RECORD));
  }

  /** Stores a message in place of the one that its topic has, and gives its row. */
  set(message: Message): number {
    this.#scratch.length = 0;
    writeMessage(this.#scratch, message);
    return this.#setScratch();
  }

  /** The same with a message that is no object. */
  setPlain(message: PlainMessage): number {
    this.#scratch.length = 0;
    writePlainRetained(this.#scratch, message);
    return this.#setScratch();
  }

  #setScratch(): number {
    const scratch = this.#scratch;
    const row = this.setRecord(scratch.bytes, 0, scratch.length);
    if (scratch.bytes.length > SCRATCH_BYTES) this.#scratch = new ByteWriter(1_024);
    return row;
  }

  /** The same with a record, in `source[start, end)`. */
  setRecord(source: Uint8Array, start: number, end: number): number {
    const { nodes, slabs } = this.#tree;
    const body = bodyOf(source, start);
    const row = this.#tree.reach(source, body + 2, topicEndOf(source, body));
    const length = end - start;
    const old = nodes.word(row, RECORD);
    if (old === 0) this.#count += 1;
    else this.#takeOut(row);
    const place = old === 0 ? slabs.take(length) : slabs.exchange(old, this.#length(row), length);
    slabs.array(place).set(source.subarray(start, end), slabs.offset(place));
    nodes.setWord(row, RECORD, place);
    nodes.setWord(row, RECORD_LENGTH, length);
    nodes.setWord(row, SUMMARY, summaryOf(source, start));
    this.#bytes += end - body;
    this.#payloadBytes += payloadBytesIn(source, start);
    this.#tree.changes += 1;
    nodes.setChanged(row, this.#tree.changes);
    return row;
  }

  /** Removes the message of a topic; false if there was none. */
  delete(topic: string): boolean {
    const row = this.find(topic);
    if (row !== NONE) this.remove(row);
    return row !== NONE;
  }

  /** Removes the message of a row. */
  remove(row: number): void {
    const { nodes, slabs } = this.#tree;
    this.#count -= 1;
    this.#takeOut(row);
    slabs.give(nodes.word(row, RECORD), this.#length(row));
    nodes.setWord(row, RECORD, 0);
    nodes.setChanged(row, 0);
    this.#tree.prune(row);
  }

  #takeOut(row: number): void {
    const size = this.size(row);
    this.#bytes -= size;
    this.#payloadBytes -= payloadBytesIn(this.recordArray(row), this.recordAt(row));
    this.shares.remove(row, size);
  }

  /** Takes over all that another one has, which is not used any more; this one must be empty. */
  adopt(other: RetainedMessages): void {
    if (this.#count > 0) throw new Error(`${this.#count} messages are retained already`);
    const { changes } = this.#tree;
    this.#tree = other.#tree;
    this.#tree.changes += changes;
    this.#count = other.#count;
    this.#bytes = other.#bytes;
    this.#payloadBytes = other.#payloadBytes;
    for (const [row, deadline] of other.expiries) this.expiries.set(row, deadline);
  }

  /** All rows that have a message; it may be removed before the next is asked for. */
  *rows(): Generator<number, void, undefined> {
    const { nodes } = this.#tree;
    for (let row = 1; row < nodes.end; row += 1) if (nodes.word(row, RECORD) !== 0) yield row;
  }

  clear(): void {
    this.#tree.clear();
    this.expiries.clear();
    this.shares.clear();
    this.#count = 0;
    this.#bytes = 0;
    this.#payloadBytes = 0;
  }

  #length(row: number): number {
    return this.#tree.nodes.word(row, RECORD_LENGTH);
  }

  #find(bytes: Uint8Array, start: number, end: number): number {
    const row = this.#tree.find(bytes, start, end);
    return this.#tree.nodes.word(row, RECORD) === 0 ? NONE : row;
  }

  /** Puts the bytes of a topic into `#topic`; false if no topic can have them. */
  #encode(topic: string): boolean {
    if (encodedLength(topic) > TOPIC_BYTES_MAX) return false;
    try {
      this.#topicLength = encodeUtf8Into(topic, this.#topic, 0);
      return true;
    } catch {
      return false;
    }
  }
}

/** Of a summary: the QoS of the message, and whether it expires. */
export const QOS = 3;
export const EXPIRES = 4;
const BODY_SHIFT = 3;

/** In one number, so that a replay need not read the record: where in it the bytes of a message begin, if it expires, its QoS. */
function summaryOf(bytes: Uint8Array, record: number): number {
  const expires = expiryIn(bytes, record) === Infinity ? 0 : EXPIRES;
  return ((bodyOf(bytes, record) - record) << BODY_SHIFT) | expires | qosIn(bytes, record);
}

export function bodyStart(summary: number): number {
  return summary >>> BODY_SHIFT;
}
