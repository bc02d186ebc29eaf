import {
  closeSync,
  constants,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  write,
  writeSync,
} from "node:fs";
import { randomInt } from "node:crypto";

/*
 * The file of a log segment: a head of 8 bytes, the name of the format and the salt of the checksums, then records, one after
 * the other, then zeros or nothing.
 */

const MAGIC = Buffer.from("AXL1");
export const HEAD_BYTES = 8;

/** Up to this a write to the system's memory takes less time than handing it to another thread. */
const QUICK_BYTES = 65_536;

/**
 * A file that is synced grows by so many zeros at a time, which records then overwrite: a sync of a file that has not grown
 * has to wait for nothing that others write to the file system. Records above a quarter of it grow the file themselves.
 */
const ROOM_BYTES = 262_144;

/** Linux has a way to write and sync at once; elsewhere it does not reach the disk, or is not there. */
const WRITES_THROUGH = process.platform === "linux";

/** Makes the file of a segment, complete on the disk. Gives its salt. */
export function createLogFile(path: string, isSynced: boolean): number {
  const salt = randomInt(0x1_0000_0000);
  const head = Buffer.concat([MAGIC, Buffer.alloc(4)]);
  head.writeUInt32BE(salt, 4);
  const file = openSync(path, "w", 0o600);
  try {
    writeSync(file, head);
    if (isSynced) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return salt;
}

/** All of a file, given by its path or opened. The salt is undefined if it is not that of a segment. */
export function readLogFile(file: string | number): { bytes: Buffer; salt: number | undefined } {
  const bytes = readFileSync(file);
  const isLog = bytes.length >= HEAD_BYTES && bytes.subarray(0, 4).equals(MAGIC);
  return { bytes, salt: isLog ? bytes.readUInt32BE(4) : undefined };
}

/** Reads a part of a file to the same place of `target`. */
export function readPart(path: string, target: Uint8Array, start: number, end: number): void {
  const file = openSync(path, "r");
  try {
    for (let at = start; at < end;) {
      const count = readSync(file, target, at, end - at, at);
      if (count === 0) throw new Error(`${path} is cut off at ${at}`);
      at += count;
    }
  } finally {
    closeSync(file);
  }
}

/** Adds to the end of a file; what was added is as safe as the store promises when `append` settles. */
export class LogWriter {
  readonly #file: number;
  readonly #isSynced: boolean;
  /** Where the next record goes. */
  #size: number = HEAD_BYTES;
  #fileBytes: number = HEAD_BYTES;

  /** @param path of a file without records */
  constructor(path: string, isSynced: boolean) {
    const through = isSynced && WRITES_THROUGH ? constants.O_DSYNC : 0;
    this.#file = openSync(path, constants.O_RDWR | through);
    this.#isSynced = isSynced;
  }

  /**
   * @throws Error of the system. The file is as before then.
   * @throws AggregateError if even that is not known
   */
  async append(record: Buffer): Promise<void> {
    const bytes = this.#withRoom(record);
    try {
      if (!this.#isSynced && bytes.length <= QUICK_BYTES) this.#writeNow(bytes);
      else await this.#write(bytes);
    } catch (error) {
      this.#cutBack(error);
    }
    this.#fileBytes = Math.max(this.#fileBytes, this.#size + bytes.length);
    this.#size += record.length;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** The record, and zeros behind it if the file has to grow for it. */
  #withRoom(record: Buffer): Buffer {
    const fits = this.#size + record.length <= this.#fileBytes;
    if (!this.#isSynced || fits || record.length > ROOM_BYTES / 4) return record;
    return Buffer.concat([record], ROOM_BYTES);
  }

  #writeNow(bytes: Buffer): void {
    let written = 0;
    while (written < bytes.length) {
      const left = bytes.length - written;
      written += writeSync(this.#file, bytes, written, left, this.#size + written);
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    let written = 0;
    while (written < bytes.length) written += await this.#writeSome(bytes, written);
    if (this.#isSynced && !WRITES_THROUGH) await this.#sync();
  }

  #writeSome(bytes: Buffer, from: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const at = this.#size + from;
      write(this.#file, bytes, from, bytes.length - from, at, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  #sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#file, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** A part that was written must not stand before what comes next. */
  #cutBack(error: unknown): never {
    try {
      ftruncateSync(this.#file, this.#size);
      this.#fileBytes = this.#size;
    } catch (second) {
      throw new AggregateError([error, second], "a log could not be cut back after a failed write");
    }
    throw error;
  }
}
