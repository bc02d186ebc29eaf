import type { Store, StoreTransaction } from "../ports/store.ts";

/** Where stores keep things: what one store has committed, the next one made of it finds. */
export interface StoreMedium {
  /** A new store on this medium, not yet open. */
  newStore(): Store;
}

/** Everything that a store has shown when it was opened. */
export interface StoreHoldings {
  /** In the order of their keys. */
  readonly sessions: readonly (readonly [number, Uint8Array])[];
  /** In the order of their topics. */
  readonly retained: readonly (readonly [string, Uint8Array])[];
  /** In the order in which they came. */
  readonly batches: readonly (readonly [number, Uint8Array])[];
}

/** Opens a store and gives what it holds. The store stays open. */
export async function holdings(store: Store): Promise<StoreHoldings> {
  const sessions: [number, Uint8Array][] = [];
  const retained: [string, Uint8Array][] = [];
  const batches: [number, Uint8Array][] = [];
  await store.open({
    session: (key, row) => sessions.push([key, plainCopy(row)]),
    retained: (topic, row) => retained.push([topic, plainCopy(row)]),
    batch: (position, bytes) => batches.push([position, plainCopy(bytes)]),
  });
  sessions.sort(([left], [right]) => left - right);
  retained.sort(([left], [right]) => (left < right ? -1 : Number(left > right)));
  return { sessions, retained, batches };
}

/** What a new store on the medium finds. */
export async function reopened(medium: StoreMedium): Promise<StoreHoldings> {
  const store = medium.newStore();
  try {
    return await holdings(store);
  } finally {
    await store.close();
  }
}

/** What `read` gives, as a copy to compare with. */
export function batchIn(store: Store, position: number): Uint8Array | undefined {
  const bytes = store.read(position);
  return bytes === undefined ? undefined : plainCopy(bytes);
}

export function emptyTransaction(): StoreTransaction {
  return { batch: undefined, deletedBatches: [], sessions: new Map(), retained: new Map() };
}

/** Bytes that differ in every place and with every seed, so that a shift, a swap or a cut is seen. */
export function patternedBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed % 0x7fff_ffff) + 1;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 48_271) + 11) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** A copy that is no Buffer, because comparisons look at the class too. */
function plainCopy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
