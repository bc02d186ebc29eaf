/** Makes bad input of good: most of what it makes is almost right, which is where readers go wrong. */

/** A whole number from 0 to below the limit. */
export type Below = (limit: number) => number;

const CHANGES_MAX = 4;
/** What often lies at an edge. */
const EDGES = [
  0x00, 0x01, 0x0a, 0x0d, 0x20, 0x22, 0x23, 0x24, 0x2b, 0x2e, 0x2f, 0x3a, 0x7f, 0x80, 0xc0, 0xed,
  0xff,
];

export function mutate(seeds: readonly Uint8Array[], below: Below): Uint8Array {
  let bytes = seeds[below(seeds.length)] ?? new Uint8Array(0);
  for (let changes = 1 + below(CHANGES_MAX); changes > 0; changes -= 1)
    bytes = changed(bytes, seeds, below);
  return bytes;
}

function changed(bytes: Uint8Array, seeds: readonly Uint8Array[], below: Below): Uint8Array {
  const at = below(bytes.length + 1);
  const end = Math.min(bytes.length, at + below(12));
  switch (below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return joined(bytes.subarray(0, at), bytes.subarray(end));
    case 2:
      return joined(bytes.subarray(0, end), bytes.subarray(at));
    case 3: {
      const other = seeds[below(seeds.length)] ?? bytes;
      return joined(bytes.subarray(0, at), other.subarray(below(other.length + 1)));
    }
    case 4:
      return joined(bytes.subarray(0, at), [EDGES[below(EDGES.length)] ?? 0], bytes.subarray(at));
    default: {
      const copy = bytes.slice();
      if (at < copy.length)
        copy[at] =
          below(2) === 0 ? (EDGES[below(EDGES.length)] ?? 0) : (copy[at] ?? 0) ^ (1 << below(8));
      return copy;
    }
  }
}

function joined(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
