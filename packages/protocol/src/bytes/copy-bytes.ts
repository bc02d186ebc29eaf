/** The one Uint8Array of length 0; it holds nothing that could be changed. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

// For few bytes a loop is cheaper than the view that `set` needs.
const LOOP_BYTES_MAX = 32;

/**
 * Copies a range into memory of its own, so that a kept value does not pin the chunk it came in.
 * The answer is a plain Uint8Array, also when `bytes` is a Node Buffer (whose `slice` is a view).
 */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length === 0) {
    return EMPTY_BYTES;
  }
  const copy = new Uint8Array(length);
  if (length > LOOP_BYTES_MAX) {
    copy.set(bytes.subarray(start, end));
    return copy;
  }
  for (let index = 0; index < length; index += 1) {
    copy[index] = bytes[start + index] as number;
  }
  return copy;
}
