import { StoreError } from "@anax/server";
import type { StoreVisitor } from "@anax/server";
import { DataDirectory } from "./data-directory.ts";
import { Environment } from "./environment.ts";
import { openingFailure, readingFailure } from "./failures.ts";
import { readDescription, refuseUnknownFormat } from "./format.ts";
import type { StoreDescription } from "./store-description.ts";
import { viewLog } from "./log-reading.ts";
import type { LogView } from "./log-reading.ts";
import { visitTables } from "./tables.ts";

/** How large the parts of a store are. */
export interface LmdbStatistics {
  readonly sessions: number;
  readonly batches: number;
  /** Retained messages, where topics with the same hash count as one. */
  readonly retained: number;
  /** Bytes of the pages that are in use, and of batches in the log. */
  readonly usedBytes: number;
  /** Bytes of the file, and of those of the log. */
  readonly fileBytes: number;
}

/**
 * Reads a store and changes nothing, also while a server uses it. Each call sees the store as of one moment. While a
 * visit lasts, the server cannot use pages again that were freed since it began: the file may grow.
 */
export interface LmdbReader {
  readonly description: StoreDescription;
  /** The file that is read. A store that is compacted meanwhile goes on in another one. */
  readonly file: string;
  /**
   * Shows all that the store holds, in the order of `Store.open`.
   * @throws StoreError if LMDB finds the file damaged.
   */
  visit(visitor: StoreVisitor): void;
  /** @throws StoreError if LMDB finds the file damaged. */
  statistics(): LmdbStatistics;
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens the store in a directory for reading.
 * @throws StoreError if there is none, its format is newer, or it cannot be read.
 */
export async function openReadOnly(path: string): Promise<LmdbReader> {
  const directory = new DataDirectory(path);
  let environment: Environment | undefined;
  try {
    directory.requireExisting();
    const file = directory.current;
    if (file === undefined) {
      throw new StoreError("ANAX_STORE_UNREADABLE", `there is no store in ${directory.path}`);
    }
    environment = new Environment(file, "read");
    const description = refuseUnknownFormat(directory.path, readDescription(environment));
    return readerOf(environment, directory, description);
  } catch (error) {
    await environment?.close();
    throw openingFailure(directory.path, error, "read");
  }
}

function readerOf(
  environment: Environment,
  directory: DataDirectory,
  description: StoreDescription,
): LmdbReader {
  const { path } = directory;
  const withLog = <Result>(read: (view: LogView) => Result): Result =>
    reading(path, () => {
      const view = viewLog(environment, directory);
      try {
        return read(view);
      } finally {
        view.close();
      }
    });
  return {
    description,
    file: environment.file,
    visit: (visitor) =>
      withLog((view) => visitTables(environment, visitor, (visit) => view.visit(visit))),
    statistics: () =>
      withLog((view) => {
        const { batches, ...counts } = environment.entryCounts();
        const log = view.statistics();
        return {
          ...counts,
          batches: batches + log.batches,
          usedBytes: environment.usedBytes + log.liveBytes,
          fileBytes: environment.fileBytes + log.fileBytes,
        };
      }),
    close: () => environment.close(),
  };
}

function reading<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw readingFailure(path, error);
  }
}
