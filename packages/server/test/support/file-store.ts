import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { StoreError } from "@anax/server";
import type { Store, StoreDurability, StoreTransaction, StoreVisitor } from "@anax/server";

/** Keeps everything in memory, and all of it in one file that is written anew with each commit. */
export class FileStore implements Store {
  readonly durability: StoreDurability = "disk";
  readonly #path: string;
  #sessions: Map<number, string> = new Map();
  #retained: Map<string, string> = new Map();
  #batches: Map<number, string> = new Map();
  #isOpen = false;
  #failure: StoreError | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number {
    const tables = [this.#sessions, this.#retained, this.#batches];
    return tables.flatMap((table) => [...table.values()]).join("").length;
  }

  async open(visitor: StoreVisitor): Promise<void> {
    this.#lock();
    try {
      this.#load();
      for (const [key, row] of this.#sessions) visitor.session(key, decode(row));
      for (const [topic, row] of this.#retained) visitor.retained(topic, decode(row));
      for (const [position, bytes] of this.#batches) visitor.batch(position, decode(bytes));
      this.#isOpen = true;
    } catch (error) {
      this.#unlock();
      throw error;
    }
  }

  commit(transaction: StoreTransaction): Promise<void> {
    this.#last = this.#commit(transaction);
    return this.#last;
  }

  read(position: number): Uint8Array | undefined {
    const bytes = this.#isOpen ? this.#batches.get(position) : undefined;
    return bytes === undefined ? undefined : decode(bytes);
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#failure = undefined;
    this.#unlock();
  }

  async #commit({ batch, deletedBatches, sessions, retained }: StoreTransaction): Promise<void> {
    if (!this.#isOpen) throw new StoreError("ANAX_STORE_FAILED", "the store is not open");
    if (this.#failure !== undefined) throw this.#failure;
    for (const position of deletedBatches) this.#batches.delete(position);
    if (batch !== undefined) this.#batches.set(batch.position, encode(batch.bytes));
    change(this.#sessions, sessions);
    change(this.#retained, retained);
    try {
      await this.#save();
    } catch (cause) {
      this.#failure = new StoreError("ANAX_STORE_FAILED", "the store has failed", { cause });
      throw this.#failure;
    }
  }

  /** The new file takes the place of the old one when it is complete and on the disk: all or nothing. */
  async #save(): Promise<void> {
    const tables = [[...this.#sessions], [...this.#retained], [...this.#batches]];
    await withFile(`${this.#path}.new`, "w", async (file) => {
      await file.writeFile(JSON.stringify(tables));
      await file.sync();
    });
    await rename(`${this.#path}.new`, this.#path);
    // Its name too has to be on the disk, which is what the directory holds.
    await withFile(dirname(this.#path), "r", (directory) => directory.sync());
  }

  #load(): void {
    const text = existsSync(this.#path) ? readFileSync(this.#path, "utf8") : "[[],[],[]]";
    const [sessions, retained, batches] = JSON.parse(text);
    this.#sessions = new Map(sessions);
    this.#retained = new Map(retained);
    this.#batches = new Map(batches);
  }

  /** Making a directory succeeds for one at a time. A real store also sees that its owner has died. */
  #lock(): void {
    try {
      mkdirSync(`${this.#path}.lock`);
    } catch (cause) {
      throw new StoreError("ANAX_STORE_IN_USE", `${this.#path} is in use`, { cause });
    }
  }

  #unlock(): void {
    rmdirSync(`${this.#path}.lock`);
  }
}

async function withFile(
  path: string,
  flags: "r" | "w",
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

function change<Key>(
  table: Map<Key, string>,
  changes: ReadonlyMap<Key, Uint8Array | undefined>,
): void {
  for (const [key, row] of changes) {
    if (row === undefined) table.delete(key);
    else table.set(key, encode(row));
  }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function decode(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}
