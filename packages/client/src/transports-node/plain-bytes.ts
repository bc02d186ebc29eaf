/**
 * The same bytes without the methods of Buffer, which differ from those of Uint8Array (`slice` gives a view)
 * and are slower (`subarray`).
 */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
