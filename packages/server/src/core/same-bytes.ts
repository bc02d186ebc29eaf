/** True if `bytes` has the known ones at `at`. From the end on, for what differs mostly differs there. */
export function hasBytesAt(known: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = known.length - 1; index >= 0; index -= 1)
    if (known[index] !== bytes[at + index]) return false;
  return true;
}

const WORD = 4;

/** Hot path: the same of so many bytes at two places. Four at a time: one by one takes twice as long. */
export function areSame(
  known: DataView,
  knownAt: number,
  other: DataView,
  otherAt: number,
  length: number,
): boolean {
  let index = length - WORD;
  for (; index >= 0; index -= WORD)
    if (known.getInt32(knownAt + index, true) !== other.getInt32(otherAt + index, true))
      return false;
  for (index += WORD - 1; index >= 0; index -= 1)
    if (known.getUint8(knownAt + index) !== other.getUint8(otherAt + index)) return false;
  return true;
}
