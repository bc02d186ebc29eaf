/** Up to this many bytes a loop is quicker than a view, which `set` needs, and a call. */
const SHORT_BYTES = 32;

/** Copies `source[start, end)` to `at` in `target`, and gives the position behind it. */
export function copyInto(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  const count = end - start;
  if (count > SHORT_BYTES) target.set(source.subarray(start, end), at);
  else
    for (let index = 0; index < count; index += 1) target[at + index] = source[start + index] ?? 0;
  return at + count;
}
