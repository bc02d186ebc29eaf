import type { CoreContext } from "../core-context.ts";
import { Checkpoint } from "./checkpoint.ts";
import type { TableChanges } from "./checkpoint.ts";
import type { Journal } from "./journal.ts";

/** What one commit makes permanent, all of it or nothing. */
export interface Commit extends TableChanges {
  readonly batch: { readonly position: number; readonly bytes: Uint8Array } | undefined;
}

/** When checkpoints are due. */
export interface CheckpointPolicy {
  /** Bytes of journal since the last one. */
  readonly checkpointBytes: number;
  /** Milliseconds since the last one, if anything was appended. */
  readonly checkpointIntervalMs: number;
}

/** Makes the commits of a journal: its batches, and slices of a checkpoint when one is due. */
export class Commits {
  readonly #core: CoreContext;
  readonly #journal: Journal;
  readonly #policy: CheckpointPolicy;
  #checkpoint: Checkpoint | undefined;
  #bytes = 0;
  #isDirty = false;
  #isAsked = false;
  #begunAtMs: number;

  constructor(core: CoreContext, journal: Journal, policy: CheckpointPolicy) {
    this.#core = core;
    this.#journal = journal;
    this.#policy = policy;
    this.#begunAtMs = core.now;
  }

  /** The next commit; undefined if there is nothing to store. One is to settle before the next is asked for. */
  next(): Commit | undefined {
    if (this.#checkpoint === undefined && (this.#isAsked || this.#isDue)) this.#begin();
    const changes = this.#slice();
    const batch = this.#journal.close();
    if (batch !== undefined) {
      this.#bytes += batch.bytes.length;
      this.#isDirty = true;
    }
    return batch === undefined && isEmpty(changes) ? undefined : { batch, ...changes };
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
    this.#isDirty = false;
    this.#begunAtMs = this.#core.now;
  }

  /** True while a checkpoint has more to do: the next commit is due at once then. */
  get isCheckpointing(): boolean {
    return this.#isAsked || this.#checkpoint !== undefined;
  }

  get #isDue(): boolean {
    const age = this.#core.now - this.#begunAtMs;
    return (
      this.#bytes >= this.#policy.checkpointBytes ||
      (this.#isDirty && age >= this.#policy.checkpointIntervalMs)
    );
  }

  #slice(): TableChanges {
    const slice = this.#checkpoint?.contribute() ?? NO_CHANGES;
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
