/** Bytes whose memory went to another thread. */
export function detached(): Uint8Array {
  const bytes = new Uint8Array(9);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}
