/** Servers of a cluster with links between them: what is published at one reaches the subscribers of all. */
import { describe, expect, it } from "vitest";
import {
  acknowledgement,
  lasting,
  publishPacket,
  subscribePacket,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";
import { SimulatedLink } from "./simulated-link.ts";

class Cluster {
  readonly shards: DurableServer[];
  links: SimulatedLink[] = [];

  constructor(count = 2) {
    this.shards = Array.from(
      { length: count },
      (_, shard) =>
        new DurableServer({}, {}, {}, undefined, {
          peers: { cluster: "c", shard, shards: count, epoch: 0 },
        }),
    );
    this.link();
  }

  link(): void {
    for (const [index, one] of this.shards.entries())
      for (const other of this.shards.slice(index + 1))
        this.links.push(new SimulatedLink(one.harness, other.harness));
    this.settle();
  }

  settle(): void {
    while (
      this.links
        .map((link) => [link.arrive(0, 1), link.arrive(1, 1)])
        .flat()
        .includes(true)
    );
  }

  shard(index: number): DurableServer {
    const shard = this.shards[index];
    if (shard === undefined) throw new Error(`there is no shard ${index}`);
    return shard;
  }

  connect(index: number, clientId: string): ScriptedPeer {
    return this.shard(index).harness.connect(clientId, lasting());
  }

  crash(index: number): void {
    const { harness } = this.shard(index);
    for (const link of this.links) link.lose(harness);
    this.shard(index).crash();
    this.links = [];
    for (const other of this.shards)
      if (other !== this.shard(index))
        this.links.push(new SimulatedLink(this.shard(index).harness, other.harness));
    this.settle();
  }
}

function subscribed(cluster: Cluster, index: number, filter: string): ScriptedPeer {
  const peer = cluster.connect(index, `s${index}`);
  peer.send(subscribePacket(filter));
  cluster.settle();
  expect(peer.receive().map(({ type }) => type)).toEqual(["suback"]);
  return peer;
}

describe("two servers of a cluster", () => {
  it.each([0, 1, 2] as const)("give each other what is published at QoS %i", (qos) => {
    const cluster = new Cluster();
    const s = subscribed(cluster, 1, "t/#");
    const p = cluster.connect(0, "p");
    const identifier = qos === 0 ? {} : { packetIdentifier: 5 };
    p.send(publishPacket("t/x", "hello", { qos, ...identifier }));
    if (qos === 2) p.send(acknowledgement("pubrel", 5));
    cluster.settle();
    const answers = [[], ["puback"], ["pubrec", "pubcomp"]][qos];
    expect(p.receive().map(({ type }) => type)).toEqual(answers);
    expect(s.receivePublishes()).toMatchObject([{ topic: "t/x", qos }]);
  });

  it("answer SUBSCRIBE when the other one has stored what is wanted", () => {
    const cluster = new Cluster();
    cluster.shard(0).isCommitting = false;
    const s = cluster.connect(1, "s");
    s.send(subscribePacket("a"));
    cluster.settle();
    expect(s.receive()).toEqual([]);
    cluster.shard(0).commit();
    cluster.settle();
    expect(s.receiveOne("suback").reasonCodes).toEqual([2]);
    // It knows now.
    const other = cluster.connect(1, "other");
    other.send(subscribePacket("a"));
    expect(other.receiveOne("suback").reasonCodes).toEqual([2]);
  });

  it("hold SUBSCRIBE of what the other one does not know while there is no link", () => {
    const cluster = new Cluster();
    cluster.links[0]?.cut();
    const s = cluster.connect(1, "s");
    s.send(subscribePacket("a"));
    expect(s.receive()).toEqual([]);
    cluster.link();
    expect(s.receiveOne("suback").reasonCodes).toEqual([2]);
  });

  it("forget what nobody wants any more, also while there was no link", () => {
    const cluster = new Cluster();
    const s = subscribed(cluster, 1, "a");
    s.send({ ...subscribePacket("b"), packetIdentifier: 2 });
    cluster.settle();
    const wanted = (): string[] =>
      Array.from(
        cluster.shard(0).harness.core.peers?.session(1)?.subscriptions.values() ?? [],
        ({ filter }) => filter,
      );
    expect(wanted()).toEqual(["a", "b"]);
    s.send({ type: "unsubscribe", packetIdentifier: 1, topicFilters: ["a"] });
    cluster.settle();
    expect(wanted()).toEqual(["b"]);
    cluster.links[0]?.cut();
    s.send({ type: "unsubscribe", packetIdentifier: 1, topicFilters: ["b"] });
    expect(wanted()).toEqual(["b"]);
    cluster.link();
    expect(wanted()).toEqual([]);
  });

  it("keep what they owe each other across a crash of either", () => {
    const cluster = new Cluster();
    subscribed(cluster, 1, "t").cut();
    cluster.links[0]?.cut();
    const p = cluster.connect(0, "p");
    p.send(publishPacket("t", "one", { qos: 2, packetIdentifier: 1 }));
    p.send(publishPacket("t", "two", { qos: 1, packetIdentifier: 2 }));
    expect(p.receive().map(({ type }) => type)).toEqual(["pubrec", "puback"]);
    cluster.crash(0);
    cluster.crash(1);
    const s = cluster.connect(1, "s1");
    expect(s.receiveTexts()).toEqual(["one", "two"]);
  });

  it("do not go on with a store of a cluster where there is none", () => {
    const shard = new Cluster().shard(0);
    const alone = new DurableServer();
    alone.medium = shard.medium;
    expect(() => alone.crash()).toThrow(
      "the store is that of a cluster: it has what is owed to shard 1",
    );
  });
});

describe("a link", () => {
  function helloOf(peers: {
    cluster?: string;
    shard?: number;
    shards?: number;
  }): string | undefined {
    const cluster = new Cluster();
    cluster.links[0]?.cut();
    const stranger = new DurableServer({}, {}, {}, undefined, {
      peers: { cluster: "c", shard: 1, shards: 2, epoch: 0, ...peers },
    });
    const { core } = cluster.shard(0).harness;
    const link = new SimulatedLink(cluster.shard(0).harness, stranger.harness);
    const connection = link.ends[0].connection;
    while (link.arrive(0, 1) || link.arrive(1, 1));
    expect(core.peers?.isLinked(1)).toBe(false);
    return connection?.ending.reasonString;
  }

  it("is refused to who is of another cluster, another number of shards, or no other shard", () => {
    expect(helloOf({ cluster: "d" })).toBe('this is cluster "c" with 2 shards, not "d" with 2');
    expect(helloOf({ shards: 3 })).toBe('this is cluster "c" with 2 shards, not "c" with 3');
    expect(helloOf({ shard: 0 })).toBe("shard 0 is not linked with shard 0 of 2");
  });

  it("is refused to an epoch that is over, after a crash too", () => {
    const cluster = new Cluster();
    const old = new SimulatedLink(cluster.shard(0).harness, cluster.shard(1).harness);
    const former = cluster.shard(1).harness;
    cluster.crash(1);
    cluster.crash(0);
    expect(old.isOpen).toBe(true);
    const link = new SimulatedLink(cluster.shard(0).harness, former);
    link.arrive(0, 1);
    expect(link.ends[0].connection?.ending.reasonString).toBe(
      "epoch 1 of shard 1 is over: 2 is known",
    );
    expect(cluster.shard(0).harness.core.peers?.isLinked(1)).toBe(true);
  });
});

describe("three servers of a cluster", () => {
  it("give a message on once, and to all", () => {
    const cluster = new Cluster(3);
    const subscribers = [0, 1, 2].map((index) => subscribed(cluster, index, "t"));
    const p = cluster.connect(0, "p");
    p.send(publishPacket("t", "x", { qos: 1, packetIdentifier: 1 }));
    cluster.settle();
    expect(subscribers.map((s) => s.receiveTexts())).toEqual([["x"], ["x"], ["x"]]);
  });
});
