import { LogUnreadableError } from "./log-reader.ts";
import type { LogReader } from "./log-reader.ts";
import { isSameRecord, showRecord } from "./log-record.ts";
import type { LogRecord } from "./log-record.ts";

/** A log that refuses so often what is to stand behind its end has lost some of it. Less may be a leader that is still new. */
const REFUSALS_MAX = 10;

/** What became of an append. `unknown`: nobody has said. */
export type AppendAnswer =
  | { readonly type: "stored"; readonly sequence: number }
  | { readonly type: "refused" | "unknown" };

/** What an owner wants done next; one of these at a time, but for those that end it or tell of something. */
export type OwnerAction =
  /** Append this behind `expected`, and behind nothing else; then call `answered` with the same `attempt`. */
  | {
      readonly type: "append";
      readonly record: LogRecord;
      readonly expected: number;
      readonly attempt: number;
    }
  /** Ask the leader for what stands there, and nobody else; then call `found` with the same `attempt`. */
  | { readonly type: "read"; readonly sequence: number; readonly attempt: number }
  /** The shard is its own: it may serve. */
  | { readonly type: "owned"; readonly epoch: number }
  /** The transaction is stored. */
  | { readonly type: "committed"; readonly position: number }
  /** `fenced`: another one has the shard. `unreadable`: something of the log is gone. Nothing is to be appended any more. */
  | { readonly type: "over"; readonly outcome: "fenced" | "unreadable"; readonly reason: string };

/**
 * Writes a shard's log, as the only one of its epoch. One append at a time: what is sent ahead can be stored behind the record
 * of another owner. Whatever is not said to be stored where it was to be is looked up before anything else is done: a
 * refusal does not mean that it is not stored, and no answer means nothing. Knows no clock and no log: it is told what
 * happens and says what to do.
 */
export class LogOwner {
  readonly epoch: number;
  readonly #reader: LogReader;
  readonly #claim: LogRecord;
  /** Parts of the transaction that is being written, or the claim; the first is next. */
  #records: LogRecord[] = [];
  #attempt = 0;
  /** Refusals one after the other, of what is not stored. */
  #refusals = 0;
  #isOwned = false;
  #isOver = false;

  /** `reader`: has read the whole log. `claimant`: what the claim says of who makes it. */
  constructor(reader: LogReader, claimant: Uint8Array) {
    this.#reader = reader;
    this.epoch = reader.epoch + 1;
    const { position, last: predecessor } = reader;
    const { epoch } = this;
    this.#claim = { epoch, position, part: 0, parts: 0, predecessor, body: claimant };
  }

  /** True once it has the shard, and until it is over. */
  get isOwner(): boolean {
    return this.#isOwned && !this.#isOver;
  }

  /** True while something is being written. */
  get isWriting(): boolean {
    return this.#records.length > 0 && !this.#isOver;
  }

  claim(): OwnerAction[] {
    this.#records = [this.#claim];
    return this.#append();
  }

  /** Writes a transaction, of one part at least. The one before must be committed. */
  commit(parts: readonly Uint8Array[]): OwnerAction[] {
    if (!this.isOwner) throw new Error("the shard is not owned");
    if (this.isWriting) throw new Error("a transaction is being written");
    if (parts.length === 0) throw new Error("a transaction has no part");
    const { epoch } = this;
    const position = this.#reader.position + 1;
    let predecessor = this.#reader.last;
    this.#records = parts.map((body, index) => {
      const record = { epoch, position, part: index + 1, parts: parts.length, predecessor, body };
      predecessor = { epoch, position, part: record.part };
      return record;
    });
    return this.#append();
  }

  answered(attempt: number, answer: AppendAnswer): OwnerAction[] {
    if (!this.#isCurrent(attempt)) return [];
    const expected = this.#reader.sequence;
    if (answer.type === "stored" && answer.sequence === expected + 1) return this.#stored();
    this.#refusals = answer.type === "refused" ? this.#refusals + 1 : 0;
    return this.#read();
  }

  /**
   * What stands there now; undefined if nothing does yet, "gone" if the log begins behind it, "unknown" if nobody could say.
   */
  found(attempt: number, record: LogRecord | "gone" | "unknown" | undefined): OwnerAction[] {
    if (!this.#isCurrent(attempt)) return [];
    if (record === "unknown") return this.#read();
    if (record === "gone")
      return this.#end("fenced", "another owner has thrown away what came next");
    if (record === undefined && this.#refusals >= REFUSALS_MAX)
      return this.#end(
        "unreadable",
        `the log ends before ${this.#reader.sequence}, which was confirmed`,
      );
    if (record === undefined) return this.#append();
    this.#refusals = 0;
    const [own] = this.#records;
    if (own !== undefined && isSame(record, own)) return this.#stored();
    return this.#foreign(record);
  }

  /** A record of another owner. One that is void is in the way, and no more: it is appended behind it. */
  #foreign(record: LogRecord): OwnerAction[] {
    try {
      const { type } = this.#reader.take(this.#reader.sequence + 1, record);
      if (type === "void") return this.#read();
      return this.#end("fenced", `${showRecord(record)} is another owner's`);
    } catch (error) {
      return this.#unreadable(error);
    }
  }

  /** The first record that is not known to be stored is. */
  #stored(): OwnerAction[] {
    const [record, ...rest] = this.#records;
    if (record === undefined) return [];
    this.#records = rest;
    try {
      const taken = this.#reader.take(this.#reader.sequence + 1, record);
      if (taken.type === "void")
        return this.#end("unreadable", `${showRecord(record)} does not follow what was confirmed`);
      if (taken.type === "part") return this.#append();
    } catch (error) {
      return this.#unreadable(error);
    }
    if (this.#isOwned) return [{ type: "committed", position: this.#reader.position }];
    this.#isOwned = true;
    return [{ type: "owned", epoch: this.epoch }];
  }

  #append(): OwnerAction[] {
    const [record] = this.#records;
    if (record === undefined) return [];
    this.#attempt += 1;
    const expected = this.#reader.sequence;
    return [{ type: "append", record, expected, attempt: this.#attempt }];
  }

  #read(): OwnerAction[] {
    this.#attempt += 1;
    return [{ type: "read", sequence: this.#reader.sequence + 1, attempt: this.#attempt }];
  }

  #unreadable(error: unknown): OwnerAction[] {
    if (!(error instanceof LogUnreadableError)) throw error;
    return this.#end("unreadable", error.message);
  }

  #end(outcome: "fenced" | "unreadable", reason: string): OwnerAction[] {
    this.#isOver = true;
    return [{ type: "over", outcome, reason }];
  }

  /** Of an answer that comes twice, or when it is not waited for any more, nothing is taken. */
  #isCurrent(attempt: number): boolean {
    return !this.#isOver && attempt === this.#attempt;
  }
}

/** True if it is the very record: two who claim one epoch write claims that differ in who makes them. */
function isSame(one: LogRecord, other: LogRecord): boolean {
  return (
    isSameRecord(one, other) &&
    isSameRecord(one.predecessor, other.predecessor) &&
    one.body.length === other.body.length &&
    one.body.every((byte, index) => byte === other.body[index])
  );
}
