import { describe, expect, it } from "vitest";
import { slotIn } from "../../src/core/delivering/address-book.ts";
import { DurableClient } from "../support/durable-client.ts";
import { DurableServer } from "../support/durable-server.ts";
import { RandomHandlers } from "../support/random-handlers.ts";

const SEEDS = Number(process.env["CRASH_SEEDS"] ?? 150);
const HANDLER_SEEDS = Number(process.env["HANDLER_SEEDS"] ?? 80);
const FIRST_SEED = Number(process.env["CRASH_SEED"] ?? 1);
const STEPS = 60;

/** Whatever can be cut is. */
const CUT = { ms: Infinity, steps: 1, receivers: 0, nodes: 1 };

/** Small deterministic random numbers: a seed is a whole history. */
function random(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}

/** A history of publishing, losing links, commits that come late and crashes; then everybody gets what he is owed. */
class History {
  readonly publishers = [new DurableClient("p1"), new DurableClient("p2")];
  readonly subscribers = [new DurableClient("s1"), new DurableClient("s2")];
  readonly sent = new Map<string, 1 | 2>();
  /** Undefined where the program has no handlers. */
  readonly handlers: RandomHandlers | undefined;
  readonly #server: DurableServer;
  readonly #below: (limit: number) => number;
  #text = 0;

  constructor(seed: number, { ungated = false, hasHandlers = false } = {}) {
    this.#below = random(seed);
    this.handlers = hasHandlers ? new RandomHandlers(this.#below) : undefined;
    const residentBytesMax = seed % 2 === 0 ? 0 : Infinity;
    this.#server = new DurableServer(
      { queueMessagesMax: 100_000, queueBytesMax: 1e9 },
      { residentBytesMax },
      this.handlers?.hooks,
      seed % 3 === 0 ? CUT : undefined,
    );
    this.#server.isUngated = ungated;
    for (const client of this.#clients) this.#connect(client);
    this.subscribers[0]?.subscribe("t/#", 2);
    this.subscribers[1]?.subscribe("t/+", 1);
  }

  run(): void {
    for (let step = 0; step < STEPS; step += 1) this.#step();
    this.#server.isCommitting = true;
    this.#server.commit();
    for (let round = 0; round < 6; round += 1) {
      this.#server.commit();
      for (const client of this.#clients) if (!client.isConnected) this.#connect(client);
      while (this.#answer());
      for (const client of this.#clients) client.work();
    }
  }

  /** Texts of Wills that must have come. */
  get dueWills(): string[] {
    return this.#clients.flatMap(({ dueWills }) => dueWills);
  }

  /** What handlers are at work on. */
  get works(): number {
    return this.#server.harness.core.works.count;
  }

  #answer(): boolean {
    const hasAnswered = this.handlers?.answer() ?? false;
    this.#server.harness.settle();
    return hasAnswered;
  }

  /** Messages that the journal keeps though no session is owed them, or the other way round. */
  get strayMessages(): number {
    const { core } = this.#server.harness;
    const owed = new Set<number>();
    for (const session of core.sessions) {
      const items = Array.from(session.sender.resume(), ({ item }) => item);
      for (const item of [...items, ...session.queue])
        if (typeof item === "number") owed.add(slotIn(item));
    }
    return (core.journal?.messages.live ?? 0) - owed.size;
  }

  get #clients(): DurableClient[] {
    return [...this.publishers, ...this.subscribers];
  }

  #step(): void {
    const dice = this.#below(100);
    const client = this.#clients[this.#below(4)];
    if (this.handlers !== undefined && this.#below(3) === 0) this.#answer();
    if (dice < 45) this.#publish();
    else if (dice < 65) client?.work();
    else if (dice < 72) client?.cut();
    else if (dice < 80 && client !== undefined && this.#mayConnect(client)) this.#connect(client);
    else if (dice < 88) this.#server.isCommitting = !this.#server.isCommitting;
    else if (dice < 94) this.#server.commit();
    else if (dice < 97) this.#server.harness.core.checkpoint();
    else this.#crash();
  }

  #publish(): void {
    const publisher = this.publishers[this.#below(2)];
    if (publisher?.isConnected !== true) return;
    const qos = this.#below(2) === 0 ? 1 : 2;
    this.#text += 1;
    const text = `${publisher.clientId}-${this.#text}`;
    this.sent.set(text, qos);
    publisher.publish(text, qos);
  }

  /** Sometimes a client comes again whose older connection is still there. */
  #mayConnect(client: DurableClient): boolean {
    return !client.isConnected || (this.handlers !== undefined && this.#below(3) === 0);
  }

  #connect(client: DurableClient): void {
    // CONNACK of a durable session needs its commit.
    this.#server.isCommitting = true;
    this.#server.commit();
    this.#text += 1;
    const will =
      this.handlers === undefined ? undefined : `will of ${client.clientId}-${this.#text}`;
    if (will !== undefined) this.sent.set(will, 2);
    client.connect(this.#server.harness, will);
  }

  /** With some commits under way, of which one may have reached the medium. */
  #crash(): void {
    const commit = this.#server.take();
    if (commit !== undefined && this.#below(2) === 0) this.#server.apply(commit);
    for (const client of this.#clients) client.lose();
    this.handlers?.forget();
    this.#server.isCommitting = true;
    this.#server.crash(this.#below(1_000));
  }
}

/** What is wrong with a history; empty if nothing. */
function faults(history: History): string[] {
  const found: string[] = [];
  const { handlers } = history;
  const acknowledged = history.publishers.flatMap((publisher) => publisher.acknowledged);
  for (const text of acknowledged)
    if (handlers?.accepted.has(text) === false) found.push(`${text} was acknowledged undecided`);
  const due = history.dueWills.filter((text) => handlers?.refused.has(text) !== true);
  for (const subscriber of history.subscribers) {
    const texts = subscriber.received.map(({ text }) => text);
    const got = new Set(texts);
    for (const text of [...acknowledged, ...due])
      if (!got.has(text) && handlers?.vetoed.has(`${subscriber.clientId} ${text}`) !== true)
        found.push(`${subscriber.clientId} lost ${text}`);
    for (const text of got) if (!history.sent.has(text)) found.push(`${text} was never sent`);
    for (const { text, count } of repetitions(subscriber))
      found.push(`${subscriber.clientId} got ${text} ${count} times`);
    found.push(...disorder(subscriber, (text) => hasPlace(history, subscriber, text)));
  }
  if (history.works !== 0) found.push(`${history.works} works never end`);
  if (history.strayMessages !== 0) found.push(`${history.strayMessages} messages are stray`);
  return found;
}

/** QoS 2 both ways means exactly once. */
function repetitions(subscriber: DurableClient): { text: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { text, qos } of subscriber.received)
    if (qos === 2) counts.set(text, (counts.get(text) ?? 0) + 1);
  return Array.from(counts, ([text, count]) => ({ text, count })).filter(({ count }) => count > 1);
}

/** False for Wills, and for what handlers once decided against: after a crash they may let it pass, when later messages have come. */
function hasPlace({ handlers }: History, { clientId }: DurableClient, text: string): boolean {
  if (text.startsWith("will") || handlers?.refused.has(text) === true) return false;
  return handlers?.vetoed.has(`${clientId} ${text}`) !== true;
}

/** First deliveries of a publisher's messages of one QoS come in the order in which they were sent. */
function disorder(subscriber: DurableClient, isOrdered: (text: string) => boolean): string[] {
  const last = new Map<string, number>();
  const seen = new Set<string>();
  const found: string[] = [];
  for (const { text, qos } of subscriber.received) {
    if (seen.has(text) || !isOrdered(text)) continue;
    seen.add(text);
    const [publisher, number] = text.split("-");
    const key = `${publisher} ${qos}`;
    if (Number(number) < (last.get(key) ?? 0))
      found.push(`${subscriber.clientId} got ${text} late`);
    last.set(key, Math.max(last.get(key) ?? 0, Number(number)));
  }
  return found;
}

describe("crashes at any moment", () => {
  it(`lose nothing acknowledged, repeat no QoS 2, keep the order (${SEEDS} histories)`, () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const history = new History(seed);
      history.run();
      expect(faults(history), `seed ${seed}`).toEqual([]);
    }
  });

  it(`do so where handlers take their time, refuse and fail (${HANDLER_SEEDS} histories)`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HANDLER_SEEDS; seed += 1) {
      const history = new History(seed, { hasHandlers: true });
      history.run();
      expect(faults(history), `seed ${seed}`).toEqual([]);
    }
  }, 3_600_000);

  it("are noticed to lose something where acknowledgements do not wait for their commits", () => {
    const wrong = Array.from({ length: SEEDS }, (_, index) => {
      const history = new History(index + 1, { ungated: true });
      history.run();
      return faults(history).length;
    });
    expect(Math.max(...wrong)).toBeGreaterThan(0);
  });
});
