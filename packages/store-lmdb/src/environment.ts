import { statSync } from "node:fs";
import { StoreError } from "@anax/server";
import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";

/** One ordered table of bytes by bytes. */
export type Table = Database<Uint8Array, Uint8Array>;

/** How an LMDB file is opened. */
export type AccessMode = "disk" | "process" | "read";

const BINARY = { encoding: "binary", keyEncoding: "binary" } as const;

/**
 * What LMDB does for us, chosen once. No overlapping syncs: a commit then does what LMDB's authors wrote it to do, on
 * a thread of its own, data, `fdatasync`, root page with `O_DSYNC`, and settles after that. We never commit two
 * transactions at a time, so there would be nothing to overlap.
 */
const SETTINGS = {
  ...BINARY,
  overlappingSync: false,
  // Nor batches of whatever was written in a turn: a failed one rejects a promise that nobody has.
  eventTurnBatching: false,
  permissionsMode: 0o600,
  maxDbs: 4,
};

/** An open LMDB file, with the tables of a store in it. */
export class Environment {
  readonly file: string;
  readonly meta: Table;
  readonly sessions: Table;
  readonly retained: Table;
  readonly journal: Table;
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  #isClosed = false;

  /**
   * @throws StoreError if the file is shorter than it says: LMDB would end the process at the first missing page.
   * @throws Error of LMDB
   */
  constructor(file: string, mode: AccessMode) {
    this.file = file;
    const options = {
      ...SETTINGS,
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
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /** Makes the changes that `change` asks the tables for, all or none, and settles when they are made. */
  async write(change: () => void): Promise<void> {
    await this.#root.batch(change);
  }

  /** Bytes of the pages that are in use. */
  get usedBytes(): number {
    const { pageSize, free, root } = pageCounts(this.#root);
    const tables = [this.meta, this.sessions, this.retained, this.journal];
    const pages = tables.reduce((sum, table) => sum + pageCounts(table).own, 2 + free + root);
    return pages * pageSize;
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
    const table: Table | undefined = this.#root.openDB<Uint8Array, Uint8Array>(name, BINARY);
    if (table === undefined) throw new Error(`it has no table ${name}`);
    return table;
  }

  #refuseCutOffFile(): void {
    const { pageSize, pagesMax } = pageCounts(this.#root);
    const [size, expected] = [this.fileBytes, pagesMax * pageSize];
    if (size >= expected) return;
    const text = `${this.file} is cut off: it has ${size} of ${expected} bytes`;
    throw new StoreError("ANAX_STORE_UNREADABLE", text);
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
  const statistics: Record<string, unknown> = { ...table.getStats() };
  return {
    pageSize: Number(statistics["pageSize"]),
    own: pagesOf(statistics),
    free: pagesOf(statistics["free"]),
    root: pagesOf(statistics["root"]),
    pagesMax: Number(statistics["lastPageNumber"]) + 1,
  };
}

function pagesOf(statistics: unknown): number {
  if (typeof statistics !== "object" || statistics === null) return 0;
  const counts: Record<string, unknown> = { ...statistics };
  const names = ["treeBranchPageCount", "treeLeafPageCount", "overflowPages"];
  return names.reduce((sum, name) => sum + Number(counts[name]), 0);
}
