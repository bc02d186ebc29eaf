/** Names one record of a shard's log. */
export interface RecordName {
  /** Which ownership it was written under. */
  readonly epoch: number;
  /** Number of the transaction; that of an epoch's first record is the number before it. */
  readonly position: number;
  /** Which part of the transaction, from 1 on; 0 of an epoch's first record. */
  readonly part: number;
}

/**
 * One record of a shard's log: a part of a transaction, or the first one of an epoch, by which its owner has claimed the shard.
 * It names the record before it, so that what came in between, from an owner that is one no more, is known to be void.
 */
export interface LogRecord extends RecordName {
  /** Parts of the transaction; 0 of an epoch's first record. */
  readonly parts: number;
  readonly predecessor: RecordName;
  readonly body: Uint8Array;
}

/** Before everything. */
export const LOG_BEGIN: RecordName = { epoch: 0, position: 0, part: 0 };

export function isSameRecord(one: RecordName, other: RecordName): boolean {
  return one.epoch === other.epoch && one.position === other.position && one.part === other.part;
}

/** The first record of an epoch. */
export function isClaim({ parts }: LogRecord): boolean {
  return parts === 0;
}

/** "12/7.1": epoch, position and part. */
export function showRecord({ epoch, position, part }: RecordName): string {
  return `${epoch}/${position}.${part}`;
}
