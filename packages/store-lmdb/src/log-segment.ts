import { StoreError } from "@anax/server";
import { HEAD_BYTES, readPart } from "./log-file.ts";
import type { BatchVisit } from "./tables.ts";
import { isRecordBehind, RECORD_HEADER_BYTES, recordAt } from "./log-record.ts";

/**
 * One file of the log, as it is known in memory: where its batches stand, and which of them are deleted. That a batch is
 * deleted stands in the row of the segment, never in the file: a bit for each record, in their order.
 */
export class LogSegment {
  readonly number: number;
  readonly path: string;
  readonly salt: number;
  /** Bytes of the file. */
  size: number = HEAD_BYTES;
  /** Bytes of the records that are not deleted. */
  liveBytes = 0;
  liveCount = 0;
  /** False while its row does not say how long it is. */
  isClosed = false;
  readonly #positions: number[] = [];
  /** Where each record ends; the next one begins there. */
  readonly #ends: number[] = [];
  #deleted: Uint8Array = new Uint8Array(0);
  /** The file, as far as it was read, while somebody reads it. */
  #content: Uint8Array = NO_BYTES;
  #contentEnd = 0;
  #wasRead = false;

  constructor(fields: { number: number; path: string; salt: number }) {
    this.number = fields.number;
    this.path = fields.path;
    this.salt = fields.salt;
  }

  /** The last position in it; -1 if it is empty. */
  get last(): number {
    return this.#positions.at(-1) ?? -1;
  }

  /** A record was added at the end. */
  add(position: number, end: number): void {
    this.#positions.push(position);
    this.#ends.push(end);
    if (this.#isDeleted(this.#positions.length - 1)) {
      this.size = end;
      return;
    }
    this.liveCount += 1;
    this.liveBytes += end - this.size;
    this.size = end;
  }

  has(position: number): boolean {
    return this.#find(position) >= 0;
  }

  /**
   * The batch; undefined if it is not here, or deleted. A batch is read once for each message of it that is due, so the
   * file is held in memory from the first time on.
   */
  read(position: number): Uint8Array | undefined {
    const index = this.#find(position);
    if (index < 0) return undefined;
    const end = this.#ends[index] ?? 0;
    if (end > this.#contentEnd) this.#readAll();
    this.#wasRead = true;
    return this.#content.subarray(this.#startOf(index) + RECORD_HEADER_BYTES, end);
  }

  /** To be called at times: gives the memory back in which nothing was read since the last call. */
  rest(): void {
    if (!this.#wasRead) {
      this.#content = NO_BYTES;
      this.#contentEnd = 0;
    }
    this.#wasRead = false;
  }

  #readAll(): void {
    if (this.#content.length < this.size) {
      const larger = new Uint8Array(this.isClosed ? this.size : Math.max(2 * this.size, 1_048_576));
      larger.set(this.#content.subarray(0, this.#contentEnd));
      this.#content = larger;
    }
    readPart(this.path, this.#content, this.#contentEnd, this.size);
    this.#contentEnd = this.size;
  }

  /** Positions of all batches that are not deleted. */
  get livePositions(): number[] {
    return this.#positions.filter((_, index) => !this.#isDeleted(index));
  }

  /** Bytes of these records, as far as they are here. */
  bytesOf(positions: readonly number[]): number {
    return positions.reduce((sum, position) => {
      const index = this.#find(position);
      return index < 0 ? sum : sum + (this.#ends[index] ?? 0) - this.#startOf(index);
    }, 0);
  }

  /** These batches are deleted. */
  delete(positions: readonly number[]): void {
    const deleted = this.#deletedWith(positions);
    this.liveBytes -= this.bytesOf(positions);
    this.liveCount -= positions.filter((position) => this.has(position)).length;
    this.#deleted = deleted;
  }

  /** Its row, when these batches are deleted too. */
  row(isClosed: boolean, deleted: readonly number[] = []): Uint8Array {
    const size = Buffer.alloc(SIZE_BYTES);
    if (isClosed) size.writeUIntBE(this.size, 0, SIZE_BYTES);
    return Buffer.concat([size, this.#deletedWith(deleted)]);
  }

  /**
   * Takes over what its file and its row say, and shows the batches that are not deleted. A record that a crash has cut off
   * was never confirmed: it is passed over. So is what was added in a later epoch than that which is read.
   * @throws StoreError if it is damaged
   */
  load(bytes: Buffer, row: Uint8Array, epoch: number, visit: BatchVisit): void {
    const closedSize = Buffer.from(row).readUIntBE(0, SIZE_BYTES);
    this.isClosed = closedSize > 0;
    this.#deleted = Uint8Array.from(row.subarray(SIZE_BYTES));
    for (;;) {
      const record = recordAt(bytes, this.size, this.salt);
      if (record === undefined || record.position <= this.last) break;
      if (record.epoch > epoch) return;
      const before = this.liveCount;
      this.add(record.position, record.end);
      if (this.liveCount > before) {
        visit(record.position, bytes.subarray(record.start, record.end));
      }
    }
    if (this.isClosed && this.size !== closedSize) {
      throw damaged(`${this.path} is damaged or cut off at ${this.size} of ${closedSize} bytes`);
    }
    if (!this.isClosed && isRecordBehind(bytes, this.size, this.salt)) {
      throw damaged(`${this.path} is damaged at ${this.size} of ${bytes.length} bytes`);
    }
  }

  #startOf(index: number): number {
    return index === 0 ? HEAD_BYTES : (this.#ends[index - 1] ?? HEAD_BYTES);
  }

  /** Index of a batch that is not deleted; -1 if there is none. */
  #find(position: number): number {
    const positions = this.#positions;
    let low = 0;
    let high = positions.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((positions[middle] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return positions[low] === position && !this.#isDeleted(low) ? low : -1;
  }

  #isDeleted(index: number): boolean {
    return ((this.#deleted[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  #deletedWith(positions: readonly number[]): Uint8Array {
    if (positions.length === 0) return this.#deleted;
    const bits = new Uint8Array((this.#positions.length + 7) >>> 3);
    bits.set(this.#deleted);
    for (const position of positions) {
      const index = this.#find(position);
      if (index >= 0) bits[index >>> 3] = (bits[index >>> 3] ?? 0) | (1 << (index & 7));
    }
    return bits;
  }
}

const NO_BYTES = new Uint8Array(0);

function damaged(text: string): StoreError {
  return new StoreError("ANAX_STORE_UNREADABLE", text);
}

/** Bytes of the file's size in a row: 0 while it may grow. */
const SIZE_BYTES = 6;
