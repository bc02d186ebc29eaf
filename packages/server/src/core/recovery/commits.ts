import type { CoreContext } from "../core-context.ts";
import { Checkpoint } from "./checkpoint.ts";
import type { TableChanges } from "../journal/table-changes.ts";
import type { Journal } from "../journal/journal.ts";
import type { RowLimits } from "../journal/session-parts.ts";
import { CLOCK_KEY, encodeReading, movementBetween } from "../journal/server-time.ts";
import type { ClockMovement, ClockReading } from "../journal/server-time.ts";

/** What one commit makes permanent, all of it or nothing. */
export interface Commit extends TableChanges {
  readonly batch: { readonly position: number; readonly bytes: Uint8Array } | undefined;
}

/** When checkpoints are due. */
export interface CheckpointPolicy {
  /** Bytes of journal since the last one: so many at least, and more while rows are large, see `Commits`. */
  readonly checkpointBytes: number;
  /** Milliseconds since the last one, if anything was appended. */
  readonly checkpointIntervalMs: number;
  /** From which size on parts of a session have rows of their own. Default: as `SessionParts` has it. */
  readonly rowLimits?: RowLimits;
}

/** A checkpoint comes when the journal has grown by this many times the rows that the last one had to write. */
const TIMES_ROWS = 4;
/** But when it has grown by this many times `checkpointBytes`, whatever that was. */
const TIMES_LEAST = 8;

/**
 * Makes the commits of a journal: its batches, and slices of a checkpoint when one is due. Checkpoints come often where
 * they cost little: the fewer batches there are to be deleted at a time, the fewer free pages has the store to keep.
 */
export class Commits {
  readonly #core: CoreContext;
  readonly #journal: Journal;
  readonly #policy: CheckpointPolicy;
  #checkpoint: Checkpoint | undefined;
  #bytes = 0;
  /** Bytes of the rows that the last checkpoint has written. */
  #rowBytes = 0;
  #isDirty = false;
  #isAsked = false;
  #begunAtMs: number;
  /** The last one that is stored, or is to be with the next commit. */
  #reading: ClockReading | undefined;
  #isReadingDue = false;

  constructor(core: CoreContext, journal: Journal, policy: CheckpointPolicy) {
    this.#core = core;
    this.#journal = journal;
    this.#policy = policy;
    this.#begunAtMs = core.now;
  }

  /** The next commit; undefined if there is nothing to store. One is to settle before the next is asked for. */
  next(): Commit | undefined {
    if (this.#checkpoint === undefined && (this.#isAsked || this.#isDue)) this.#begin();
    const changes = this.#withReading(this.#slice());
    const batch = this.#journal.close();
    if (batch !== undefined) {
      this.#bytes += batch.bytes.length;
      this.#isDirty = true;
    }
    return batch === undefined && isEmpty(changes) ? undefined : { batch, ...changes };
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

  /** Has the next commit begin a checkpoint, whether or not one is due. */
  ask(): void {
    this.#isAsked = true;
  }

  /**
   * Begins a checkpoint: at a commit, so that all records of the batch that is about to be closed are known to it. A
   * record that joined that batch later would be taken for one that the tables contain.
   */
  #begin(): void {
    this.#isAsked = false;
    this.#checkpoint = new Checkpoint(this.#journal, this.#core.retained);
    this.#bytes = 0;
    this.#rowBytes = 0;
    this.#isDirty = false;
    this.#begunAtMs = this.#core.now;
    this.#reading = this.#core.readClocks();
    this.#isReadingDue = this.#reading !== undefined;
  }

  /** True while a checkpoint has more to do: the next commit is due at once then. */
  get isCheckpointing(): boolean {
    return this.#isAsked || this.#checkpoint !== undefined;
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
    if (this.#checkpoint?.isDone === true) this.#checkpoint = undefined;
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
