import { slotIn } from "../../src/core/owed/address-book.ts";
import type { Commit } from "../../src/core/recovery/commits.ts";
import { DurableClient } from "../support/durable-client.ts";
import { DurableServer } from "../support/durable-server.ts";
import { seeded } from "../support/seeded.ts";
import { describeState } from "../support/described-state.ts";
import { CHANGED, RandomHandlers } from "../support/random-handlers.ts";

const STEPS = 60;

/** Whatever can be cut is. */
const CUT = { ms: Infinity, steps: 1, receivers: 0, nodes: 1 };

/** Whatever is more than this of a session has rows of its own. */
const TINY_ROWS = { subscriptions: 0, queued: 2, queuedInPart: 3 };

/** What a history is made of, besides clients, slow commits and crashes. */
interface HistoryOptions {
  /** Nothing waits for a commit: a fault that has to be found. */
  readonly ungated?: boolean;
  /** Handlers take their time, refuse, fail, and change messages; servers stop in good order too, and disks fail. */
  readonly hasHandlers?: boolean;
  /** The store is a log, which full checkpoints shorten. */
  readonly isLog?: boolean;
  /** So many transactions more than it may the log throws away then: a fault that has to be found. */
  readonly purgesTooFarBy?: number;
}

/**
 * A history of publishing, losing links, commits that come late or fail, stops and crashes; then everybody gets what he is owed. It
 * knows what each client may believe, and so what must have come, and what must not.
 */
export class History {
  readonly publishers = [new DurableClient("p1"), new DurableClient("p2")];
  readonly subscribers = [new DurableClient("s1"), new DurableClient("s2")];
  readonly sent = new Map<string, 1 | 2>();
  /** Texts that a store that took nothing may have kept the server from taking, once. */
  readonly unstorable = new Set<string>();
  /** Undefined where the program has no handlers. */
  readonly handlers: RandomHandlers | undefined;
  readonly #server: DurableServer;
  readonly #below: (limit: number) => number;
  /** The commit that a full store has not made. */
  #failed: Commit | undefined;
  /** The store has failed, and takes nothing any more. */
  #isBroken = false;
  #text = 0;
  /** What was found to be wrong on the way. */
  readonly faults: string[] = [];

  constructor(seed: number, options: HistoryOptions = {}) {
    const { ungated = false, hasHandlers = false, isLog = false, purgesTooFarBy = 0 } = options;
    this.#below = seeded(seed);
    this.handlers = hasHandlers ? new RandomHandlers(this.#below) : undefined;
    const residentBytesMax = seed % 2 === 0 ? 0 : Infinity;
    this.#server = new DurableServer(
      { queueMessagesMax: 100_000, queueBytesMax: 1e9 },
      {
        residentBytesMax,
        isLog,
        ...(seed % 3 === 1 && { rowLimits: TINY_ROWS }),
        ...(isLog && { rowsPerCommit: 1 + (seed % 4) }),
      },
      this.handlers?.hooks,
      seed % 3 === 0 ? CUT : undefined,
    );
    this.#server.isUngated = ungated;
    if (this.#server.log !== undefined) this.#server.log.purgesTooFarBy = purgesTooFarBy;
    if (this.handlers !== undefined) this.handlers.mayWait = false;
    for (const client of this.#clients) this.#connect(client);
    this.subscribers[0]?.subscribe("t/#", 2);
    this.subscribers[1]?.subscribe("t/+", 1);
    if (this.handlers !== undefined) this.handlers.mayWait = true;
  }

  run(): void {
    for (let step = 0; step < STEPS; step += 1) this.#step();
    if (this.#isBroken) this.#crash();
    this.#mend();
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

  /** Transactions that the log has thrown away; 0 if there is none. */
  get purged(): number {
    return this.#server.log?.purged ?? 0;
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
    else if (this.#failed !== undefined || this.#isBroken) this.#trouble();
    else if (dice < 88) this.#server.isCommitting = !this.#server.isCommitting;
    else if (dice < 94) this.#commit();
    else if (dice < 97) this.#checkpoint();
    else if (this.handlers === undefined) this.#crash();
    else this.#trouble();
  }

  /** A log also is cut off in the middle of a checkpoint. */
  #commit(): void {
    if (this.#server.log === undefined || this.#below(3) === 0) return this.#server.commit();
    const commit = this.#server.take();
    if (commit !== undefined) this.#server.finish(commit);
  }

  #checkpoint(): void {
    const isFull = this.#server.log !== undefined && this.#below(3) > 0;
    this.#server.harness.core.checkpoint(isFull ? "everything" : "changes");
  }

  #trouble(): void {
    const dice = this.#below(10);
    if (dice < 4) this.#crash();
    else if (dice < 6) this.#stop();
    else if (dice < 9) this.#fill();
    else this.#break();
  }

  /** The store is full: the commit that is due has to be made again. */
  #fill(): void {
    if (this.#failed !== undefined || this.#isBroken) return this.#mend();
    this.#server.isCommitting = false;
    this.#failed = this.#server.take();
    if (this.#failed !== undefined) this.#fail("full");
  }

  /** The store has room again. */
  #mend(): void {
    const failed = this.#failed;
    this.#failed = undefined;
    if (failed === undefined) return;
    this.#noteUnstorable();
    this.#server.finish(failed);
  }

  /** The store fails for good, and may have made the commit all the same. */
  #break(): void {
    if (this.#failed !== undefined || this.#isBroken) return;
    const commit = this.#server.take();
    if (commit !== undefined && this.#below(2) === 0) this.#server.apply(commit);
    this.#isBroken = true;
    this.#server.isCommitting = false;
    this.#fail("failed");
  }

  /** What is under way while the store takes nothing may be refused. */
  #noteUnstorable(): void {
    for (const publisher of this.publishers)
      for (const text of publisher.unacknowledged) this.unstorable.add(text);
  }

  #fail(health: "full" | "failed"): void {
    this.#noteUnstorable();
    this.#server.harness.core.commitFailed(health);
    this.#server.harness.settle();
  }

  /** The server stops in good order, with some handlers still at work. */
  #stop(): void {
    if (this.#isBroken) return this.#crash();
    this.#mend();
    const { core } = this.#server.harness;
    core.disconnectAll({ reasonCode: 0x8b });
    this.#server.harness.settle();
    while (this.#below(4) > 0 && this.#answer());
    core.works.abandonAll();
    this.#server.harness.settle();
    this.#server.isCommitting = true;
    this.#server.commit();
    this.#begin();
  }

  #publish(): void {
    const publisher = this.publishers[this.#below(2)];
    if (publisher?.isConnected !== true) return;
    const qos = this.#below(2) === 0 ? 1 : 2;
    this.#text += 1;
    const text = `${publisher.clientId}-${this.#text}`;
    this.sent.set(text, qos);
    publisher.publish(text, qos);
    if (this.#failed !== undefined || this.#isBroken) this.unstorable.add(text);
  }

  /** Sometimes a client comes again whose older connection is still there. */
  #mayConnect(client: DurableClient): boolean {
    return !client.isConnected || (this.handlers !== undefined && this.#below(3) === 0);
  }

  #connect(client: DurableClient): void {
    // CONNACK of a durable session needs its commit.
    if (this.#isBroken) return;
    this.#mend();
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
    const commit = this.#isBroken ? undefined : (this.#failed ?? this.#server.take());
    if (commit !== undefined && this.#below(2) === 0) this.#server.apply(commit);
    this.#begin();
  }

  /** What is left of a log comes to the same state as all that was ever committed. */
  #compareWithLog(): void {
    const { log, medium } = this.#server;
    if (log === undefined) return;
    const [whole, left] = [medium, log.replay()].map((tables) =>
      describeState(this.#server.stateOf(tables)),
    );
    if (whole !== left) this.faults.push(`the log comes to ${left}, not ${whole}`);
  }

  /** Another process. */
  #begin(): void {
    for (const client of this.#clients) client.lose();
    this.handlers?.forget();
    this.#failed = undefined;
    this.#isBroken = false;
    this.#server.isCommitting = true;
    this.#compareWithLog();
    this.#server.crash(this.#below(1_000));
  }
}

/** What is wrong with a history; empty if nothing. */
export function faultsOf(history: History): string[] {
  const found: string[] = [...history.faults];
  const { handlers } = history;
  const acknowledged = history.publishers.flatMap((publisher) => publisher.acknowledged);
  for (const text of acknowledged)
    if (handlers?.accepted.has(text) === false) found.push(`${text} was acknowledged undecided`);
  const due = history.dueWills.filter((text) => handlers?.refused.has(text) !== true);
  for (const client of history.publishers) found.push(...client.faults);
  for (const subscriber of history.subscribers) {
    const texts = subscriber.received.map(({ text }) => text);
    const got = new Set(texts);
    for (const text of [...acknowledged, ...due])
      if (!got.has(text) && handlers?.vetoed.has(`${subscriber.clientId} ${text}`) !== true)
        found.push(`${subscriber.clientId} lost ${text}`);
    for (const text of got) if (!history.sent.has(text)) found.push(`${text} was never sent`);
    for (const { text, count } of repetitions(subscriber))
      found.push(`${subscriber.clientId} got ${text} ${count} times`);
    for (const { text, contentType } of subscriber.received)
      if (contentType === CHANGED && handlers?.changed.has(text) !== true)
        found.push(`${text} was changed by none`);
    found.push(...disorder(subscriber, (text) => hasPlace(history, subscriber, text)));
  }
  found.push(...(handlers?.faults ?? []));
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

/**
 * False for Wills, and for what handlers once decided against, or the store had no room for: when the client, which was not told,
 * sends it again they may let it pass, and later messages have come.
 */
function hasPlace(
  { handlers, unstorable }: History,
  { clientId }: DurableClient,
  text: string,
): boolean {
  if (text.startsWith("will") || handlers?.refused.has(text) === true) return false;
  if (unstorable.has(text)) return false;
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
