import { NONE } from "./message-table.ts";

/** One batch of the journal, as long as the store has it. */
export class Batch {
  readonly position: number;
  bytes = 0;
  /** Messages in it that a session still is owed, and about how many bytes of the batch they are. */
  live = 0;
  liveBytes = 0;
  /** The batch itself, while it is not committed, or there is room for it in memory and somebody is owed something of it. */
  content: Uint8Array | undefined;
  /** True while `content` counts against the memory that batches may take. */
  isCounted = false;
  /** First of the list of its messages in the table. */
  first: number = NONE;

  constructor(position: number) {
    this.position = position;
  }
}

/** Reads a committed batch; the array is used at once and not kept. */
export type BatchReader = (position: number) => Uint8Array;
