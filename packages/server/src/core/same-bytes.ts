/** True if `bytes` has the known ones at `at`. From the end on, for what differs mostly differs there. */
export function hasBytesAt(known: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = known.length - 1; index >= 0; index -= 1)
    if (known[index] !== bytes[at + index]) return false;
  return true;
}
