import { closeSync, fstatSync, openSync } from "node:fs";
import { StoreError } from "@anax/server";
import type { DataDirectory } from "./data-directory.ts";
import { visitRows } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { errorCode } from "./failures.ts";
import { numberOfKey } from "./keys.ts";
import { readLogFile } from "./log-file.ts";
import { LogSegment } from "./log-segment.ts";
import type { BatchVisit } from "./tables.ts";

/** Rows of the segments that count, by their numbers, in order. */
export function segmentRows({ log }: Environment): Map<number, Uint8Array> {
  const rows: Map<number, Uint8Array> = new Map();
  if (log !== undefined) {
    visitRows(log, (key, row) => rows.set(numberOfKey(key), Uint8Array.from(row)));
  }
  return rows;
}

/** Which file is read, and how much of it. */
export interface SegmentToLoad {
  readonly number: number;
  readonly path: string;
  readonly row: Uint8Array;
  /** That of LMDB in the state that is read. */
  readonly epoch: number;
  readonly visit: BatchVisit;
  /** The file, if it is open. */
  readonly file?: number;
  /** Bytes of it that count. Default: all. */
  readonly size?: number;
}

/**
 * Reads a segment as its row says, and shows its batches.
 * @throws StoreError for what is missing or damaged
 */
export function loadSegment({
  number,
  path,
  row,
  epoch,
  visit,
  file,
  size,
}: SegmentToLoad): LogSegment {
  const { bytes, salt } = contentsOf(path, file);
  const segment = new LogSegment({ number, path, salt });
  segment.load(bytes.subarray(0, size), row, epoch, visit);
  return segment;
}

function contentsOf(path: string, file: number | undefined): { bytes: Buffer; salt: number } {
  let text = `${path} is not a log of a store`;
  try {
    const { bytes, salt } = readLogFile(file ?? path);
    if (salt !== undefined) return { bytes, salt };
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    text = `${path} is missing`;
  }
  throw new StoreError("ANAX_STORE_UNREADABLE", text);
}

/** The files of a log as they are at one moment, open, so that they can be read though they are deleted meanwhile. */
export interface LogView {
  /** Shows their batches in the order of their positions. */
  visit(visit: BatchVisit): void;
  statistics(): {
    readonly batches: number;
    readonly liveBytes: number;
    readonly fileBytes: number;
  };
  close(): void;
}

/** Times that a log is looked at whose files go while that is done. */
const ATTEMPTS = 100;

/**
 * Looks at the log of a store that a server may be using, as it is in the state of LMDB that is read from now on. What was
 * added to it after a later change of LMDB would not fit that state, and is passed over.
 */
export function viewLog(environment: Environment, directory: DataDirectory): LogView {
  for (let attempt = 1; ; attempt += 1) {
    environment.renew();
    const view = viewOnce(environment, directory);
    if (view !== undefined) return view;
    if (attempt < ATTEMPTS) continue;
    const text = `a file of the log in ${directory.path} is gone; if a server uses it, open it again`;
    throw new StoreError("ANAX_STORE_UNREADABLE", text);
  }
}

/** Undefined if a file is gone. */
function viewOnce(environment: Environment, directory: DataDirectory): LogView | undefined {
  const segments: { number: number; path: string; row: Uint8Array; file: number; size: number }[] =
    [];
  const epoch = environment.readEpoch();
  const close = (): void => {
    for (const { file } of segments) closeSync(file);
  };
  try {
    for (const [number, row] of segmentRows(environment)) {
      const path = directory.logFile(number);
      const file = openSync(path, "r");
      segments.push({ number, path, row, file, size: fstatSync(file).size });
    }
  } catch (error) {
    close();
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  return {
    visit(visit) {
      for (const segment of segments) loadSegment({ ...segment, epoch, visit });
    },
    statistics() {
      const ignore = (): void => undefined;
      const loaded = segments.map((segment) => loadSegment({ ...segment, epoch, visit: ignore }));
      const sum = (of: (segment: LogSegment) => number): number =>
        loaded.reduce((total, segment) => total + of(segment), 0);
      return {
        batches: sum(({ liveCount }) => liveCount),
        liveBytes: sum(({ liveBytes }) => liveBytes),
        fileBytes: sum(({ size }) => size),
      };
    },
    close,
  };
}
