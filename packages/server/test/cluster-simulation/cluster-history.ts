import type { Peers } from "../../src/core/peers/peers.ts";
import { slotIn } from "../../src/core/owed/address-book.ts";
import { DurableClient } from "../support/durable-client.ts";
import { DurableServer } from "../support/durable-server.ts";
import { seeded } from "../support/seeded.ts";
import { SimulatedLink } from "./simulated-link.ts";

const STEPS = 150;
/** Rounds after which all that was owed must have come. */
const ROUNDS = 12;
const CUT = { ms: Infinity, steps: 1, receivers: 0, nodes: 1 };

/** Defects that have to be found. */
export const CLUSTER_FAULTS = [
  "acknowledges before it has stored",
  "answers SUBSCRIBE before the others know",
  "gives on what came from another server",
  "forgets after a crash what it has seen of the others",
  "forgets at a cut what it owes the others",
] as const;

/** One of `CLUSTER_FAULTS`. */
export type ClusterFault = (typeof CLUSTER_FAULTS)[number];

/** A client of one of the servers, always of the same: which one its Client Identifier says. */
interface Placed {
  readonly client: DurableClient;
  readonly shard: number;
}

/** What a subscriber has asked for, and what that obliges to. */
interface Wish {
  readonly topicFilter: string;
  packetIdentifier: number;
  /** Number of the first message that must come; Infinity while SUBACK has not. */
  since: number;
}

/**
 * A history of several servers with links that are slow and break, stores that take their time, and crashes, with clients who
 * publish at one server and subscribe at another. At its end everybody gets what is owed.
 */
export class ClusterHistory {
  readonly publishers: Placed[];
  readonly subscribers: Placed[];
  readonly sent: Map<string, 1 | 2> = new Map();
  readonly faults: string[] = [];
  readonly #shards: DurableServer[];
  readonly #links: Map<string, SimulatedLink> = new Map();
  readonly #wishes: Map<DurableClient, Map<string, Wish>> = new Map();
  readonly #below: (limit: number) => number;
  readonly #fault: ClusterFault | undefined;
  #number = 0;

  constructor(seed: number, fault?: ClusterFault) {
    this.#below = seeded(seed);
    this.#fault = fault;
    const count = 2 + (seed % 2);
    const budget = seed % 3 === 0 ? CUT : undefined;
    this.#shards = Array.from({ length: count }, (_, shard) => {
      const journal = { residentBytesMax: seed % 4 < 2 ? 0 : Infinity, isLog: seed % 5 === 0 };
      const peers = { cluster: "simulated", shard, shards: count, epoch: 0 };
      return new DurableServer({ queueMessagesMax: 100_000 }, journal, {}, budget, { peers });
    });
    const placed = (name: string, shard: number): Placed => {
      const client = new DurableClient(`${name}${shard}`);
      this.#wishes.set(client, new Map());
      return { client, shard };
    };
    const shards = this.#shards.keys();
    this.publishers = Array.from(shards, (shard) => placed("p", shard));
    this.subscribers = Array.from(this.#shards.keys(), (shard) => placed("s", shard));
    for (const shard of this.#shards) this.#prepare(shard);
    this.#relink();
    for (const { client, shard } of this.#clients) this.#connect(client, shard);
  }

  run(): void {
    for (let step = 0; step < STEPS; step += 1) this.#step();
    for (const shard of this.#shards) {
      shard.isCommitting = true;
      shard.commit();
    }
    this.#relink();
    for (let round = 0; round < ROUNDS; round += 1) this.#round();
    this.#check();
  }

  get #clients(): Placed[] {
    return [...this.publishers, ...this.subscribers];
  }

  #round(): void {
    for (const { client, shard } of this.#clients) {
      if (!client.isConnected) this.#connect(client, shard);
      this.#ask(client);
    }
    for (let moved = true; moved;) {
      moved = false;
      for (const link of this.#links.values())
        for (const end of [0, 1] as const) moved = link.arrive(end, 1) || moved;
    }
    for (const { client } of this.#clients) this.#work(client);
  }

  #step(): void {
    const dice = this.#below(100);
    const placed = this.#clients[this.#below(this.#clients.length)];
    const shard = this.#shards[this.#below(this.#shards.length)];
    if (placed === undefined || shard === undefined) return;
    if (dice < 25) this.#publish();
    else if (dice < 60) this.#move();
    else if (dice < 72) this.#work(placed.client);
    else if (dice < 76) placed.client.cut();
    else if (dice < 80) this.#mayConnect(placed);
    else if (dice < 85) this.#wish();
    else if (dice < 88) shard.isCommitting = !shard.isCommitting;
    else if (dice < 92) shard.commit();
    else if (dice < 94) this.#cutLink();
    else if (dice < 96) this.#relink();
    else if (dice < 98) shard.harness.core.checkpoint(this.#below(2) ? "changes" : "everything");
    else this.#crash(shard);
  }

  #publish(): void {
    const placed = this.publishers[this.#below(this.publishers.length)];
    if (placed?.client.isConnected !== true) return;
    const qos = this.#below(2) === 0 ? 1 : 2;
    this.#number += 1;
    const text = `${placed.client.clientId}-${this.#number}`;
    this.sent.set(text, qos);
    placed.client.publish(text, qos);
  }

  /** Some bytes arrive on a link. */
  #move(): void {
    const links = Array.from(this.#links.values());
    const link = links[this.#below(links.length)];
    link?.arrive(this.#below(2) === 0 ? 0 : 1, 1 + this.#below(3));
  }

  #work(client: DurableClient): void {
    client.work();
    for (const wish of this.#wishes.get(client)?.values() ?? [])
      if (wish.since === Infinity && client.granted.has(wish.packetIdentifier))
        wish.since = this.#number + 1;
  }

  /** A subscriber begins or ceases to want what one publisher publishes. */
  #wish(): void {
    const subscriber = this.subscribers[this.#below(this.subscribers.length)]?.client;
    const publisher = this.publishers[this.#below(this.publishers.length)]?.client;
    if (subscriber?.isConnected !== true || publisher === undefined) return;
    const wishes = this.#wishes.get(subscriber);
    const topicFilter = `${this.#below(2) === 0 ? "t" : "+"}/${publisher.clientId}`;
    this.#number += 1;
    if (wishes?.delete(topicFilter) === true)
      return subscriber.unsubscribe(this.#identifier(), topicFilter);
    wishes?.set(topicFilter, { topicFilter, packetIdentifier: 0, since: Infinity });
    this.#ask(subscriber);
  }

  /** Asks for what was not granted; again, if it was asked for on an earlier connection. */
  #ask(client: DurableClient): void {
    for (const wish of this.#wishes.get(client)?.values() ?? []) {
      if (wish.since < Infinity || !client.isConnected) continue;
      wish.packetIdentifier = this.#identifier();
      client.ask(wish.packetIdentifier, wish.topicFilter);
    }
  }

  /** Each is used once, so that no answer is taken for that of another. */
  #identifier(): number {
    this.#lastIdentifier += 1;
    return this.#lastIdentifier;
  }
  #lastIdentifier = 0;

  #mayConnect({ client, shard }: Placed): void {
    if (!client.isConnected) this.#connect(client, shard);
  }

  /** CONNACK needs its commit. */
  #connect(client: DurableClient, index: number): void {
    const shard = this.#shards[index];
    if (shard === undefined) return;
    shard.isCommitting = true;
    shard.commit();
    client.connect(shard.harness);
    // What had been asked for and not answered is asked for again.
    this.#ask(client);
  }

  #cutLink(): void {
    const entries = Array.from(this.#links);
    const [name, link] = entries[this.#below(entries.length)] ?? [];
    if (name === undefined || link === undefined) return;
    const ends = [[0], [1], [0, 1]] as const;
    link.cut(ends[this.#below(3)]);
    if (this.#fault === "forgets at a cut what it owes the others") this.#forgetOwed();
    this.#links.delete(name);
  }

  /** Makes the links that are missing. */
  #relink(): void {
    for (const [index, one] of this.#shards.entries())
      for (let other = index + 1; other < this.#shards.length; other += 1) {
        const name = `${index}-${other}`;
        const harness = this.#shards[other]?.harness;
        if (harness === undefined || this.#links.get(name)?.isOpen === true) continue;
        this.#links.set(name, new SimulatedLink(one.harness, harness));
      }
  }

  /** With a commit under way, which may have reached the medium. */
  #crash(shard: DurableServer): void {
    const commit = shard.take();
    if (commit !== undefined && this.#below(2) === 0) shard.apply(commit);
    const { harness } = shard;
    const index = this.#shards.indexOf(shard);
    for (const [name, link] of this.#links)
      if (name.split("-").includes(String(index))) {
        link.lose(harness);
        this.#links.delete(name);
      }
    for (const { client, shard: own } of this.#clients) if (own === index) client.lose();
    shard.isCommitting = true;
    shard.crash(this.#below(1_000));
    this.#prepare(shard);
    if (this.#fault === "forgets after a crash what it has seen of the others")
      for (const session of this.#peersOf(shard)) session.receiver.clear();
  }

  /** Makes a server faulty, if one is wanted. */
  #prepare(shard: DurableServer): void {
    const { peers } = shard.harness.core;
    if (peers === undefined) throw new Error("it is no server of a cluster");
    if (this.#fault === "acknowledges before it has stored") shard.isUngated = true;
    if (this.#fault === "answers SUBSCRIBE before the others know")
      peers.known = function* known() {};
    if (this.#fault === "gives on what came from another server")
      for (const session of this.#peersOf(shard))
        Object.assign(session, { clientId: `shard ${session.shard}` });
  }

  #forgetOwed(): void {
    for (const shard of this.#shards)
      for (const session of this.#peersOf(shard)) session.sender.clear();
  }

  #peersOf({ harness: { core } }: DurableServer): NonNullable<ReturnType<Peers["session"]>>[] {
    const all = Array.from(this.#shards.keys(), (shard) => core.peers?.session(shard));
    return all.filter((session) => session !== undefined);
  }

  #check(): void {
    for (const { client } of this.publishers) {
      this.faults.push(...client.faults);
      for (const text of client.unacknowledged) this.faults.push(`${text} is not acknowledged`);
    }
    for (const { client } of this.subscribers) this.#checkSubscriber(client);
    for (const [index, shard] of this.#shards.entries()) this.#checkShard(index, shard);
  }

  #checkSubscriber(client: DurableClient): void {
    const { clientId, received } = client;
    const counts = new Map<string, number>();
    const last = new Map<string, number>();
    for (const { text, qos } of received) {
      const count = (counts.get(text) ?? 0) + 1;
      counts.set(text, count);
      if (!this.sent.has(text)) this.faults.push(`${clientId} got ${text}, which was never sent`);
      if (qos === 2 && count > 1) this.faults.push(`${clientId} got ${text} ${count} times`);
      const [publisher, number] = text.split("-");
      const key = `${publisher} ${qos}`;
      if (!this.#wasWanted(client, publisher, Number(number))) continue;
      if (count === 1 && Number(number) < (last.get(key) ?? 0))
        this.faults.push(`${clientId} got ${text} late`);
      last.set(key, Math.max(last.get(key) ?? 0, Number(number)));
    }
    for (const wish of this.#wishes.get(client)?.values() ?? []) {
      if (wish.since === Infinity) this.faults.push(`${clientId} waits for ${wish.topicFilter}`);
      for (const text of this.#acknowledgedSince(wish))
        if (!counts.has(text)) this.faults.push(`${clientId} lost ${text}`);
    }
  }

  /** What was published before may be published again, and come then, behind later ones. */
  #wasWanted(client: DurableClient, publisher: string | undefined, number: number): boolean {
    const wishes = Array.from(this.#wishes.get(client)?.values() ?? []);
    return wishes.some(
      ({ topicFilter, since }) => topicFilter.endsWith(`/${publisher}`) && since <= number,
    );
  }

  #acknowledgedSince({ topicFilter, since }: Wish): string[] {
    const publisher = this.publishers.find(({ client }) =>
      topicFilter.endsWith(`/${client.clientId}`),
    );
    const acknowledged = publisher?.client.acknowledged ?? [];
    return acknowledged.filter((text) => Number(text.split("-")[1]) >= since);
  }

  /** Nothing is kept for nobody, and each knows what the others want. */
  #checkShard(index: number, shard: DurableServer): void {
    const { core, reports } = shard.harness;
    for (const report of reports) this.faults.push(`shard ${index} reports ${String(report)}`);
    const owed = new Set<number>();
    for (const session of [...core.sessions, ...this.#peersOf(shard)])
      for (const item of [
        ...Array.from(session.sender.resume(), (one) => one.item),
        ...session.queue,
      ])
        if (typeof item === "number") owed.add(slotIn(item));
    const live = core.journal?.messages.live ?? 0;
    if (live !== owed.size)
      this.faults.push(`shard ${index} keeps ${live} messages for ${owed.size}`);
    if (owed.size > 0) this.faults.push(`shard ${index} still owes ${owed.size} messages`);
    const all = Array.from(core.sessions, ({ subscriptions }) => [...subscriptions.values()]);
    const own = [...new Set(all.flat().map(({ filter }) => filter))].toSorted().join();
    for (const [other, { harness }] of this.#shards.entries()) {
      const known = harness.core.peers?.session(index)?.subscriptions;
      if (other === index || known === undefined) continue;
      const filters = Array.from(known.values(), ({ filter }) => filter).toSorted();
      if (filters.join() !== own)
        this.faults.push(`shard ${other} knows ${filters.join()} of shard ${index}, not ${own}`);
    }
  }
}
