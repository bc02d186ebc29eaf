import type { TableChanges } from "../journal/table-changes.ts";
import { ByteWriter, copyBytes } from "@anax/protocol";
import type { ReceivingContext } from "../receiving/receiving-context.ts";
import type { RetainedMessages } from "../retained/retained-messages.ts";
import { isStored } from "../retained/retaining.ts";
import { NONE } from "../retained/topic-nodes.ts";
import type { Session } from "../sessions/session.ts";
import type { Batch } from "../journal/batch.ts";
import { writeNumber } from "../journal/fields.ts";
import type { Journal } from "../journal/journal.ts";
import { topicIn } from "../journal/message-record.ts";
import { writeSessionRow } from "../journal/session-row.ts";

/**
 * What a checkpoint writes: rows of what has changed since the one before, or all that the store is to hold. After one of
 * `everything` a log needs nothing that is older than the commit which it began with.
 */
export type CheckpointExtent = "changes" | "everything";

interface CheckpointSettings {
  readonly extent: CheckpointExtent;
  /** Rows that one commit takes on top of its batch. Default 256. */
  readonly rowsPerCommit?: number | undefined;
}

/** Key of the row that is no session: how far the last checkpoint came. */
export const CHECKPOINT_KEY = 0;

/** Rows, and bytes of rows and rewritten messages, that one commit takes on top of its batch. */
const ROWS_PER_COMMIT = 256;
const BYTES_PER_COMMIT = 1_048_576;

/**
 * Brings the tables up to what the journal says and deletes batches that are needed no more, a slice with each commit,
 * so that none takes long. A checkpoint has three steps:
 *
 * 1. Rows of all sessions and topics that had records when it began. A row says after which batch it holds, so records
 *    that it already contains are passed over in recovery.
 * 2. The row that says that all records up to the `cutoff` are contained in rows. From then on batches up to there are
 *    needed only for the messages in them.
 * 3. Of these batches, those that nobody is owed anything of are deleted; of those that are mostly dead the live
 *    messages are written again at the end.
 *
 * One of `everything` writes the rows of all sessions and topics, all their parts, and again each live message that was
 * committed before it began.
 */
export class Checkpoint {
  readonly #journal: Journal;
  readonly #retained: RetainedMessages;
  readonly extent: CheckpointExtent;
  readonly #rowsPerCommit: number;
  readonly #cutoff: number;
  /** All batches below are written again and deleted, however much of them is live. */
  readonly #rewrittenBelow: number;
  /** For all session rows: there may be thousands, and large ones. */
  readonly #writer: ByteWriter = new ByteWriter(1_024);
  #sessions: Session[];
  #deleted: number[];
  #topics: string[];
  /** Rows of all retained messages; undefined where only what has changed is written. */
  readonly #retainedRows: Generator<number, void, undefined> | undefined;
  #areRowsDone = false;
  #batches: Batch[] | undefined;
  isDone = false;
  /** Bytes of rows and rewritten messages so far. */
  bytes = 0;

  constructor(
    core: ReceivingContext,
    journal: Journal,
    { extent, rowsPerCommit = ROWS_PER_COMMIT }: CheckpointSettings,
  ) {
    const isFull = extent === "everything";
    this.extent = extent;
    this.#rowsPerCommit = rowsPerCommit;
    this.#journal = journal;
    this.#retained = core.retained;
    this.#cutoff = journal.lastPosition;
    // What is in the open batch is in the commit that this checkpoint begins with.
    this.#rewrittenBelow = isFull ? journal.position : 0;
    this.#retainedRows = isFull ? core.retained.rows() : undefined;
    this.#sessions = isFull ? allSessions(core, journal) : Array.from(journal.dirtySessions);
    if (isFull) journal.parts.forgetWritten();
    this.#deleted = Array.from(journal.deletedSessions);
    const topics = Array.from(journal.dirtyTopics);
    // All that are there are written anyway.
    this.#topics = isFull ? topics.filter((topic) => this.#retained.find(topic) === NONE) : topics;
    journal.dirtySessions.clear();
    journal.deletedSessions.clear();
    journal.dirtyTopics.clear();
  }

  /** The next slice. Called just before the open batch is closed, whose records the rows contain. */
  contribute(): TableChanges {
    const changes: TableChanges = { sessions: new Map(), retained: new Map(), deletedBatches: [] };
    if (this.#areRowsDone) this.#sweep(changes);
    else if (this.#writeRows(changes)) this.#finishRows(changes);
    return changes;
  }

  /** True if no row is left to write. */
  #writeRows(changes: TableChanges): boolean {
    let bytes = 0;
    for (let rows = 0; rows < this.#rowsPerCommit && bytes < BYTES_PER_COMMIT; rows += 1) {
      const row = this.#nextRow(changes);
      if (row < 0) return true;
      bytes += row;
      this.bytes += row;
    }
    return false;
  }

  /** Writes one row; gives its bytes, or -1 if there are no more. */
  #nextRow(changes: TableChanges): number {
    const session = this.#sessions.pop();
    if (session !== undefined) return this.#writeSession(session, changes);
    const deleted = this.#deleted.pop();
    if (deleted !== undefined) {
      changes.sessions.set(deleted, undefined);
      this.#journal.parts.delete(deleted, changes);
      return 0;
    }
    const topic = this.#topics.pop();
    return topic === undefined ? this.#nextRetained(changes) : this.#writeRetained(topic, changes);
  }

  /** Writes the next of all retained messages; gives its bytes, or -1 if there are no more. */
  #nextRetained(changes: TableChanges): number {
    const next = this.#retainedRows?.next();
    if (next === undefined || next.done === true) return -1;
    const record = this.#retained.record(next.value);
    const topic = topicIn(record, 0);
    if (!isStored(topic)) return 0;
    changes.retained.set(topic, record);
    return record.length;
  }

  #writeSession(session: Session, changes: TableChanges): number {
    // One that was deleted meanwhile has a record that says so, after the cutoff.
    if (session.number === 0) return 0;
    const writer = this.#writer;
    writer.length = 0;
    writeSessionRow(writer, session, this.#journal);
    changes.sessions.set(session.number, copyBytes(writer.bytes, 0, writer.length));
    return writer.length + this.#journal.parts.write(session, this.#journal, changes);
  }

  #writeRetained(topic: string, changes: TableChanges): number {
    const row = this.#retained.find(topic);
    const record = row === NONE ? undefined : this.#retained.record(row);
    changes.retained.set(topic, record);
    return record?.length ?? 0;
  }

  #finishRows(changes: TableChanges): void {
    const writer = new ByteWriter(24);
    writeNumber(writer, this.#cutoff);
    writeNumber(writer, this.#journal.nextSession);
    writeNumber(writer, this.#journal.nextMessage);
    changes.sessions.set(CHECKPOINT_KEY, writer.finish());
    this.#areRowsDone = true;
  }

  /** The batches up to the cutoff, newest first. The newest of them was closed with the last rows. */
  #batchesToSweep(): Batch[] {
    const { batches } = this.#journal.messages;
    const old = Array.from(batches.values()).filter((batch) => batch.position <= this.#cutoff);
    return old.reverse();
  }

  #sweep(changes: TableChanges): void {
    this.#batches ??= this.#batchesToSweep();
    const batches = this.#batches;
    const { messages } = this.#journal;
    let bytes = 0;
    let rewritten = 0;
    while (bytes < BYTES_PER_COMMIT && rewritten < this.#rowsPerCommit * 4) {
      const batch = batches.pop();
      if (batch === undefined) {
        this.isDone = true;
        return;
      }
      const isRewritten = batch.position < this.#rewrittenBelow;
      if (!isRewritten && batch.liveBytes * 2 > batch.bytes) continue;
      bytes += batch.liveBytes;
      this.bytes += batch.liveBytes;
      rewritten += batch.live;
      if (batch.live > 0) for (const slot of messages.slotsIn(batch)) this.#journal.rewrite(slot);
      changes.deletedBatches.push(batch.position);
      messages.delete(batch);
    }
  }
}

/** All that have a row, or are to get one. */
function allSessions(core: ReceivingContext, { unlisted }: Journal): Session[] {
  const durable = Array.from(core.sessions).filter((session) => session.number !== 0);
  return [...durable, ...unlisted];
}
