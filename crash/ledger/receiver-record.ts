import { topicMatchesFilter } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { SequenceSet } from "./sequence-set.ts";
import type { Stream } from "./stream.ts";
import type { ViolationType } from "./violation.ts";

/** A delivery as the receiver sees it. */
export interface Delivery {
  readonly stream: Stream;
  readonly sequence: number;
  readonly isDuplicate: boolean;
  /** The RETAIN flag: it is what a new subscription is given, not one message after the other. */
  readonly isRetained: boolean;
  readonly nowMs: number;
}

/** Tells what is wrong with a delivery. */
export type Complain = (type: ViolationType, text: string) => void;

interface SubscriptionRecord {
  readonly qos: QoS;
  /** When SUBACK came: what is sent later and acknowledged has to be delivered. */
  confirmedAt: number;
}

/** What has come of one stream. */
class Progress {
  readonly seen: SequenceSet = new SequenceSet();
  last = 0;
  /** Acknowledged, and not seen yet. */
  readonly owed: Set<number> = new Set();
  /** Up to here everything belonged to an earlier session. */
  floor = 0;
  /** Index of the sending after the one that the last delivery of QoS 0 is explained by. */
  #next = 0;

  /**
   * Whether a delivery of QoS 0 can be one of the sendings after those of the deliveries before. Of QoS 0 a server may
   * leave out what it likes, and it may take for new what a client sends again; but it sends on in the order of what it gets
   * [MQTT-4.6.0-6]. The earliest sending that fits leaves the most to what follows.
   */
  follows(transmissions: readonly number[], sequence: number): boolean {
    const index = transmissions.indexOf(sequence, this.#next);
    if (index < 0) return false;
    this.#next = index + 1;
    return true;
  }
}

/**
 * What one session, or one group of a Shared Subscription, must get, may get and has got. `confirmedAt` and `sentAt`
 * are numbers of a common count of events.
 */
export class ReceiverRecord {
  readonly name: string;
  readonly isShared: boolean;
  readonly #complain: Complain;
  readonly #subscriptions: Map<string, SubscriptionRecord> = new Map();
  readonly #formerFilters: Set<string> = new Set();
  #progress: Map<Stream, Progress> = new Map();

  constructor(name: string, complain: Complain, kind: "session" | "group" = "session") {
    this.name = name;
    this.isShared = kind === "group";
    this.#complain = complain;
  }

  /** SUBSCRIBE is sent: messages may come from now on. */
  subscribing(filter: string, qos: QoS): void {
    const known = this.#subscriptions.get(filter);
    if (known?.qos === qos) return;
    this.#subscriptions.set(filter, { qos, confirmedAt: Infinity });
  }

  /** SUBACK came: messages have to come from now on. */
  subscribed(filter: string, at: number): void {
    const subscription = this.#subscriptions.get(filter);
    if (subscription !== undefined)
      subscription.confirmedAt = Math.min(subscription.confirmedAt, at);
  }

  /** UNSUBSCRIBE is sent: what is queued need not come any more, but may. */
  unsubscribing(filter: string): void {
    this.#subscriptions.delete(filter);
    this.#formerFilters.add(filter);
    for (const [stream, { owed }] of this.#progress) {
      if (this.#subscriptionTo(stream.topic) === undefined) owed.clear();
    }
  }

  /** CONNECT with Clean Start is sent: nothing of what was need come, and after CONNACK nothing may. */
  beginning(streams: Iterable<Stream>): void {
    this.#subscriptions.clear();
    this.#formerFilters.clear();
    this.#progress = new Map();
    for (const stream of streams) {
      // A Will that was due before may come later.
      if (!stream.fields.isOrdered) continue;
      this.#progressOf(stream).floor = stream.acknowledged.contiguousFrom(1);
    }
  }

  /** A message is the server's responsibility now. */
  acknowledged(stream: Stream, sequence: number, sentAt: number): void {
    const subscription = this.#subscriptionTo(stream.topic);
    if (subscription === undefined || subscription.confirmedAt >= sentAt) return;
    if (subscription.qos === 0 || stream.fields.qos === 0) return;
    const progress = this.#progressOf(stream);
    if (!progress.seen.has(sequence)) progress.owed.add(sequence);
  }

  /** A message has arrived. */
  delivered(delivery: Delivery): void {
    const { stream, sequence } = delivery;
    const name = `${stream.topic} #${sequence}`;
    const progress = this.#progressOf(stream);
    if (!this.#mayReceive(stream.topic)) this.#complain("invented", `${name} without subscription`);
    if (sequence > stream.lastSent) this.#complain("invented", `${name} was never sent`);
    if (delivery.isRetained) return;
    if (sequence <= progress.floor) this.#complain("stale", name);
    progress.owed.delete(sequence);
    const isNew = !progress.seen.has(sequence);
    progress.seen.add(sequence);
    if (this.#isAtMostOnce(stream)) {
      if (progress.follows(stream.transmissions, sequence)) return;
      const text = `${name} at QoS 0, which no sending explains`;
      return this.#complain(isNew ? "reordered" : "repeated", text);
    }
    if (!isNew) return this.#again(delivery, name);
    if (sequence < progress.last && !this.#mayComeLate(delivery)) {
      this.#complain("reordered", `${name} after #${progress.last}`);
    }
    progress.last = Math.max(progress.last, sequence);
  }

  /** Whether something is owed of the streams that `isMeant` chooses. */
  isOwed(isMeant: (stream: Stream) => boolean): boolean {
    return [...this.#progress].some(([stream, { owed }]) => owed.size > 0 && isMeant(stream));
  }

  /** The server has had its chance: what is still owed of the chosen streams is lost. */
  settle(isMeant: (stream: Stream) => boolean, nowMs: number): void {
    for (const [stream, { owed }] of this.#progress) {
      if (!isMeant(stream)) continue;
      for (const sequence of owed) {
        if (stream.mayHaveExpired(sequence, nowMs)) continue;
        this.#complain("lost", `${stream.topic} #${sequence}`);
      }
      owed.clear();
    }
  }

  /** True for what comes with QoS 0 through one subscription, in an order. */
  #isAtMostOnce(stream: Stream): boolean {
    if (this.isShared || !stream.fields.isOrdered) return false;
    return stream.fields.qos === 0 || this.#subscriptionTo(stream.topic)?.qos === 0;
  }

  #again({ stream, sequence, isDuplicate }: Delivery, name: string): void {
    const qos = Math.min(stream.fields.qos, this.#subscriptionTo(stream.topic)?.qos ?? 1);
    const isExplained = qos < 2 && (isDuplicate || stream.resent.has(sequence));
    if (!isExplained) this.#complain("repeated", `${name} at QoS ${qos}`);
  }

  /**
   * Whether a message may come behind later ones: where there is no order, and if it was sent again, after a subscription
   * that the first sending came too early for, or after the first had expired where a later message had not.
   */
  #mayComeLate({ stream, sequence, nowMs }: Delivery): boolean {
    if (this.isShared || !stream.fields.isOrdered) return true;
    if (!stream.resent.has(sequence)) return false;
    const confirmedAt = this.#subscriptionTo(stream.topic)?.confirmedAt ?? Infinity;
    return stream.sentAt(sequence) < confirmedAt || stream.mayHaveExpired(sequence, nowMs);
  }

  #mayReceive(topic: string): boolean {
    if (this.#subscriptionTo(topic) !== undefined) return true;
    return [...this.#formerFilters].some((filter) => topicMatchesFilter(topic, filter));
  }

  #subscriptionTo(topic: string): SubscriptionRecord | undefined {
    for (const [filter, subscription] of this.#subscriptions) {
      if (topicMatchesFilter(topic, filter)) return subscription;
    }
    return undefined;
  }

  #progressOf(stream: Stream): Progress {
    let progress = this.#progress.get(stream);
    if (progress === undefined) this.#progress.set(stream, (progress = new Progress()));
    return progress;
  }
}
