import { copyBytes } from "@anax/protocol";
import type { JournalPlace, Message } from "../publishing/message.ts";

/** One batch of the journal, as long as the store has it. */
export class Batch {
  readonly position: number;
  /** Messages in it that a session still is owed. */
  readonly live: Set<MessagePlace> = new Set();
  bytes = 0;
  liveBytes = 0;

  constructor(position: number) {
    this.position = position;
  }
}

/** Reads a committed batch. */
export type BatchReader = (position: number) => Uint8Array;

/** Where one message lies, and how many sessions are still owed it. */
export class MessagePlace implements JournalPlace {
  readonly number: number;
  readonly message: Message;
  references = 0;
  /** True while the message's bytes count against the memory that stored messages may take. */
  isCounted = false;
  #batch: Batch;
  #offset: number;
  readonly #reader: BatchReader;

  constructor(fields: {
    number: number;
    message: Message;
    batch: Batch;
    offset: number;
    reader: BatchReader;
  }) {
    this.number = fields.number;
    this.message = fields.message;
    this.#batch = fields.batch;
    this.#offset = fields.offset;
    this.#reader = fields.reader;
    fields.message.place = this;
  }

  read(): Uint8Array {
    const bytes = this.#reader(this.#batch.position);
    return copyBytes(bytes, this.#offset, this.#offset + this.message.size);
  }

  /** True if the message is in this batch. */
  isIn(batch: Batch): boolean {
    return this.#batch === batch;
  }

  /** One more session is owed the message. */
  hold(): void {
    this.references += 1;
    if (this.references > 1) return;
    this.#batch.live.add(this);
    this.#batch.liveBytes += this.message.size;
  }

  /** One session less is; true if it was the last. */
  letGo(): boolean {
    this.references -= 1;
    if (this.references > 0) return false;
    this.#batch.live.delete(this);
    this.#batch.liveBytes -= this.message.size;
    return true;
  }

  /** The message was written again, into another batch. */
  moveTo(batch: Batch, offset: number): void {
    this.#batch.live.delete(this);
    this.#batch.liveBytes -= this.message.size;
    this.#batch = batch;
    this.#offset = offset;
    batch.live.add(this);
    batch.liveBytes += this.message.size;
  }
}
