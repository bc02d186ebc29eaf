import { ByteReader } from "@anax/protocol";
import type { Message } from "../publishing/message.ts";
import { Batch } from "./batch.ts";
import type { BatchReader } from "./batch.ts";
import { MessageTable } from "./message-table.ts";
import { readMessage } from "./stored-message.ts";

/** What a message in memory takes beside its bytes: its object, its topic, the array's own object. */
const OBJECT_BYTES = 400;

/** How stored messages are read, and how many of them stay in memory. */
export interface ResidencyOptions {
  /** Gives a committed batch. */
  readonly reader: BatchReader;
  /** Bytes of messages that may stay in memory while they wait, their objects counted. */
  readonly residentBytesMax: number;
}

/**
 * The messages that the journal has and sessions are owed. Until its batch is committed a message is in memory;
 * afterwards it stays there as long as there is room, else it is read back each time that it is needed. So memory is
 * bounded whatever clients that are away are owed.
 */
export class StoredMessages {
  /** Batches that are closed, by position, oldest first. */
  readonly batches: Map<number, Batch> = new Map();
  readonly #table: MessageTable = new MessageTable();
  /** By slot; undefined if the message is not in memory. */
  #resident: (Message | undefined)[] = [];
  #residentBytes = 0;
  readonly #options: ResidencyOptions;
  #open: Batch = new Batch(0);

  constructor(options: ResidencyOptions) {
    this.#options = options;
  }

  /** The batch that messages are being written into. */
  get open(): Batch {
    return this.#open;
  }

  /** Messages that sessions are owed. */
  get count(): number {
    return this.#table.count;
  }

  /** Begins a batch. */
  begin(position: number): void {
    this.#open = new Batch(position);
  }

  /** Closes the open batch; what nobody is owed of it is forgotten. */
  close(bytes: number): Batch {
    const batch = this.#open;
    batch.bytes = bytes;
    this.batches.set(batch.position, batch);
    for (const slot of batch.slots)
      if (this.isIn(slot, batch) && this.#table.references(slot) === 0) this.#remove(slot);
    return batch;
  }

  /** A message has been written into a batch; nobody is owed it yet. */
  add(number: number, batch: Batch, offset: number, size: number): number {
    const slot = this.#table.add({ number, position: batch.position, offset, size });
    batch.slots.push(slot);
    return slot;
  }

  /** The message of a slot is in memory until its batch is committed, and perhaps afterwards. */
  keep(slot: number, message: Message): void {
    // Without holes: an array that is written far behind its end becomes a slow one.
    while (this.#resident.length <= slot) this.#resident.push(undefined);
    this.#resident[slot] = message;
    message.slot = slot;
    message.number = this.#table.number(slot);
  }

  /** The message's slot; -1 if the journal has it no longer, or never had. */
  slotOf(message: Message): number {
    const { slot, number } = message;
    if (slot < 0 || this.#table.number(slot) !== number) return -1;
    return slot;
  }

  /** Where the message begins in its batch. */
  offset(slot: number): number {
    return this.#table.offset(slot);
  }

  number(slot: number): number {
    return this.#table.number(slot);
  }

  size(slot: number): number {
    return this.#table.size(slot);
  }

  /** The message, from memory or read back. */
  message(slot: number): Message {
    return this.#resident[slot] ?? this.#readBack(slot);
  }

  /** True if the slot's message is in this batch. */
  isIn(slot: number, batch: Batch): boolean {
    return this.#table.number(slot) !== 0 && this.#table.position(slot) === batch.position;
  }

  /** One more session is owed the message. */
  hold(slot: number): void {
    if (this.#table.refer(slot, 1) > 1) return;
    const batch = this.#batchOf(slot);
    batch.live += 1;
    batch.liveBytes += this.size(slot);
  }

  /** One session less is. */
  letGo(slot: number): void {
    if (this.#table.refer(slot, -1) > 0) return;
    const batch = this.#batchOf(slot);
    batch.live -= 1;
    batch.liveBytes -= this.size(slot);
    // In the open batch it may yet be given to somebody else: `close` sees to it.
    if (batch !== this.#open) this.#remove(slot);
  }

  /** The message was written again, into the open batch. */
  move(slot: number, message: Message, offset: number): void {
    const old = this.#batchOf(slot);
    old.live -= 1;
    old.liveBytes -= this.size(slot);
    this.#table.place(slot, this.#open.position, offset);
    this.#open.live += 1;
    this.#open.liveBytes += this.size(slot);
    this.#open.slots.push(slot);
    this.#uncount(slot);
    this.keep(slot, message);
  }

  /** A batch is committed: messages stay in memory as long as there is room, the others are left to the store. */
  bound(batch: Batch): void {
    for (const slot of batch.slots) {
      if (!this.isIn(slot, batch) || this.#table.isMarked(slot)) continue;
      const bytes = this.size(slot) + OBJECT_BYTES;
      if (this.#residentBytes + bytes > this.#options.residentBytesMax) {
        if (slot < this.#resident.length) this.#resident[slot] = undefined;
      } else {
        this.#table.mark(slot, true);
        this.#residentBytes += bytes;
      }
    }
  }

  /** Forgets what recovery has found and nobody is owed. */
  removeUnowed(): void {
    for (let slot = this.#table.end - 1; slot >= 0; slot -= 1)
      if (this.#table.number(slot) !== 0 && this.#table.references(slot) === 0) this.#remove(slot);
  }

  /** @throws Error if the store does not have it, or has something else in its place. */
  #readBack(slot: number): Message {
    const bytes = this.#options.reader(this.#table.position(slot));
    const message = readMessage(new ByteReader(bytes, this.#table.offset(slot), bytes.length));
    message.slot = slot;
    message.number = this.#table.number(slot);
    return message;
  }

  #batchOf(slot: number): Batch {
    const position = this.#table.position(slot);
    const batch = position === this.#open.position ? this.#open : this.batches.get(position);
    if (batch === undefined) throw new Error(`batch ${position} is owed and gone`);
    return batch;
  }

  #remove(slot: number): void {
    this.#uncount(slot);
    if (slot < this.#resident.length) this.#resident[slot] = undefined;
    this.#table.remove(slot);
    if (this.#table.count > 0) return;
    this.#resident = [];
  }

  #uncount(slot: number): void {
    if (!this.#table.isMarked(slot)) return;
    this.#table.mark(slot, false);
    this.#residentBytes -= this.size(slot) + OBJECT_BYTES;
  }
}
