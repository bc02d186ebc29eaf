import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { StoreError } from "@anax/server";
import { errorCode } from "./failures.ts";

const DATA_FILE = /^anax-(\d+)\.mdb$/;
const LOG_FILE = /^anax-(\d+)\.batches$/;
const LEFTOVER = /^anax-\d+\.(mdb-lock|copy|copy-lock)$|^server-\d+\.lock\..*$/;

/**
 * The directory of a store. The data are in `anax-N.mdb`. A new file, or a compacted copy, is written as
 * `anax-(N+1).copy` and renamed to `.mdb` when it is complete; then the file before it is deleted. So the highest N is always complete and current.
 * Beside it are files of the log, `anax-K.batches`: which of them count is said in the current file.
 */
export class DataDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** Makes the directory, for its owner only, if it is not there. One that is there keeps its mode. */
  create(): void {
    const missing: string[] = [];
    let there = this.path;
    for (; !existsSync(there); there = dirname(there)) missing.unshift(there);
    requireDirectory(there);
    for (const path of missing) makeDirectory(path);
    if (missing.length > 0) syncDirectory(dirname(this.path));
  }

  /** @throws StoreError if there is no directory. */
  requireExisting(): void {
    if (!existsSync(this.path)) {
      throw new StoreError("ANAX_STORE_UNREADABLE", `there is no directory ${this.path}`);
    }
    requireDirectory(this.path);
  }

  /** The file with the data; undefined if there is none yet. */
  get current(): string | undefined {
    const last = Math.max(0, ...this.#numbers());
    return last === 0 ? undefined : this.#file(last, "mdb");
  }

  /** Where a file is written that may become the current one. */
  get nextCopy(): string {
    return this.#file(Math.max(0, ...this.#numbers()) + 1, "copy");
  }

  /** Makes a complete file the current one. */
  promote(copy: string): string {
    const file = promoted(copy);
    // LMDB makes its copies readable for everybody.
    chmodSync(copy, 0o600);
    sync(copy, "r+");
    renameSync(copy, file);
    rmSync(`${copy}-lock`, { force: true });
    this.sync();
    return file;
  }

  /** Deletes a file that shall not become the current one, whether it was promoted or not. */
  discard(copy: string): void {
    for (const path of [copy, promoted(copy)]) rmSync(path, { force: true, recursive: true });
  }

  /** Deletes what earlier servers have left, except the current file. */
  tidy(): void {
    const current = this.current;
    for (const name of readdirSync(this.path)) {
      const path = join(this.path, name);
      if (path === current || path === `${current}-lock`) continue;
      if (DATA_FILE.test(name) || LEFTOVER.test(name))
        rmSync(path, { force: true, recursive: true });
    }
  }

  /** A file of the log. */
  logFile(number: number): string {
    return join(this.path, `anax-${number}.batches`);
  }

  /** Deletes files of the log that are none of these. */
  tidyLogs(kept: ReadonlyMap<number, unknown>): void {
    for (const name of readdirSync(this.path)) {
      const number = LOG_FILE.exec(name)?.[1];
      if (number === undefined || kept.has(Number(number))) continue;
      rmSync(join(this.path, name), { force: true });
    }
  }

  /** Makes sure that names in the directory survive a loss of power. */
  sync(): void {
    syncDirectory(this.path);
  }

  #numbers(): number[] {
    return readdirSync(this.path).flatMap((name) => {
      const number = DATA_FILE.exec(name)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
  }

  #file(number: number, ending: "mdb" | "copy"): string {
    return join(this.path, `anax-${number}.${ending}`);
  }
}

function requireDirectory(path: string): void {
  if (statSync(path).isDirectory()) return;
  throw new StoreError("ANAX_STORE_UNREADABLE", `${path} is not a directory`);
}

/** One level only: asked for several at once, Node tries for ever where the system denies that the level above exists. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) === "EEXIST") return;
    if (errorCode(error) !== "ENOENT") throw error;
    throw new StoreError("ANAX_STORE_UNWRITABLE", `${path} cannot be made there`, { cause: error });
  }
}

function promoted(copy: string): string {
  return copy.replace(/copy$/, "mdb");
}

function syncDirectory(path: string): void {
  // Windows has no handle for directories, and keeps their order itself.
  if (process.platform !== "win32") sync(path, "r");
}

function sync(path: string, flags: "r" | "r+"): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
