import { describe, expect, it } from "vitest";
import { Coordinator } from "../../src/cluster/coordinator.ts";
import { candidatesFor, shardOf } from "../../src/cluster/placement.ts";

const NODES = ["a", "b", "c"];

describe("placement", () => {
  it("spreads clients over shards, and never changes where one is", () => {
    const counts = new Array<number>(8).fill(0);
    for (let number = 0; number < 8_000; number += 1) {
      const shard = shardOf(`client-${number}`, 8);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
    const known = ["", "a", "client-1", "käfer", "x".repeat(1_000)];
    expect(known.map((clientId) => shardOf(clientId, 8))).toEqual([3, 7, 0, 0, 3]);
  });

  it("moves only what a node had when that goes, and all nodes agree", () => {
    const all = Array.from({ length: 64 }, (_, shard) => candidatesFor(shard, NODES));
    expect(new Set(all.map(([first]) => first)).size).toBe(3);
    for (const [shard, order] of all.entries()) {
      expect(candidatesFor(shard, ["c", "a", "b"])).toEqual(order);
      expect(candidatesFor(shard, ["a", "c"])).toEqual(order.filter((node) => node !== "b"));
    }
  });
});

/** Nodes that hear of each other, on virtual time; a claim is won by who makes it first. */
class Nodes {
  now = 0;
  readonly living = new Set(NODES);
  readonly shards = new Map<number, { node: string; epoch: number }>();
  readonly claims: string[] = [];
  readonly #coordinators = new Map(
    NODES.map((node): [string, Coordinator] => [node, new Coordinator(node, 6, 0)]),
  );

  advance(ms: number): void {
    const end = this.now + ms;
    for (; this.now < end; this.now += 100) {
      if (this.now % 500 === 0) for (const node of this.living) this.#beat(node);
      for (const node of this.living)
        for (const shard of this.#of(node).due(this.now)) this.#claim(node, shard);
    }
  }

  #of(node: string): Coordinator {
    const coordinator = this.#coordinators.get(node);
    if (coordinator === undefined) throw new Error(node);
    return coordinator;
  }

  #beat(node: string): void {
    const own = Array.from(this.shards).filter(([, owner]) => owner.node === node);
    const shards = new Map(own.map(([shard, { epoch }]): [number, number] => [shard, epoch]));
    for (const other of this.living)
      if (other !== node) this.#of(other).heard({ node, shards }, this.now);
  }

  #claim(node: string, shard: number): void {
    const epoch = (this.shards.get(shard)?.epoch ?? 0) + 1;
    this.claims.push(`${node}${shard}`);
    const former = this.shards.get(shard)?.node;
    this.shards.set(shard, { node, epoch });
    this.#of(node).owned(shard, epoch);
    if (former !== undefined && this.living.has(former)) this.#of(former).lost(shard, this.now);
  }

  get owners(): string[] {
    return Array.from({ length: 6 }, (_, shard) => this.shards.get(shard)?.node ?? "nobody");
  }
}

describe("coordinators", () => {
  it("wait until those who have shards could have said so, then claim each once", () => {
    const nodes = new Nodes();
    nodes.advance(3_000);
    expect(nodes.claims).toEqual([]);
    nodes.advance(5_000);
    expect(nodes.owners).toEqual(
      Array.from({ length: 6 }, (_, shard) => candidatesFor(shard, NODES)[0]),
    );
    expect(nodes.claims).toHaveLength(6);
    nodes.advance(60_000);
    expect(nodes.claims).toHaveLength(6);
  });

  it("take over what a dead node had within five seconds, and leave the rest", () => {
    const nodes = new Nodes();
    nodes.advance(8_000);
    const before = nodes.owners;
    const [dead = ""] = before;
    nodes.living.delete(dead);
    nodes.advance(5_000);
    for (const [shard, owner] of nodes.owners.entries()) {
      const others = candidatesFor(shard, NODES).filter((node) => node !== dead);
      expect(owner).toBe(before[shard] === dead ? others[0] : before[shard]);
    }
    expect(nodes.claims).toHaveLength(6 + before.filter((owner) => owner === dead).length);
    // One that comes back takes nothing away: a shard moves when its owner goes, or gives it up.
    const after = nodes.owners;
    nodes.living.add(dead);
    nodes.advance(20_000);
    expect(nodes.owners).toEqual(after);
  });

  it("say when they are to be asked next", () => {
    const coordinator = new Coordinator("a", 2, 1_000);
    expect(coordinator.nextMs(1_000)).toBe(4_000);
    expect(coordinator.due(4_000)).toEqual([0, 1]);
    coordinator.owned(0, 1);
    coordinator.heard({ node: "b", shards: new Map([[1, 4]]) }, 4_000);
    expect(coordinator.ownerOf(1)).toBe("b");
    expect(coordinator.due(6_999)).toEqual([]);
    expect(coordinator.nextMs(4_000)).toBe(7_000);
    expect(coordinator.due(7_000)).toEqual([1]);
    coordinator.lost(1, 7_000);
    expect(coordinator.ownerOf(0)).toBe("a");
  });
});
