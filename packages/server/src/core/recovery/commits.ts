import type { ReceivingContext } from "../receiving/receiving-context.ts";
import { Checkpoint } from "./checkpoint.ts";
import type { CheckpointExtent } from "./checkpoint.ts";
export type { CheckpointExtent } from "./checkpoint.ts";
import type { TableChanges } from "../journal/table-changes.ts";
import type { Journal } from "../journal/journal.ts";
import type { RowLimits } from "../journal/session-parts.ts";
import { CLOCK_KEY, encodeReading, movementBetween } from "../journal/server-time.ts";
import type { ClockMovement, ClockReading } from "../journal/server-time.ts";

/** What one commit makes permanent, all of it or nothing. */
export interface Commit extends TableChanges {
  readonly batch: { readonly position: number; readonly bytes: Uint8Array } | undefined;
  /** The commit begins or ends a checkpoint that writes everything. */
  readonly fullCheckpoint?: "begins" | "ends";
}

/** When checkpoints are due. */
export interface CheckpointPolicy {
  /** Bytes of journal since the last one: so many at least, and more while rows are large, see `Commits`. */
  readonly checkpointBytes: number;
  /** Milliseconds since the last one, if anything was appended. */
  readonly checkpointIntervalMs: number;
  /** From which size on parts of a session have rows of their own. Default: as `SessionParts` has it. */
  readonly rowLimits?: RowLimits;
  /** Rows that a checkpoint adds to one commit. Default: as `Checkpoint` has it. */
  readonly rowsPerCommit?: number;
}

/** A checkpoint comes when the journal has grown by this many times the rows that the last one had to write. */
const TIMES_ROWS = 4;
/** But when it has grown by this many times `checkpointBytes`, whatever that was. */
const TIMES_LEAST = 8;

/** A store that is a log is written anew when it has so many bytes at least, and this many times what is needed of it. */
const LOG_BYTES_MIN = 64 * 1_048_576;
const TIMES_STATE = 2;

/**
 * Makes the commits of a journal: its batches, and slices of a checkpoint when one is due. Checkpoints come often where
 * they cost little: the fewer batches there are to be deleted at a time, the fewer free pages has the store to keep.
 */
export class Commits {
  readonly #core: ReceivingContext;
  readonly #journal: Journal;
  readonly #policy: CheckpointPolicy;
  #checkpoint: Checkpoint | undefined;
  #bytes = 0;
  /** Bytes of the rows that the last checkpoint has written. */
  #rowBytes = 0;
  #isDirty = false;
  #asked: CheckpointExtent | undefined;
  /** The full checkpoint that is under way has begun with this commit. */
  #isBeginning = false;
  /** What the store has to hold, in bytes, as the last start or full checkpoint has found it. */
  #stateBytes: number;
  #begunAtMs: number;
  /** The last one that is stored, or is to be with the next commit. */
  #reading: ClockReading | undefined;
  #isReadingDue = false;

  constructor(
    core: ReceivingContext,
    journal: Journal,
    policy: CheckpointPolicy,
    stateBytes: number,
  ) {
    this.#core = core;
    this.#stateBytes = stateBytes;
    this.#journal = journal;
    this.#policy = policy;
    this.#begunAtMs = core.now;
  }

  /**
   * The next commit; undefined if there is nothing to store. One is to settle before the next is asked for. `logBytes`: what the
   * store has in its log; 0 if it is none.
   */
  next(logBytes: number): Commit | undefined {
    if (this.#checkpoint === undefined) this.#beginIfDue(logBytes);
    const changes = this.#withReading(this.#slice());
    const batch = this.#journal.close();
    if (batch !== undefined) {
      this.#bytes += batch.bytes.length;
      this.#isDirty = true;
    }
    const fullCheckpoint = this.#mark();
    if (fullCheckpoint !== undefined) return { batch, ...changes, fullCheckpoint };
    return batch === undefined && isEmpty(changes) ? undefined : { batch, ...changes };
  }

  #beginIfDue(logBytes: number): void {
    if (logBytes >= Math.max(LOG_BYTES_MIN, TIMES_STATE * this.#stateBytes))
      this.#begin("everything");
    else if (this.#asked !== undefined || this.#isDue) this.#begin(this.#asked ?? "changes");
  }

  /** What the commit that has the slice just taken is for a full checkpoint; lets go of a checkpoint that is done. */
  #mark(): Commit["fullCheckpoint"] {
    const checkpoint = this.#checkpoint;
    if (checkpoint === undefined) return undefined;
    const isFirst = this.#isBeginning;
    this.#isBeginning = false;
    if (checkpoint.isDone) this.#checkpoint = undefined;
    if (checkpoint.extent === "changes") return undefined;
    if (!checkpoint.isDone) return isFirst ? "begins" : undefined;
    this.#stateBytes = checkpoint.bytes;
    return "ends";
  }

  /**
   * Looks whether the machine's clocks still stand to the server's time as the store says, and has the next commit store
   * how they do now. Gives what has happened to them; undefined if nothing, or if there are no such clocks.
   */
  watchClocks(): ClockMovement | undefined {
    const reading = this.#core.readClocks();
    if (reading === undefined) return undefined;
    const moved = this.#reading && movementBetween(this.#reading, reading);
    if (this.#reading !== undefined && moved === undefined) return undefined;
    this.#reading = reading;
    this.#isReadingDue = true;
    return moved;
  }

  #withReading(changes: TableChanges): TableChanges {
    if (!this.#isReadingDue || this.#reading === undefined) return changes;
    this.#isReadingDue = false;
    const sessions = new Map(changes.sessions).set(CLOCK_KEY, encodeReading(this.#reading));
    return { ...changes, sessions };
  }

  /** Has the next commit begin a checkpoint, whether or not one is due; after the one that is under way. */
  ask(extent: CheckpointExtent): void {
    if (this.#asked !== "everything") this.#asked = extent;
  }

  /**
   * Begins a checkpoint: at a commit, so that all records of the batch that is about to be closed are known to it. A
   * record that joined that batch later would be taken for one that the tables contain.
   */
  #begin(extent: CheckpointExtent): void {
    this.#asked = undefined;
    this.#isBeginning = true;
    this.#checkpoint = new Checkpoint(this.#core, this.#journal, {
      extent,
      rowsPerCommit: this.#policy.rowsPerCommit,
    });
    this.#bytes = 0;
    this.#rowBytes = 0;
    this.#isDirty = false;
    this.#begunAtMs = this.#core.now;
    this.#reading = this.#core.readClocks();
    this.#isReadingDue = this.#reading !== undefined;
  }

  /** True while a checkpoint has more to do: the next commit is due at once then. */
  get isCheckpointing(): boolean {
    return this.#asked !== undefined || this.#checkpoint !== undefined;
  }

  get #isDue(): boolean {
    const age = this.#core.now - this.#begunAtMs;
    const { checkpointBytes } = this.#policy;
    const grown = Math.min(TIMES_ROWS * this.#rowBytes, TIMES_LEAST * checkpointBytes);
    return (
      this.#bytes >= Math.max(checkpointBytes, grown) ||
      (this.#isDirty && age >= this.#policy.checkpointIntervalMs)
    );
  }

  #slice(): TableChanges {
    const slice = this.#checkpoint?.contribute() ?? NO_CHANGES;
    for (const row of slice.sessions.values()) this.#rowBytes += row?.length ?? 0;
    for (const row of slice.retained.values()) this.#rowBytes += row?.length ?? 0;
    return slice;
  }
}

const NO_CHANGES: TableChanges = { sessions: new Map(), retained: new Map(), deletedBatches: [] };

function isEmpty(changes: TableChanges): boolean {
  return (
    changes.sessions.size === 0 &&
    changes.retained.size === 0 &&
    changes.deletedBatches.length === 0
  );
}
