import { candidatesFor } from "./placement.ts";

/** A node that was not heard of for so long is taken for dead. */
const DEAD_AFTER_MS = 3_000;
/** The second candidate claims so much later than the first, and so on: races of claims are rare then. */
const STEP_MS = 1_000;

/** What a node says of itself every half second. */
export interface Heartbeat {
  readonly node: string;
  /** The shards that it has, each with its epoch. */
  readonly shards: ReadonlyMap<number, number>;
}

interface Shard {
  owner: string | undefined;
  epoch: number;
  /** Since when nobody is known to have it. */
  freeSinceMs: number;
}

/**
 * Says when this node is to claim which shard. There is no leader and no lease: each node decides by what it has heard, and the
 * shard's log says who is the owner. So who takes a living node for dead makes it lose its shards, and nothing else.
 */
export class Coordinator {
  readonly #node: string;
  readonly #shards: Shard[];
  /** When each node was heard of last. */
  readonly #heardAtMs: Map<string, number> = new Map();

  constructor(node: string, shards: number, nowMs: number) {
    this.#node = node;
    this.#shards = Array.from({ length: shards }, () => ({
      owner: undefined,
      epoch: 0,
      // Those who have shards get time to say so.
      freeSinceMs: nowMs + DEAD_AFTER_MS,
    }));
  }

  /** Who is known to have a shard. */
  ownerOf(shard: number): string | undefined {
    return this.#shards[shard]?.owner;
  }

  heard({ node, shards }: Heartbeat, nowMs: number): void {
    this.#heardAtMs.set(node, nowMs);
    for (const [index, shard] of this.#shards.entries()) {
      const epoch = shards.get(index);
      if (epoch !== undefined && epoch >= shard.epoch) this.#own(shard, node, epoch);
      else if (epoch === undefined && shard.owner === node) free(shard, nowMs);
    }
  }

  /** This node has got a shard. */
  owned(shard: number, epoch: number): void {
    const found = this.#shards[shard];
    if (found !== undefined && epoch >= found.epoch) this.#own(found, this.#node, epoch);
  }

  /** This node has it no more, or has claimed it in vain. */
  lost(shard: number, nowMs: number): void {
    const found = this.#shards[shard];
    if (found !== undefined && (found.owner === this.#node || found.owner === undefined))
      free(found, nowMs);
  }

  #own(shard: Shard, owner: string, epoch: number): void {
    shard.owner = owner;
    shard.epoch = epoch;
  }

  /** What this node is to claim now. */
  due(nowMs: number): number[] {
    const living = this.#living(nowMs);
    for (const shard of this.#shards)
      if (shard.owner !== undefined && !living.includes(shard.owner)) free(shard, nowMs);
    const all = Array.from(this.#shards.keys());
    return all.filter((shard) => this.#dueAtMs(shard, living) <= nowMs);
  }

  /** When `due` is to be asked next, if nothing is heard until then. */
  nextMs(nowMs: number): number {
    const living = this.#living(nowMs);
    const claims = this.#shards.map((_, shard) => this.#dueAtMs(shard, living));
    const deaths = Array.from(this.#heardAtMs.values(), (atMs) => atMs + DEAD_AFTER_MS);
    return Math.min(...[...claims, ...deaths].filter((atMs) => atMs > nowMs));
  }

  #dueAtMs(shard: number, living: readonly string[]): number {
    const { owner, freeSinceMs } = this.#shards[shard] ?? { owner: this.#node, freeSinceMs: 0 };
    if (owner !== undefined) return Infinity;
    return freeSinceMs + candidatesFor(shard, living).indexOf(this.#node) * STEP_MS;
  }

  /** This node among them. */
  #living(nowMs: number): string[] {
    const others = Array.from(this.#heardAtMs).filter(
      ([node, atMs]) => node !== this.#node && nowMs - atMs < DEAD_AFTER_MS,
    );
    return [this.#node, ...others.map(([node]) => node)];
  }
}

function free(shard: Shard, nowMs: number): void {
  shard.owner = undefined;
  shard.freeSinceMs = nowMs;
}
