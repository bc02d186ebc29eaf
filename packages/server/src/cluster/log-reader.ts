import { isClaim, isSameRecord, LOG_BEGIN, showRecord } from "./log-record.ts";
import type { LogRecord, RecordName } from "./log-record.ts";

/** A log that must not be read on, nor written to: something of it is gone, or it is not ours. */
export class LogUnreadableError extends Error {
  override readonly name = "LogUnreadableError";
  readonly code = "ANAX_STORE_UNREADABLE";
}

/** What a record has come to. `void`: it is passed over. */
export type Taken =
  | { readonly type: "claim" | "part" | "void" }
  | {
      readonly type: "transaction";
      readonly position: number;
      readonly parts: readonly Uint8Array[];
    };

/**
 * Reads a shard's log, record by record. All who read it pass over the same records, so all come to the same transactions:
 * void is what belongs to an epoch that is over, or does not follow the last record that is none. A transaction counts
 * when its last part is there.
 */
export class LogReader {
  /** Where in the log the last record stood that was taken. */
  sequence: number;
  /** The last record that was not void. */
  last: RecordName = LOG_BEGIN;
  /** Number of the last whole transaction. */
  position = 0;
  #parts: Uint8Array[] = [];
  #isAtBegin = true;
  readonly #isWhole: boolean;

  /** `before`: where in the log the record before the first one stood; above 0 if what is older was thrown away. */
  constructor(before = 0) {
    this.sequence = before;
    this.#isWhole = before === 0;
  }

  get epoch(): number {
    return this.last.epoch;
  }

  /** @throws LogUnreadableError if a record is missing. The log is not to be read on then. */
  take(sequence: number, record: LogRecord): Taken {
    if (sequence !== this.sequence + 1)
      throw new LogUnreadableError(`record ${sequence} follows record ${this.sequence}`);
    this.sequence = sequence;
    if (this.#isAtBegin && !this.#isWhole) this.#begin(record);
    this.#isAtBegin = false;
    return isClaim(record) ? this.#claim(record) : this.#part(record);
  }

  /** What is older was thrown away, up to a transaction or a claim: what its predecessor was is not known any more. */
  #begin(record: LogRecord): void {
    if (record.part > 1)
      throw new LogUnreadableError(`it begins with part ${record.part} of ${showRecord(record)}`);
    this.last = record.predecessor;
    this.position = isClaim(record) ? record.position : record.position - 1;
  }

  #claim(record: LogRecord): Taken {
    if (record.epoch <= this.epoch || !this.#follows(record)) return { type: "void" };
    if (record.position !== this.position)
      throw new LogUnreadableError(`${showRecord(record)} claims what ends with ${this.position}`);
    this.last = nameOf(record);
    // What its predecessor had begun and not ended was confirmed to nobody.
    this.#parts = [];
    return { type: "claim" };
  }

  #part(record: LogRecord): Taken {
    if (record.epoch > this.epoch)
      throw new LogUnreadableError(
        `${showRecord(record)} follows ${showRecord(this.last)}: nobody has claimed epoch ${record.epoch}`,
      );
    if (record.epoch < this.epoch || !this.#follows(record)) return { type: "void" };
    if (record.position !== this.position + 1 || record.part !== this.#parts.length + 1)
      throw new LogUnreadableError(
        `${showRecord(record)} is to be part ${this.#parts.length + 1} of ${this.position + 1}`,
      );
    this.last = nameOf(record);
    this.#parts.push(record.body);
    if (record.part < record.parts) return { type: "part" };
    const parts = this.#parts;
    this.#parts = [];
    this.position = record.position;
    return { type: "transaction", position: record.position, parts };
  }

  #follows({ predecessor }: LogRecord): boolean {
    return isSameRecord(predecessor, this.last);
  }
}

function nameOf({ epoch, position, part }: LogRecord): RecordName {
  return { epoch, position, part };
}
