import { ByteWriter } from "@anax/protocol";
import { writeMessage } from "./stored-message.ts";
import type { Batch } from "./batch.ts";
import { writeRun, writeSingle } from "./stored-run.ts";
import type { RunToStore } from "../message/run-to-store.ts";
import { StoredMessages } from "./stored-messages.ts";
import type { Message } from "../message/message.ts";

/** Bytes of messages that are kept in one array. */
const CHUNK_BYTES = 65_536;
/** Chunks that are looked at, whether they are mostly dead, for each one that is filled. */
const CHUNKS_LOOKED_AT = 16;

/**
 * Messages that wait in queues of a server without a store, written one after the other as a journal would, but into memory alone. A
 * message of a hundred bytes that waits so takes a hundred and forty, where it took six hundred as objects, and costs the collector nothing.
 */
export class WaitingMessages {
  readonly messages: StoredMessages = new StoredMessages({
    reader: undefined,
    residentBytesMax: Infinity,
  });
  #writer: ByteWriter = new ByteWriter(1_024);
  #position = 1;
  #nextNumber = 1;
  /** Where the run is that was written last. */
  #runPosition = 0;
  /** Where the next look at old chunks begins. */
  #looking: Iterator<Batch> | undefined;

  constructor() {
    this.messages.begin(this.#position, this.#writer);
  }

  /** One more session waits for the message. Gives its slot. */
  hold(message: Message): number {
    const known = this.messages.slotOf(message);
    const slot = known >= 0 ? known : this.#write(message);
    this.messages.hold(slot);
    return slot;
  }

  /** Numbers a message that waits as an object, among the others: a lower one has waited longer. */
  number(message: Message): void {
    if (message.number !== 0) return;
    message.number = this.#nextNumber;
    this.#nextNumber += 1;
  }

  /** Writes the messages of a run down, once, whoever is to wait for them; nobody waits yet. */
  storeRun(run: RunToStore): void {
    // What nobody waits for leaves a chunk when the next begins.
    if (run.firstNumber !== 0 && this.#runPosition === this.#position) return;
    if (this.#writer.length >= CHUNK_BYTES) this.#beginChunk();
    const first = this.#nextNumber;
    this.#nextNumber += run.count;
    if (run.isOneTopic) writeRun(this.#writer, run, first, this.messages);
    else
      for (let index = 0; index < run.count; index += 1) this.#storeOne(run, index, first + index);
    run.firstNumber = first;
    this.#runPosition = this.#position;
  }

  #storeOne(run: RunToStore, index: number, number: number): void {
    const offset = this.#writer.length;
    const size = writeSingle(this.#writer, run, index);
    run.slots[index] = this.messages.add(number, offset, size, run.payloadBytes(index, index + 1));
  }

  #write(message: Message): number {
    if (this.#writer.length >= CHUNK_BYTES) this.#beginChunk();
    const offset = this.#writer.length;
    writeMessage(this.#writer, message);
    message.number = this.#nextNumber;
    const { size, payloadBytes } = message;
    message.slot = this.messages.add(this.#nextNumber, offset, size, payloadBytes);
    this.#nextNumber += 1;
    return message.slot;
  }

  #beginChunk(): void {
    this.#nextChunk();
    this.#rewriteDead();
  }

  #nextChunk(): void {
    this.messages.close(this.#writer.bytes.slice(0, this.#writer.length));
    this.messages.committed(this.#position);
    this.#writer.length = 0;
    this.#position += 1;
    this.messages.begin(this.#position, this.#writer);
  }

  /**
   * Messages that somebody still waits for must not keep whole chunks for ever: where they are less than a quarter of one they
   * are written again. Looking goes round through all chunks, a few at a time.
   */
  #rewriteDead(): void {
    this.#looking ??= this.messages.batches.values();
    for (let looks = 0; looks < CHUNKS_LOOKED_AT; looks += 1) {
      const next = this.#looking.next();
      if (next.done === true) {
        this.#looking = undefined;
        return;
      }
      const batch = next.value;
      if (batch.liveBytes * 4 > batch.bytes) continue;
      for (const slot of this.messages.slotsIn(batch)) this.#rewrite(slot);
    }
  }

  #rewrite(slot: number): void {
    if (this.#writer.length >= CHUNK_BYTES) this.#nextChunk();
    const offset = this.#writer.length;
    this.messages.copy(slot, this.#writer);
    this.messages.move(slot, offset);
  }
}
