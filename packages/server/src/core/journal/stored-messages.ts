import type { ByteWriter } from "@anax/protocol";
import type { Message } from "../message/message.ts";
import { Batch } from "./batch.ts";
import type { BatchReader } from "./batch.ts";
import { MessageTable, NONE } from "./message-table.ts";
import { partsOf } from "./message-record.ts";
import type { RecordParts } from "./message-record.ts";
import { RECORD_BYTES, copyMessage, messageBytes, readMessage } from "./stored-message.ts";
import { SharedBytes, SHARED_BYTES_MIN } from "../shared-bytes.ts";
import type { SharedBytesKeeper } from "../shared-bytes.ts";

/** How stored messages are read, and how many of them stay in memory. */
export interface ResidencyOptions {
  /** Gives a committed batch; undefined if there is no store, and a batch that nobody is owed anything of is forgotten. */
  readonly reader: BatchReader | undefined;
  /** Bytes of committed batches that may stay in memory while somebody is owed messages in them. */
  readonly residentBytesMax: number;
}

/** No batch has position 0. */
const NOTHING_READ = { position: 0, bytes: new Uint8Array(0) };

/**
 * The messages that the journal has and sessions are owed. No object stands for one of them: it is a row of numbers, and
 * its bytes are in its batch. The batch is in memory until it is committed, and afterwards as long as there is room; else it is read
 * from the store each time that a message of it is due. So memory is bounded whatever clients that are away are owed.
 */
export class StoredMessages implements SharedBytesKeeper {
  /** Batches that are closed, by position, oldest first. */
  readonly batches: Map<number, Batch> = new Map();
  readonly #table: MessageTable = new MessageTable();
  readonly #options: ResidencyOptions;
  /** Of messages that outputs hold, by number. */
  readonly #shared = new Map<number, SharedBytes>();
  /** The batch that was read from the store last. */
  #read = NOTHING_READ;
  #residentBytes = 0;
  #live = 0;
  #liveBytes = 0;
  #open: Batch = new Batch(0);
  #writer: ByteWriter | undefined;

  constructor(options: ResidencyOptions) {
    this.#options = options;
  }

  /** Messages that sessions are owed. */
  get live(): number {
    return this.#live;
  }

  /** Their bytes, each once. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** Begins a batch, which is written by `writer`. */
  begin(position: number, writer: ByteWriter): void {
    this.#open = new Batch(position);
    this.#writer = writer;
  }

  /** Closes the open batch; what nobody is owed of it is forgotten. */
  close(content: Uint8Array): void {
    const batch = this.#open;
    batch.bytes = content.length;
    batch.content = content;
    this.batches.set(batch.position, batch);
    for (const slot of this.slotsIn(batch))
      if (this.#table.references(slot) === 0) this.#remove(slot, batch);
  }

  /** A message is in the open batch, or in one that recovery has read; nobody is owed it yet. Gives its slot. */
  add(
    number: number,
    offset: number,
    size: number,
    payloadBytes: number,
    batch: Batch = this.#open,
  ): number {
    const slot = this.#table.add(number, size, payloadBytes);
    this.#put(slot, batch, offset);
    return slot;
  }

  /** Slots of the messages in a batch; each may leave it before the next is asked for. */
  *slotsIn(batch: Batch): Generator<number, void, undefined> {
    for (let slot = batch.first; slot !== NONE;) {
      const next = this.#table.next(slot);
      yield slot;
      slot = next;
    }
  }

  /** The message's slot; -1 if the journal has it no longer, or never had. */
  slotOf({ slot, number }: Message): number {
    return slot >= 0 && this.#table.number(slot) === number ? slot : -1;
  }

  /** Number of the message. */
  number(slot: number): number {
    return this.#table.number(slot);
  }

  /** Bytes of the message. */
  size(slot: number): number {
    return this.#table.size(slot);
  }

  /** Bytes of its payload. */
  payloadBytes(slot: number): number {
    return this.#table.payloadBytes(slot);
  }

  /** Where the message begins in its batch. */
  offset(slot: number): number {
    return this.#table.offset(slot);
  }

  /** Where the parts of the message are; to be read at once. @throws Error if the store does not have its batch. */
  parts(slot: number): RecordParts {
    return partsOf(this.#bytesOf(this.#table.position(slot)), this.#table.offset(slot));
  }

  /** Writes the message again with `writer`. @throws as `parts` */
  copy(slot: number, writer: ByteWriter): void {
    copyMessage(writer, this.parts(slot));
  }

  /** Makes the message again. @throws Error if the store does not have its batch. */
  message(slot: number): Message {
    const shared = this.sharedIfLarge(slot);
    const message = readMessage(this.parts(slot), shared);
    message.slot = slot;
    message.number = this.#table.number(slot);
    return message;
  }

  /**
   * The bytes of a large message, for outputs to share: one copy as long as one of them holds it; undefined for a small one. To be
   * asked for before `parts`, whose bytes it may overwrite. @throws as `parts`
   */
  sharedIfLarge(slot: number): SharedBytes | undefined {
    if (this.size(slot) < SHARED_BYTES_MIN) return undefined;
    const number = this.#table.number(slot);
    const known = this.#shared.get(number);
    return known ?? new SharedBytes(messageBytes(this.parts(slot)), number, this);
  }

  held(shared: SharedBytes): void {
    this.#shared.set(shared.number, shared);
  }

  freed(shared: SharedBytes): void {
    if (this.#shared.get(shared.number) === shared) this.#shared.delete(shared.number);
  }

  /** True if the slot's message is in this batch. */
  isIn(slot: number, batch: Batch): boolean {
    return this.#table.number(slot) !== 0 && this.#table.position(slot) === batch.position;
  }

  /** One more session is owed the message. */
  hold(slot: number): void {
    if (this.#table.refer(slot, 1) === 1) this.#count(slot, this.#batchOf(slot));
  }

  /** One session less is. */
  letGo(slot: number): void {
    if (this.#table.refer(slot, -1) > 0) return;
    const batch = this.#batchOf(slot);
    this.#leave(slot, batch);
    // In the open batch it may yet be given to somebody else: `close` sees to it.
    if (batch !== this.#open) this.#remove(slot, batch);
  }

  /** The message was written again, into the open batch. */
  move(slot: number, offset: number): void {
    const old = this.#batchOf(slot);
    old.first = this.#table.unlink(slot, old.first);
    this.#put(slot, this.#open, offset);
    this.#count(slot, this.#open);
    this.#leave(slot, old);
  }

  /** A batch is committed: it stays in memory if there is room. */
  committed(position: number): void {
    const batch = this.batches.get(position);
    if (batch?.content === undefined) return;
    if (batch.live === 0 || this.#residentBytes + batch.bytes > this.#options.residentBytesMax)
      return this.#release(batch);
    batch.isCounted = true;
    this.#residentBytes += batch.bytes;
  }

  /** The store is about to delete the batch, of which nobody is owed anything any more. */
  delete(batch: Batch): void {
    this.#release(batch);
    this.batches.delete(batch.position);
  }

  /** Forgets what recovery has found and nobody is owed. */
  removeUnowed(): void {
    for (let slot = this.#table.end - 1; slot >= 0; slot -= 1)
      if (this.#table.number(slot) !== 0 && this.#table.references(slot) === 0)
        this.#remove(slot, this.#batchOf(slot));
  }

  #bytesOf(position: number): Uint8Array {
    if (position === this.#open.position && this.#writer !== undefined) return this.#writer.bytes;
    return this.batches.get(position)?.content ?? this.#readAgain(position);
  }

  /**
   * A batch that is with the store only. The last one is kept: who drains a queue takes many messages of a batch one after the
   * other, and each reading would copy all of it.
   */
  #readAgain(position: number): Uint8Array {
    if (position === this.#read.position) return this.#read.bytes;
    const lent = this.#options.reader?.(position);
    if (lent === undefined) throw new Error(`batch ${position} is gone`);
    let { bytes } = this.#read;
    // Room for one batch, and not for ever that of the largest one.
    const hasRoom = bytes.length >= lent.length && bytes.length <= lent.length * 4;
    if (!hasRoom) bytes = new Uint8Array(lent.length);
    bytes.set(lent);
    this.#read = { position, bytes };
    return bytes;
  }

  #batchOf(slot: number): Batch {
    const position = this.#table.position(slot);
    const batch = position === this.#open.position ? this.#open : this.batches.get(position);
    if (batch === undefined) throw new Error(`batch ${position} is owed and gone`);
    return batch;
  }

  #put(slot: number, batch: Batch, offset: number): void {
    this.#table.place(slot, batch.position, offset);
    this.#table.link(slot, batch.first);
    batch.first = slot;
  }

  #remove(slot: number, batch: Batch): void {
    batch.first = this.#table.unlink(slot, batch.first);
    this.#table.remove(slot);
  }

  #count(slot: number, batch: Batch): void {
    this.#live += 1;
    batch.live += 1;
    const bytes = this.size(slot) + RECORD_BYTES;
    this.#liveBytes += bytes;
    batch.liveBytes += bytes;
  }

  #leave(slot: number, batch: Batch): void {
    this.#live -= 1;
    batch.live -= 1;
    const bytes = this.size(slot) + RECORD_BYTES;
    this.#liveBytes -= bytes;
    batch.liveBytes -= bytes;
    if (batch.live === 0) this.#release(batch);
  }

  #release(batch: Batch): void {
    if (batch.position === this.#read.position) this.#read = NOTHING_READ;
    if (this.#options.reader === undefined) this.batches.delete(batch.position);
    batch.content = undefined;
    if (!batch.isCounted) return;
    batch.isCounted = false;
    this.#residentBytes -= batch.bytes;
  }
}
