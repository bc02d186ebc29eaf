import { hasWideAddressSpace } from "./address-space.ts";
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { StoreError } from "@anax/server";
import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { errorCode } from "./failures.ts";
import { refuseUnusableHead } from "./file-head.ts";

/** One ordered table of bytes by bytes. What `get` gives is valid until the next read of any table. */
export type Table = Database<Uint8Array, Uint8Array>;

/** How an LMDB file is opened. */
export type AccessMode = "disk" | "process" | "read";

/** Bytes as they are. What is read is a view that the next read overwrites: copies would cost most of the time. */
const BYTES = {
  compression: false,
  encoder: {
    encode: (value: Uint8Array): Uint8Array => value,
    decode: (bytes: Uint8Array): Uint8Array => viewOf(bytes, 0, bytes.length),
  },
  keyEncoder: {
    writeKey(key: Uint8Array, target: Uint8Array, start: number): number {
      target.set(key, start);
      return start + key.length;
    },
    readKey: viewOf,
  },
};

/** Key of the row that counts changes. */
const EPOCH = Buffer.from("epoch");

/** Below every key. */
const FIRST_KEY = Uint8Array.of(0);

function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/**
 * What LMDB does for us, chosen once. No overlapping syncs: a commit then does what LMDB's authors wrote it to do, on
 * a thread of its own, data, `fdatasync`, root page with `O_DSYNC`, and settles after that. We never commit two
 * transactions at a time, so there would be nothing to overlap.
 */
const SETTINGS = {
  ...BYTES,
  overlappingSync: false,
  // Nor batches of whatever was written in a turn: a failed one rejects a promise that nobody has.
  eventTurnBatching: false,
  permissionsMode: 0o600,
  maxDbs: 5,
};

/**
 * Room in the address space for a file to grow in, where there is plenty of it: no memory, and no limit. LMDB begins with little
 * and maps the file once more whenever that is too small, but keeps the older maps: what was read through each counted as
 * memory of the process again, twice the file in the end.
 */
const MAP_BYTES = 2 ** 36;
const MAP_SIZE = hasWideAddressSpace() ? { mapSize: MAP_BYTES } : {};

/** An open LMDB file, with the tables of a store in it. */
export class Environment {
  readonly file: string;
  readonly meta: Table;
  readonly sessions: Table;
  readonly retained: Table;
  readonly journal: Table;
  /** Which files of the log count (`batch-log.ts`). Undefined where a store of an older format is read. */
  readonly log: Table | undefined;
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  #isClosed = false;
  #epoch: number;
  #hasFreePages = false;

  /**
   * @throws StoreError if the file is not LMDB's or is shorter than it says
   * @throws Error of the system or of LMDB
   */
  constructor(file: string, mode: AccessMode) {
    this.file = file;
    if (existsSync(file)) refuseUnusableFile(file, mode);
    refuseUnusableLock(`${file}-lock`, mode);
    const options = {
      ...SETTINGS,
      ...MAP_SIZE,
      path: file,
      noSync: mode === "process",
      readOnly: mode === "read",
    };
    this.#root = open<Uint8Array, Uint8Array>(options);
    try {
      this.#refuseCutOffFile();
      this.meta = this.#table("meta");
      this.sessions = this.#table("sessions");
      this.retained = this.#table("retained");
      this.journal = this.#table("journal");
      this.log = this.#tableIfAny("log");
      this.#epoch = this.readEpoch();
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /** Makes the changes that `change` asks the tables for, all or none, and settles when they are made. */
  async write(change: () => void): Promise<void> {
    await this.#beginFreeList();
    const epoch = this.#epoch + 1;
    await this.#root.batch(() => {
      change();
      void this.meta.put(EPOCH, Buffer.from(String(epoch)));
    });
    this.#epoch = epoch;
  }

  /** Counts the changes that were made. What the log is given says after which of them. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The same of the state that is read just now, when another process writes. */
  readEpoch(): number {
    const row = this.meta.get(EPOCH);
    return row === undefined ? 0 : Number(Buffer.from(row).toString());
  }

  /**
   * LMDB's list of free pages must not be empty when a large entry is added to it, as when much is deleted at once: while it
   * looks for room for the entry, it reads the list, of which there is but a page with nothing on it yet, and takes for a key
   * what lies behind that page. That ends the process (`key.mv_size > 0` in `mdb_page_alloc`), or worse. The list is
   * empty in a file that was just compacted. So a row is written again, which frees a page or two: a small entry, which
   * needs no room of its own. From then on there always is one, for each transaction frees a page at least and adds its entry before it takes any away.
   */
  async #beginFreeList(): Promise<void> {
    if (this.#hasFreePages) return;
    const [row] = this.meta.getRange({ start: FIRST_KEY, limit: 1 });
    if (this.#freeEntries === 0 && row !== undefined) {
      const [key, value] = [row.key.slice(), row.value.slice()];
      await this.#root.batch(() => void this.meta.put(key, value));
    }
    this.#hasFreePages = row !== undefined;
  }

  /** Forgets the state that was read last: what is read next is the newest. */
  renew(): void {
    this.#root.resetReadTxn();
  }

  /** Entries in the list of free pages. */
  get #freeEntries(): number {
    const counts = statisticsOf(this.#root)["free"];
    return Number(Object(counts)["entryCount"]);
  }

  /** Bytes of the pages that are in use. */
  get usedBytes(): number {
    const { pageSize, free, root } = pageCounts(this.#root);
    const tables = [this.meta, this.sessions, this.retained, this.journal, this.log];
    const pages = tables.reduce(
      (sum, table) => sum + (table ? pageCounts(table).own : 0),
      2 + free + root,
    );
    return pages * pageSize;
  }

  /** How many rows the tables have. */
  entryCounts(): { sessions: number; retained: number; batches: number } {
    const [sessions, retained, batches] = [this.sessions, this.retained, this.journal].map(
      (table) => Number(statisticsOf(table)["entryCount"]),
    );
    return { sessions: sessions ?? 0, retained: retained ?? 0, batches: batches ?? 0 };
  }

  /** Bytes of the file. It never shrinks; pages that are not in use are used again. */
  get fileBytes(): number {
    return statSync(this.file).size;
  }

  /** Writes a copy without unused pages. */
  async copyTo(file: string): Promise<void> {
    await this.#root.backup(file, true);
  }

  /** Idempotent. Waits for a write that is under way. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#root.close();
  }

  #table(name: string): Table {
    const table = this.#tableIfAny(name);
    if (table === undefined) throw new Error(`it has no table ${name}`);
    return table;
  }

  #tableIfAny(name: string): Table | undefined {
    return this.#root.openDB<Uint8Array, Uint8Array>(name, BYTES);
  }

  #refuseCutOffFile(): void {
    const { pageSize, pagesMax } = pageCounts(this.#root);
    const [size, expected] = [this.fileBytes, pagesMax * pageSize];
    if (size >= expected) return;
    const text = `${this.file} is cut off: it has ${size} of ${expected} bytes`;
    throw new StoreError("ANAX_STORE_UNREADABLE", text);
  }
}

/** Rows of a table in the order of their keys. The arrays are valid until the next row only. */
export function rowsOf(table: Table): Iterator<{ key: Uint8Array; value: Uint8Array }> {
  return table.getRange({ start: FIRST_KEY })[Symbol.iterator]();
}

/** Shows all rows of a table in the order of their keys. The arrays are valid during the call only. */
export function visitRows(table: Table, visitor: (key: Uint8Array, row: Uint8Array) => void): void {
  const rows = rowsOf(table);
  for (let next = rows.next(); next.done !== true; next = rows.next()) {
    visitor(next.value.key, next.value.value);
  }
}

/** What LMDB or the system would refuse, or what would end the process there. */
function refuseUnusableFile(file: string, mode: AccessMode): void {
  refuseUnusableHead(file, mode === "read");
  // Whether it may be written says the system.
  if (mode !== "read") closeSync(openSync(file, "r+"));
}

/** LMDB keeps its readers in this file, so that even who only reads has to write to it. */
function refuseUnusableLock(file: string, mode: AccessMode): void {
  try {
    closeSync(openSync(file, "a", 0o600));
  } catch (error) {
    // Nobody writes where nobody can: LMDB reads there without a lock.
    if (mode === "read" && errorCode(error) === "EROFS") return;
    throw error;
  }
}

/** Pages by what they are for. */
interface PageCounts {
  readonly pageSize: number;
  /** Of the table that was asked. */
  readonly own: number;
  /** Of the list of free pages. */
  readonly free: number;
  /** Of the table of tables. */
  readonly root: number;
  /** Those that the file must have. */
  readonly pagesMax: number;
}

function pageCounts(table: Table): PageCounts {
  const statistics = statisticsOf(table);
  return {
    pageSize: Number(statistics["pageSize"]),
    own: pagesOf(statistics),
    free: pagesOf(statistics["free"]),
    root: pagesOf(statistics["root"]),
    pagesMax: Number(statistics["lastPageNumber"]) + 1,
  };
}

function statisticsOf(table: Table): Record<string, unknown> {
  return { ...table.getStats() };
}

function pagesOf(statistics: unknown): number {
  if (typeof statistics !== "object" || statistics === null) return 0;
  const counts: Record<string, unknown> = { ...statistics };
  const names = ["treeBranchPageCount", "treeLeafPageCount", "overflowPages"];
  return names.reduce((sum, name) => sum + Number(counts[name]), 0);
}
