import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { StoreError } from "@anax/server";
import { errorCode } from "./failures.ts";
import { parseIdentity, stateOf, thisProcess } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** As they are when this is loaded: were they those that a test moves, the lock would seem to be that of a dead one. */
const { clearInterval, setInterval, setTimeout } = globalThis;

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** How often the owner shows that it lives, to those who cannot see its process. */
const HEARTBEAT_MS = 1_000;
/** An owner that has not shown itself for so long is dead. */
const SILENCE_MS = 3_500;

/** How a directory is locked. */
export interface LockOptions {
  /** Who locks it. Default: this process. */
  readonly self?: ProcessIdentity;
  /** Default 1000. */
  readonly heartbeatMs?: number;
  /** Default 3500. */
  readonly silenceMs?: number;
}

/**
 * Keeps a directory for one server. Lock files are numbered: the highest number has the directory, if its process
 * lives and the file is not empty. Who wants it creates the next number, which only one can, with its contents in place;
 * the highest file is never deleted, so no number comes twice. Hence two servers that find a dead one's lock at
 * the same moment cannot both win.
 */
export class DirectoryLock {
  readonly #file: string;
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(file: string, heartbeatMs: number) {
    this.#file = file;
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#heartbeat.unref();
  }

  /** @throws StoreError `ANAX_STORE_IN_USE`, or a system error. */
  static async acquire(directory: string, options: LockOptions = {}): Promise<DirectoryLock> {
    const { self = thisProcess(), heartbeatMs = HEARTBEAT_MS, silenceMs = SILENCE_MS } = options;
    const last = highestNumber(directory);
    await refuseIfOwned(directory, fileOf(directory, last), self, silenceMs);
    const file = fileOf(directory, last + 1);
    if (!createWith(JSON.stringify(self), file)) throw inUse(directory, file);
    if (highestNumber(directory) !== last + 1) {
      rmSync(file, { force: true });
      throw inUse(directory, fileOf(directory, highestNumber(directory)));
    }
    for (const number of numbersIn(directory)) {
      if (number <= last) rmSync(fileOf(directory, number), { force: true });
    }
    return new DirectoryLock(file, heartbeatMs);
  }

  /** False once another server has taken the directory, because it took this one for dead. */
  get isHeld(): boolean {
    return existsSync(this.#file);
  }

  release(): void {
    clearInterval(this.#heartbeat);
    if (this.isHeld) truncateSync(this.#file, 0);
  }

  #beat(): void {
    const now = new Date();
    try {
      utimesSync(this.#file, now, now);
    } catch {
      // The next commit sees that the lock is gone.
    }
  }
}

async function refuseIfOwned(
  directory: string,
  file: string,
  self: ProcessIdentity,
  silenceMs: number,
): Promise<void> {
  const owner = ownerIn(file);
  if (owner === undefined) return;
  const state = stateOf(owner, self);
  if (state === "dead") return;
  if (state === "unknown" && !(await isBeating(file, silenceMs))) return;
  throw inUse(directory, file);
}

/** The process that a lock file names; undefined if nobody has it. */
function ownerIn(file: string): ProcessIdentity | undefined {
  try {
    return parseIdentity(readFileSync(file, "utf8"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function isBeating(file: string, silenceMs: number): Promise<boolean> {
  const before = modifiedAt(file);
  for (let waitedMs = 0; waitedMs < silenceMs; waitedMs += silenceMs / 7) {
    await delay(silenceMs / 7);
    if (modifiedAt(file) !== before) return true;
  }
  return false;
}

function modifiedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

/** False if the file exists already. It never exists without its contents, where the file system has links. */
function createWith(contents: string, file: string): boolean {
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, contents, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    return createWithoutLinks(contents, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

function createWithoutLinks(contents: string, file: string): boolean {
  try {
    writeFileSync(file, contents, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

const LOCK_FILE = /^server-(\d+)\.lock$/;

function fileOf(directory: string, number: number): string {
  return join(directory, `server-${number}.lock`);
}

function numbersIn(directory: string): number[] {
  return readdirSync(directory).flatMap((name) => {
    const number = LOCK_FILE.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function highestNumber(directory: string): number {
  return Math.max(0, ...numbersIn(directory));
}

function inUse(directory: string, file: string): StoreError {
  const owner = ownerIn(file);
  const who = owner === undefined ? "another server" : `process ${owner.pid} on ${owner.host}`;
  return new StoreError("ANAX_STORE_IN_USE", `${directory} is in use by ${who}`);
}
