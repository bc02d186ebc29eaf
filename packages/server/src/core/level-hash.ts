/**
 * Hash of the level in `bytes[start, end)`, begun with `state`. The seed, a number that clients do not know, goes into
 * every step: so nobody can choose levels that all have one hash.
 */
export function hashLevel(
  state: number,
  seed: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let hash = state;
  for (let index = start; index < end; index += 1) hash = mixByte(hash, seed, bytes[index] ?? 0);
  return hash;
}

/** One step of `hashLevel`. */
export function mixByte(hash: number, seed: number, byte: number): number {
  const mixed = hash ^ byte;
  return Math.imul(((mixed << 13) | (mixed >>> 19)) + seed, 0x85ebca6b);
}

/** Spreads the bits of a hash, so that any of them tell levels apart. */
export function spread(state: number): number {
  const hash = Math.imul(state ^ (state >>> 15), 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}
