/**
 * Counts latencies in buckets whose width grows with the value, 128 to each power of two: every value
 * from 1 microsecond to an hour is known to less than one percent, in a few kilobytes, and to record
 * one costs a shift and an addition.
 */

const EXACT_MAX = 256;
const BUCKETS_PER_OCTAVE = 128;
const BUCKETS = EXACT_MAX + 24 * BUCKETS_PER_OCTAVE;

/** A histogram of whole microseconds, below 2^32. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #maximum = 0;

  /** How many values were recorded. */
  get count(): number {
    return this.#count;
  }

  /** The largest value; 0 if there is none. */
  get maximum(): number {
    return this.#maximum;
  }

  /** Counts a value. */
  record(microseconds: number): void {
    const bucket = bucketOf(microseconds);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    if (microseconds > this.#maximum) this.#maximum = microseconds;
  }

  /** The value below which this share of all values lies, 0.99 for the 99th percentile; 0 if there is none. */
  percentile(share: number): number {
    const needed = Math.max(1, Math.ceil(this.#count * share));
    let passed = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      passed += this.#counts[bucket] ?? 0;
      if (passed >= needed) return Math.min(upperEdge(bucket), this.#maximum);
    }
    return this.#maximum;
  }

  /** Forgets all values. */
  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maximum = 0;
  }
}

function bucketOf(value: number): number {
  if (value < EXACT_MAX) return value;
  const octave = 31 - Math.clz32(value);
  return EXACT_MAX + (octave - 8) * BUCKETS_PER_OCTAVE + ((value >>> (octave - 7)) & 127);
}

function upperEdge(bucket: number): number {
  if (bucket < EXACT_MAX) return bucket;
  const octave = Math.floor((bucket - EXACT_MAX) / BUCKETS_PER_OCTAVE);
  const step = (bucket - EXACT_MAX) % BUCKETS_PER_OCTAVE;
  return (BUCKETS_PER_OCTAVE + step + 1) * 2 ** (octave + 1) - 1;
}
