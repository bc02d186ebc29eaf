import { rmSync } from "node:fs";
import type { DataDirectory } from "./data-directory.ts";
import type { Environment } from "./environment.ts";
import { numberKey } from "./keys.ts";
import { createLogFile, LogWriter } from "./log-file.ts";
import { encodeRecord, RECORD_HEADER_BYTES } from "./log-record.ts";
import { LogSegment } from "./log-segment.ts";
import { loadSegment, segmentRows } from "./log-reading.ts";
import { applyChanges } from "./tables.ts";
import type { BatchVisit, RowChange } from "./tables.ts";

/** A file that has grown to this is closed. */
const SEGMENT_BYTES = 8_388_608;

/** A closed file of which more than one in so many bytes is deleted is given up, and the others are kept in the table. */
const LIVE_SHARE = 2;

/** Files of the log that may have batches that are not deleted; those of older ones move to the table, which is read at less cost. */
const RECENT = 3;

/** Bytes of batches that move at a time, after as many were added. */
const MOVED_BYTES = 1_048_576;

/** What deleting batches of the log means. */
export interface LogDeletion {
  readonly changes: readonly RowChange[];
  /** True if batches that are kept move to the table of batches. */
  readonly moves: boolean;
  /** To be called when the changes are made. */
  settled(): void;
}

/**
 * The batches that were committed by themselves: at the end of a file, which costs a fraction of a transaction of LMDB.
 * Everything else is LMDB's, also which files of the log count (its table `log` has a row for each) and which batches in
 * them are deleted. A commit goes to one of the two, so that it is there as a whole or not at all.
 */
export class BatchLog {
  readonly #directory: DataDirectory;
  readonly #isSynced: boolean;
  #segments: LogSegment[] = [];
  #next = 1;
  #writer: LogWriter | undefined;
  /** Bytes that were added since batches moved. */
  #addedBytes = 0;

  constructor(directory: DataDirectory, isSynced: boolean) {
    this.#directory = directory;
    this.#isSynced = isSynced;
  }

  /** Bytes of the batches that are not deleted. */
  get liveBytes(): number {
    return this.#segments.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
  }

  get fileBytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Reads all files that count, shows the batches in them in the order of their positions, and deletes what a crash has
   * left of others. What a crash has cut off was never confirmed.
   * @throws StoreError for what is damaged
   */
  open(environment: Environment, visit: BatchVisit): void {
    const rows = segmentRows(environment);
    for (const [number, row] of rows) {
      const path = this.#directory.logFile(number);
      this.#segments.push(loadSegment({ number, path, row, epoch: Infinity, visit }));
    }
    this.#next = Math.max(0, ...rows.keys()) + 1;
    this.#directory.tidyLogs(rows);
  }

  has(position: number): boolean {
    return this.#segmentOf(position) !== undefined;
  }

  read(position: number): Uint8Array | undefined {
    return this.#segmentOf(position)?.read(position);
  }

  /** Bytes that a batch takes here. */
  static bytesFor(batch: Uint8Array): number {
    return batch.length + RECORD_HEADER_BYTES;
  }

  /**
   * Adds a batch, whose position is above all others. Settles when it is as safe as the store promises.
   * @throws Error of the system or of LMDB. Nothing has changed then.
   * @throws AggregateError if even that is not known
   */
  async append(environment: Environment, position: number, batch: Uint8Array): Promise<void> {
    const segment = this.#open() ?? (await this.#begin(environment));
    const record = encodeRecord({ position, epoch: environment.epoch, batch }, segment.salt);
    await this.#writer?.append(record);
    segment.add(position, segment.size + record.length);
    this.#addedBytes += record.length;
  }

  /** What is to be written to LMDB now so that the oldest batches are kept there; undefined if nothing. */
  moving({ log, journal }: Environment): LogDeletion | undefined {
    const [oldest] = this.#segments;
    const isDue = this.#addedBytes >= MOVED_BYTES && this.#segments.length > RECENT;
    if (!isDue || oldest === undefined || log === undefined) return undefined;
    this.#addedBytes = 0;
    const moved: number[] = [];
    const changes: RowChange[] = [];
    let bytes = 0;
    for (const position of oldest.livePositions) {
      if (bytes >= MOVED_BYTES) break;
      const row = oldest.read(position);
      bytes += row?.length ?? 0;
      moved.push(position);
      changes.push({ table: journal, key: numberKey(position), row });
    }
    const isEmpty = moved.length === oldest.liveCount;
    const row = isEmpty ? undefined : oldest.row(oldest.isClosed, moved);
    changes.push({ table: log, key: numberKey(oldest.number), row });
    const settled = (): void => {
      oldest.delete(moved);
      if (isEmpty) this.#forget(new Set([oldest]));
    };
    return { changes, moves: true, settled };
  }

  /**
   * What is to be written to LMDB so that batches are deleted.
   * @param mayMove whether batches that are kept may move, so that a file with little in it can go
   */
  deletion(positions: readonly number[], environment: Environment, mayMove: boolean): LogDeletion {
    for (const segment of this.#segments) segment.rest();
    const bySegment: Map<LogSegment, number[]> = new Map();
    for (const position of positions) {
      const segment = this.#segmentOf(position);
      if (segment === undefined) continue;
      const own = bySegment.get(segment);
      if (own === undefined) bySegment.set(segment, [position]);
      else own.push(position);
    }
    return this.#deletionOf(bySegment, environment, mayMove);
  }

  /** The same for files with little in them, though nothing is deleted. */
  clearing(environment: Environment): LogDeletion {
    this.closeSegment();
    const all = this.#segments.map((segment) => [segment, []] as const);
    return this.#deletionOf(new Map(all), environment, true);
  }

  #deletionOf(
    bySegment: ReadonlyMap<LogSegment, readonly number[]>,
    { log, journal }: Environment,
    mayMove: boolean,
  ): LogDeletion {
    if (log === undefined) return { changes: [], moves: false, settled: () => undefined };
    const changes: RowChange[] = [];
    const gone: LogSegment[] = [];
    let moves = false;
    for (const [segment, deleted] of bySegment) {
      const key = numberKey(segment.number);
      const liveBytes = segment.liveBytes - segment.bytesOf(deleted);
      const isLittle = liveBytes * LIVE_SHARE < segment.size && segment !== this.#open();
      if (liveBytes > 0 && !(mayMove && isLittle)) {
        changes.push({ table: log, key, row: segment.row(segment.isClosed, deleted) });
        continue;
      }
      gone.push(segment);
      changes.push({ table: log, key, row: undefined });
      const isDeleted = new Set(deleted);
      for (const position of segment.livePositions) {
        if (isDeleted.has(position)) continue;
        moves = true;
        changes.push({ table: journal, key: numberKey(position), row: segment.read(position) });
      }
    }
    const settled = (): void => {
      for (const [segment, deleted] of bySegment) segment.delete(deleted);
      if (gone.length > 0) this.#forget(new Set(gone));
    };
    return { changes, moves, settled };
  }

  /** What comes next goes into a new file: who reads an older state of LMDB must not find it in one that counts there. */
  closeSegment(): void {
    this.#writer?.close();
    this.#writer = undefined;
  }

  /** The file that is written to; undefined if a new one has to be begun. */
  #open(): LogSegment | undefined {
    const last = this.#segments.at(-1);
    return this.#writer !== undefined && last !== undefined && last.size < SEGMENT_BYTES
      ? last
      : undefined;
  }

  async #begin(environment: Environment): Promise<LogSegment> {
    const { log } = environment;
    if (log === undefined) throw new Error("a store of an older format has no log");
    this.closeSegment();
    const number = this.#next;
    const path = this.#directory.logFile(number);
    const unclosed = this.#segments.filter(({ isClosed }) => !isClosed);
    const salt = createLogFile(path, this.#isSynced);
    if (this.#isSynced) this.#directory.sync();
    const segment = new LogSegment({ number, path, salt });
    const rowOf = (one: LogSegment, isClosed: boolean): RowChange => {
      return { table: log, key: numberKey(one.number), row: one.row(isClosed) };
    };
    const changes = [...unclosed.map((old) => rowOf(old, true)), rowOf(segment, false)];
    await environment.write(() => applyChanges(changes));
    for (const old of unclosed) old.isClosed = true;
    this.#next += 1;
    this.#segments.push(segment);
    this.#writer = new LogWriter(path, this.#isSynced);
    return segment;
  }

  #segmentOf(position: number): LogSegment | undefined {
    return this.#segments.find((segment) => position <= segment.last && segment.has(position));
  }

  #forget(gone: ReadonlySet<LogSegment>): void {
    const last = this.#segments.at(-1);
    if (last !== undefined && gone.has(last)) this.closeSegment();
    this.#segments = this.#segments.filter((segment) => !gone.has(segment));
    for (const { path } of gone) removeLater(path);
  }
}

/** A file that somebody reads stays where the system wants it so: the next server deletes it. */
function removeLater(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It does not count any more.
  }
}
