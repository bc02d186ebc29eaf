import type { Subscription } from "./subscription.ts";

/** The Client Identifier of all other servers of a cluster. No client has it: U+0000 is in no string of MQTT [MQTT-1.5.4-2]. */
export const PEER_CLIENT_ID = "\u0000";

/** A filter that clients of this server have subscriptions to, of which the other servers are to know. */
export class Interest {
  readonly filter: string;
  /** Subscriptions to it. */
  count = 0;
  /** Which of the others have written it down: a bit for each. */
  knownTo = 0;
  /** What waits until all of them have, or until it is wanted no more. */
  waiting: (() => void)[] | undefined;

  constructor(filter: string) {
    this.filter = filter;
  }

  /** What waits goes on. */
  resume(): void {
    const { waiting } = this;
    this.waiting = undefined;
    for (const go of waiting ?? []) go();
  }
}

/** Told of the first subscription to a filter, and of the end of the last one. */
export interface InterestWatcher {
  wanted(interest: Interest): void;
  unwanted(interest: Interest): void;
}

/** The filters of a server's own clients, each once however many have it. Those of shared subscriptions are not among them. */
export class Interests {
  readonly #byFilter: Map<string, Interest> = new Map();
  readonly #watcher: InterestWatcher;

  constructor(watcher: InterestWatcher) {
    this.#watcher = watcher;
  }

  get(filter: string): Interest | undefined {
    return this.#byFilter.get(filter);
  }

  get size(): number {
    return this.#byFilter.size;
  }

  add({ topicFilter, shareName, session }: Subscription): void {
    if (shareName !== undefined || session.clientId === PEER_CLIENT_ID) return;
    let interest = this.#byFilter.get(topicFilter);
    if (interest === undefined) {
      interest = new Interest(topicFilter);
      this.#byFilter.set(topicFilter, interest);
      this.#watcher.wanted(interest);
    }
    interest.count += 1;
  }

  remove({ topicFilter, shareName, session }: Subscription): void {
    if (shareName !== undefined || session.clientId === PEER_CLIENT_ID) return;
    const interest = this.#byFilter.get(topicFilter);
    if (interest === undefined) return;
    interest.count -= 1;
    if (interest.count > 0) return;
    this.#byFilter.delete(topicFilter);
    this.#watcher.unwanted(interest);
    interest.resume();
  }

  [Symbol.iterator](): IterableIterator<Interest> {
    return this.#byFilter.values();
  }
}
