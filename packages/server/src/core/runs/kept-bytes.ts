import { copyBytes } from "@anax/protocol";

/** Bytes of many copies that share one array: it is let go when nothing of it is used any more. */
const SLAB_BYTES = 65_536;
/** A copy of more than this has an array of its own. */
const SHARED_BYTES_MAX = 8_192;

let slab = new Uint8Array(0);
let used = 0;

/** A copy of a part of `bytes`, which is never written into again. Many small ones cost one array together. */
export function keptCopy(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const length = to - from;
  if (length > SHARED_BYTES_MAX) return copyBytes(bytes, from, to);
  if (used + length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const copy = slab.subarray(used, used + length);
  copy.set(bytes.subarray(from, to));
  used += length;
  return copy;
}
