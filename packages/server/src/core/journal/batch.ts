/** One batch of the journal, as long as the store has it. */
export class Batch {
  readonly position: number;
  bytes = 0;
  /** Messages in it that a session still is owed, and their bytes. */
  live = 0;
  liveBytes = 0;
  /** The batch itself, while it is not committed, or there is room for it in memory and somebody is owed something of it. */
  content: Uint8Array | undefined;
  /** True while `content` counts against the memory that batches may take. */
  isCounted = false;
  /** Slots of the messages that were written into it; those that have moved or gone are in it no more. */
  readonly slots: number[] = [];

  constructor(position: number) {
    this.position = position;
  }
}

/** Reads a committed batch; the array is used at once and not kept. */
export type BatchReader = (position: number) => Uint8Array;
