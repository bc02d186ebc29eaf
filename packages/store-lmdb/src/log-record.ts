import { crc32 } from "node:zlib";

/*
 * A record of a log: checksum, length of the batch, its position, the epoch of LMDB in which it was written (4, 4, 8 and 6
 * bytes), the batch. The checksum is of all that follows it, and begins with the salt of the file: what a client has sent, and
 * stands in a batch, cannot pass for a record.
 */

export const RECORD_HEADER_BYTES = 22;

const AT = { checksum: 0, length: 4, positionHigh: 8, positionLow: 12, epoch: 16 } as const;
const EPOCH_BYTES = 6;
const HIGH = 0x1_0000_0000;

/** What a record is made of. */
export interface LogRecord {
  readonly position: number;
  readonly epoch: number;
  readonly batch: Uint8Array;
}

export function encodeRecord({ position, epoch, batch }: LogRecord, salt: number): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + batch.length);
  record.writeUInt32BE(batch.length, AT.length);
  record.writeUInt32BE(Math.floor(position / HIGH), AT.positionHigh);
  record.writeUInt32BE(position % HIGH, AT.positionLow);
  record.writeUIntBE(epoch, AT.epoch, EPOCH_BYTES);
  record.set(batch, RECORD_HEADER_BYTES);
  record.writeUInt32BE(crc32(record.subarray(AT.length), salt), AT.checksum);
  return record;
}

/** Where the batch of a whole record stands in what was read of a log, and under which position. */
export interface FoundRecord {
  readonly position: number;
  readonly epoch: number;
  readonly start: number;
  readonly end: number;
}

/** The record that begins at `at`; undefined if there is none, or not all of it. */
export function recordAt(bytes: Buffer, at: number, salt: number): FoundRecord | undefined {
  const start = at + RECORD_HEADER_BYTES;
  if (start > bytes.length) return undefined;
  const end = start + bytes.readUInt32BE(at + AT.length);
  if (end > bytes.length) return undefined;
  const checksum = crc32(bytes.subarray(at + AT.length, end), salt);
  if (bytes.readUInt32BE(at + AT.checksum) !== checksum) return undefined;
  const position =
    bytes.readUInt32BE(at + AT.positionHigh) * HIGH + bytes.readUInt32BE(at + AT.positionLow);
  return { position, epoch: bytes.readUIntBE(at + AT.epoch, EPOCH_BYTES), start, end };
}

/**
 * Whether a whole record begins anywhere behind `at`. Records are written one after the other, so one that was cut off by a
 * crash is the last: what stands before others was whole once, and is damaged.
 */
export function isRecordBehind(bytes: Buffer, at: number, salt: number): boolean {
  let end = bytes.length;
  while (end > at && bytes[end - 1] === 0) end -= 1;
  for (let from = at + 1; from < end; from += 1) {
    if (recordAt(bytes, from, salt) !== undefined) return true;
  }
  return false;
}
