/**
 * Where a server keeps what must survive it: a journal of batches under ascending positions, and two tables of
 * rows. The server decides what is in them; a store keeps bytes and never looks inside.
 *
 * A store is opened by one server at a time. All its methods but `read` are called one after the other: the next
 * `commit` begins when the one before has settled. Session keys and positions are whole numbers from 0 to 2^53 - 1,
 * topics have 1 to 65535 bytes of UTF-8, rows and batches may be empty and may have many megabytes.
 *
 * `STORE_CONTRACT` of `@anax/server/contracts` has a check for each sentence here.
 */
export interface Store {
  /** The strongest promise that a settled `commit` makes. */
  readonly durability: StoreDurability;
  /**
   * Opens the store and gives all that it holds: first the rows of sessions, then of retained messages, then the
   * batches in the order of their positions.
   * @throws StoreError if another server has it open, its format is newer, or it cannot be read or written.
   */
  open(visitor: StoreVisitor): Promise<void>;
  /**
   * Makes all changes of a transaction or none. Settles when they are as safe as `durability` says; until then the
   * arrays of the transaction do not change.
   *
   * A store that does not know whether the changes are made finds out before it settles, however long that takes.
   * @throws StoreError `ANAX_STORE_FULL` if there is no room: nothing has changed, and a later commit may succeed.
   *   `ANAX_STORE_FENCED` if another server has the store now: it knows nothing of these changes, and this server
   *   ends all its connections. With any other code nothing is known of the changes. After all but
   *   `ANAX_STORE_FULL`, every later commit fails too.
   */
  commit(transaction: StoreTransaction): Promise<void>;
  /**
   * A batch that was committed and not deleted; undefined if there is none, or if the store is not open. The array is
   * read at once and not kept. Between the call of `commit` and its end it may show either state.
   */
  read(position: number): Uint8Array | undefined;
  /** Bytes that the store needs for what it holds; room that it has but could use again does not count. */
  readonly bytes: number;
  /**
   * Only of a store that is a log: bytes that the next `open` has to read. It grows with each commit, whatever that
   * deletes. When the log has become large for what is in it, and 64 MB at least, the server makes a full checkpoint:
   * transactions that have everything once more. Left out or 0: never.
   */
  readonly logBytes?: number;
  /** Closes the store, after a commit that is under way; what was committed stays. Idempotent. */
  close(): Promise<void>;
}

/** `memory`: gone with the process. `process`: survives a crash of the process. `disk`: survives a loss of power. */
export type StoreDurability = "memory" | "process" | "disk";

/** Takes what an opened store holds. Arrays are the visitor's only during the call. */
export interface StoreVisitor {
  session(key: number, row: Uint8Array): void;
  retained(topic: string, row: Uint8Array): void;
  batch(position: number, bytes: Uint8Array): void;
}

/** Changes that are made together. An undefined row is deleted; what is deleted need not exist. */
export interface StoreTransaction {
  /** New batch; its position is above all earlier ones. */
  readonly batch: { readonly position: number; readonly bytes: Uint8Array } | undefined;
  readonly deletedBatches: readonly number[];
  readonly sessions: ReadonlyMap<number, Uint8Array | undefined>;
  readonly retained: ReadonlyMap<string, Uint8Array | undefined>;
  /**
   * For a store that is a log, others pass it by. When the transaction that `ends` a full checkpoint is committed, all
   * before the last one that `begins` one are needed no more: it and those since then make all that the store is to hold.
   * A checkpoint that has no end, since the server ended, counts nothing.
   */
  readonly fullCheckpoint?: "begins" | "ends";
}

/**
 * What can be wrong with a store. `ANAX_STORE_FULL`: there is no room. `ANAX_STORE_FENCED`: another server has taken it over.
 * The others: it is broken, in use, or not ours.
 */
export type StoreErrorCode =
  | "ANAX_STORE_IN_USE"
  | "ANAX_STORE_FORMAT"
  | "ANAX_STORE_UNREADABLE"
  | "ANAX_STORE_UNWRITABLE"
  | "ANAX_STORE_FULL"
  | "ANAX_STORE_FENCED"
  | "ANAX_STORE_FAILED";

/** A store cannot be opened, or a commit failed. `ANAX_STORE_FULL`: there is no room; `ANAX_STORE_FENCED`: another server has it; the others: it is broken or not ours. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
