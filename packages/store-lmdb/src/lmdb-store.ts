import { statfsSync } from "node:fs";
import { StoreError } from "@anax/server";
import type { Store, StoreTransaction, StoreVisitor } from "@anax/server";
import { BatchLog } from "./batch-log.ts";
import { DataDirectory } from "./data-directory.ts";
import { DirectoryLock } from "./directory-lock.ts";
import { Environment } from "./environment.ts";
import { commitFailure, openingFailure, readingFailure } from "./failures.ts";
import { readDescription, refuseUnknownFormat, writeDescription } from "./format.ts";
import { STORE_FORMAT } from "./store-description.ts";
import { checkedOptions } from "./store-options.ts";
import type { LmdbDurability, LmdbStoreOptions } from "./store-options.ts";
import { numberKey, sha256 } from "./keys.ts";
import type { TopicHash } from "./keys.ts";
import { applyChanges, isEmpty, isOnlyBatch, roomFor, rowChanges, visitTables } from "./tables.ts";
import type { RowChange } from "./tables.ts";

/** Below this a file is left as it is: nobody needs that little room back. */
const SPARE_BYTES = 33_554_432;
/** What can be copied while a server waits, without anybody taking note of it. */
const QUICK_COPY_BYTES = 33_554_432;
/** Pages that a commit writes besides those with its contents: the ways to them, and the list of free pages. */
const EXTRA_BYTES = 262_144;
/** The disk is asked again what it has after so many bytes: others write to it too. */
const KNOWN_ROOM_MAX = 67_108_864;

/** What an open store works with. */
interface OpenStore {
  readonly lock: DirectoryLock;
  environment: Environment;
  readonly log: BatchLog;
}

/**
 * A store in a directory, on LMDB: one B+ tree file in which no page is ever overwritten that the last commit
 * needs, so that it is whole at any moment. What is where: `keys.ts`, `tables.ts`, `format.ts`.
 */
export class LmdbStore implements Store {
  readonly durability: LmdbDurability;
  readonly #directory: DataDirectory;
  readonly #bytesMax: number;
  readonly #hash: TopicHash;
  #open: OpenStore | undefined;
  #failure: StoreError | undefined;
  #bytes: number | undefined;
  /** False once that has failed. */
  #mayGiveBack = true;
  /** Whether the last commit found no room. */
  #wasFull = false;
  /** Bytes that the disk has for the log, as far as it was asked. */
  #knownRoom = 0;
  /** What was asked last; the next thing waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws MqttConfigurationError for options that cannot work */
  constructor(options: LmdbStoreOptions, hash: TopicHash = sha256) {
    const { path, durability, bytesMax } = checkedOptions(options);
    this.#directory = new DataDirectory(path);
    this.durability = durability;
    this.#bytesMax = bytesMax;
    this.#hash = hash;
  }

  /** The directory, as an absolute path. */
  get path(): string {
    return this.#directory.path;
  }

  get bytes(): number {
    if (this.#open === undefined) return 0;
    return (this.#bytes ??= this.#open.environment.usedBytes) + this.#open.log.liveBytes;
  }

  /** Bytes of the files: what the store has needed at most since it was last compacted, and its log. */
  get fileBytes(): number {
    if (this.#open === undefined) return 0;
    return this.#open.environment.fileBytes + this.#open.log.fileBytes;
  }

  open(visitor: StoreVisitor): Promise<void> {
    return this.#next(async () => {
      const open = await this.#openDirectory();
      try {
        const { environment, log } = open;
        visitTables(environment, visitor, (visit) => log.open(environment, visit));
      } catch (error) {
        await release(open);
        throw readingFailure(this.path, error);
      }
      this.#open = open;
      this.#bytes = undefined;
      this.#mayGiveBack = true;
    });
  }

  commit(transaction: StoreTransaction): Promise<void> {
    return this.#next(() => this.#commit(transaction));
  }

  read(position: number): Uint8Array | undefined {
    try {
      const { log, environment } = this.#open ?? {};
      return log?.read(position) ?? environment?.journal.get(numberKey(position));
    } catch (error) {
      throw readingFailure(this.path, error);
    }
  }

  /**
   * Gives unused pages back to the file system. Commits wait for it; reading goes on. A server does it by itself when
   * the store is nearly empty.
   * @throws StoreError if the copy cannot be written; the store goes on as before.
   */
  compact(): Promise<void> {
    return this.#next(async () => {
      try {
        await this.#compact(this.#requireOpen());
      } catch (error) {
        throw openingFailure(this.path, error);
      }
    });
  }

  close(): Promise<void> {
    return this.#next(async () => {
      const open = this.#open;
      this.#open = undefined;
      this.#failure = undefined;
      if (open !== undefined) await release(open);
    });
  }

  #next<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #openDirectory(): Promise<OpenStore> {
    if (this.#open !== undefined) {
      throw new StoreError("ANAX_STORE_IN_USE", `${this.path} is in use by this very store`);
    }
    let lock: DirectoryLock | undefined;
    try {
      this.#directory.create();
      lock = await DirectoryLock.acquire(this.path);
      const log = new BatchLog(this.#directory, this.durability === "disk");
      const open = { lock, environment: await this.#openEnvironment(), log };
      await this.#giveBack(open);
      return open;
    } catch (error) {
      lock?.release();
      throw openingFailure(this.path, error);
    }
  }

  async #openEnvironment(): Promise<Environment> {
    this.#directory.tidy();
    const environment = new Environment(await this.#existingFile(), this.durability);
    try {
      const { format } = refuseUnknownFormat(this.path, readDescription(environment));
      // What is written from now on, an older version would not understand.
      if (format < STORE_FORMAT) await writeDescription(environment);
      return environment;
    } catch (error) {
      await environment.close();
      throw error;
    }
  }

  /** The current file. A new one gets its name when it is complete, so that a crash leaves a store or none. */
  async #existingFile(): Promise<string> {
    const { current } = this.#directory;
    if (current !== undefined) return current;
    const draft = this.#directory.nextCopy;
    const environment = new Environment(draft, this.durability);
    try {
      await writeDescription(environment);
    } finally {
      await environment.close();
    }
    return this.#directory.promote(draft);
  }

  async #commit(transaction: StoreTransaction): Promise<void> {
    const open = this.#requireOpen();
    if (this.#failure !== undefined) throw this.#failure;
    if (isEmpty(transaction)) return;
    if (!open.lock.isHeld) {
      throw this.#fail(
        new StoreError("ANAX_STORE_FENCED", `${this.path} was taken by another server`),
      );
    }
    const { batch } = transaction;
    if (batch !== undefined && isOnlyBatch(transaction)) return this.#append(open, batch);
    this.#refuseIfTooLarge(transaction, open.environment);
    const changes = rowChanges(open.environment, transaction, this.#hash);
    const deletion = open.log.deletion(transaction.deletedBatches, open.environment, true);
    try {
      await this.#write(open, transaction, [...changes, ...deletion.changes]);
      deletion.settled();
    } catch (error) {
      if (!deletion.moves || !isFull(error)) throw error;
      // What is to be deleted may be what makes room.
      const plain = open.log.deletion(transaction.deletedBatches, open.environment, false);
      await this.#write(open, transaction, [...changes, ...plain.changes]);
      plain.settled();
    }
    await this.#giveBack(open);
  }

  async #write(
    { environment }: OpenStore,
    transaction: StoreTransaction,
    changes: readonly RowChange[],
  ): Promise<void> {
    try {
      await environment.write(() => applyChanges(changes));
      if (roomFor(transaction) > 0) this.#wasFull = false;
    } catch (error) {
      throw await this.#commitFailed(transaction, error);
    } finally {
      this.#bytes = undefined;
    }
  }

  /** Adds a batch that comes by itself to the log. */
  async #append(
    open: OpenStore,
    { position, bytes }: { readonly position: number; readonly bytes: Uint8Array },
  ): Promise<void> {
    const { environment, log } = open;
    const room = BatchLog.bytesFor(bytes);
    const isOverLimit = this.#bytesMax < Infinity && this.bytes + room > this.#bytesMax;
    if (isOverLimit) throw this.#noRoom(`it may take ${this.#bytesMax} bytes`);
    // LMDB has to be able to delete what is in the log.
    if (this.#knownRoom < room) {
      this.#knownRoom = Math.min(freeBytes(this.path) - EXTRA_BYTES, KNOWN_ROOM_MAX);
      if (this.#knownRoom < room) throw this.#noRoom("the disk is full");
    }
    this.#knownRoom -= room;
    // As everywhere: what is no number of a batch is refused before anything is written.
    numberKey(position);
    try {
      await this.#moveOld(open);
      await log.append(environment, position, bytes);
    } catch (error) {
      this.#knownRoom = 0;
      throw await this.#commitFailed({ ...NOTHING, batch: { position, bytes } }, error);
    }
  }

  /** Keeps what has stayed in the log for long in LMDB. Where that has no room, it stays where it is. */
  async #moveOld({ environment, log }: OpenStore): Promise<void> {
    const moving = log.moving(environment);
    if (moving === undefined) return;
    const room = moving.changes.reduce((sum, { row }) => sum + (row?.length ?? 0), 0);
    if (freeBytes(this.path) < 2 * room + EXTRA_BYTES) return;
    await environment.write(() => applyChanges(moving.changes));
    this.#bytes = undefined;
    moving.settled();
  }

  /** LMDB writes a line to standard error whenever it finds the disk full: once is enough. */
  #refuseIfTooLarge(transaction: StoreTransaction, environment: Environment): void {
    const room = roomFor(transaction);
    if (room === 0) return;
    const isOverLimit = this.#bytesMax < Infinity && this.bytes + room > this.#bytesMax;
    if (!isOverLimit && !(this.#wasFull && room + EXTRA_BYTES > this.#spareBytes(environment)))
      return;
    throw this.#noRoom(isOverLimit ? `it may take ${this.#bytesMax} bytes` : "the disk is full");
  }

  #noRoom(limit: string): StoreError {
    return new StoreError("ANAX_STORE_FULL", `no room for more in ${this.path}: ${limit}`);
  }

  /** What the disk still has, and what the file has that is not in use. */
  #spareBytes({ fileBytes, usedBytes }: Environment): number {
    return freeBytes(this.path) + fileBytes - usedBytes;
  }

  async #commitFailed(transaction: StoreTransaction, error: unknown): Promise<StoreError> {
    const isDiskFull = freeBytes(this.path) < roomFor(transaction) + EXTRA_BYTES;
    const failure = await commitFailure(this.path, error, isDiskFull);
    if (failure.code !== "ANAX_STORE_FULL") return this.#fail(failure);
    this.#wasFull = true;
    return failure;
  }

  /** Nothing is known any more of what the disk has: no later commit may say that it has succeeded. */
  #fail(failure: StoreError): StoreError {
    this.#failure = failure;
    return failure;
  }

  #requireOpen(): OpenStore {
    if (this.#open !== undefined) return this.#open;
    throw new StoreError("ANAX_STORE_FAILED", `the store in ${this.path} is not open`);
  }

  /**
   * Compacts a large file with little in it. What is left is copied in no time. If that fails, the file stays as it is:
   * nothing is wrong with it but its size.
   */
  async #giveBack(open: OpenStore): Promise<void> {
    const { fileBytes } = open.environment;
    if (!this.#mayGiveBack || fileBytes < SPARE_BYTES) return;
    const { usedBytes } = open.environment;
    if (usedBytes > QUICK_COPY_BYTES || 2 * usedBytes > fileBytes) return;
    try {
      await this.#compact(open);
    } catch {
      this.#mayGiveBack = false;
    }
  }

  async #compact(open: OpenStore): Promise<void> {
    const clearing = open.log.clearing(open.environment);
    await open.environment.write(() => applyChanges(clearing.changes));
    clearing.settled();
    const old = open.environment;
    const copy = this.#directory.nextCopy;
    try {
      await old.copyTo(copy);
      open.environment = new Environment(this.#directory.promote(copy), this.durability);
    } catch (error) {
      // The old file goes on; the next server would take the one with the higher number for the current one.
      this.#directory.discard(copy);
      throw error;
    }
    this.#bytes = undefined;
    await old.close();
    this.#directory.tidy();
  }
}

/**
 * A store on LMDB in a directory, not yet open. Give it to `new MqttServer({ store })`.
 * @throws MqttConfigurationError for options that cannot work
 */
export function lmdbStore(options: LmdbStoreOptions): LmdbStore {
  return new LmdbStore(options);
}

async function release({ environment, lock, log }: OpenStore): Promise<void> {
  log.closeSegment();
  await environment.close();
  lock.release();
}

const NOTHING: StoreTransaction = {
  batch: undefined,
  deletedBatches: [],
  sessions: new Map(),
  retained: new Map(),
};

function isFull(error: unknown): boolean {
  return error instanceof StoreError && error.code === "ANAX_STORE_FULL";
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
