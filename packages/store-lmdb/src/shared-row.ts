/**
 * The row of a hashed key: all the topics with that hash, each with a row of its own. That there is more than one is
 * next to impossible, and must all the same not cost a message.
 *
 * Written as one entry after the other: length of the topic, length of the row (4 bytes each), topic, row.
 */

/** Rows by topic. */
export type SharedRow = ReadonlyMap<string, Uint8Array>;

const HEADER_BYTES = 8;

export function encodeSharedRow(rows: SharedRow): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [topic, row] of rows) {
    const name = Buffer.from(topic, "utf8");
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    header.writeUInt32BE(name.length, 0);
    header.writeUInt32BE(row.length, 4);
    parts.push(header, name, row);
  }
  return Buffer.concat(parts);
}

/** The rows are views of `bytes`. */
export function decodeSharedRow(bytes: Uint8Array): SharedRow {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows = new Map<string, Uint8Array>();
  let position = 0;
  while (position < buffer.length) {
    const nameStart = position + HEADER_BYTES;
    const rowStart = nameStart + buffer.readUInt32BE(position);
    const end = rowStart + buffer.readUInt32BE(position + 4);
    if (end > buffer.length) throw new Error("a row of long topics is cut off");
    rows.set(buffer.toString("utf8", nameStart, rowStart), buffer.subarray(rowStart, end));
    position = end;
  }
  return rows;
}

/** A row with the changes of one transaction in it; undefined if nothing is left. */
export function changedSharedRow(
  bytes: Uint8Array | undefined,
  changes: ReadonlyMap<string, Uint8Array | undefined>,
): Uint8Array | undefined {
  const rows = new Map(bytes === undefined ? [] : decodeSharedRow(bytes));
  for (const [topic, row] of changes) {
    if (row === undefined) rows.delete(topic);
    else rows.set(topic, row);
  }
  return rows.size === 0 ? undefined : encodeSharedRow(rows);
}
