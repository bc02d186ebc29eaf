/**
 * Finds who wants a message: by its topic, or by the Subscription Identifiers that it carries.
 *
 * Answers are remembered by topic, because devices publish to few topics again and again; a change of the
 * subscriptions forgets all of them.
 */
import { topicMatchesFilter } from "@anax/protocol";

/** Topics whose answer is remembered. Who receives more pays for a match per message. */
const REMEMBERED_TOPICS_MAX = 1_024;

/** Something that wants the messages of some Topic Filters. */
export interface TopicTarget {
  /** Its Topic Filters, those of Shared Subscriptions in full. */
  readonly topicFilters: readonly string[];
  /** The Subscription Identifier that the server was given for them. */
  readonly subscriptionIdentifier: number | undefined;
}

/** Finds the targets of a message. */
export class TopicRouter<Target extends TopicTarget> {
  readonly #targets: Set<Target> = new Set();
  readonly #remembered: Map<string, readonly Target[]> = new Map();

  /** All targets, in the order of their coming. */
  get targets(): Iterable<Target> {
    return this.#targets;
  }

  /** Adds a target. */
  add(target: Target): void {
    this.#targets.add(target);
    this.#remembered.clear();
  }

  /** Removes a target; false if it was not there. */
  remove(target: Target): boolean {
    this.#remembered.clear();
    return this.#targets.delete(target);
  }

  /** The Topic Filters of a target changed. */
  changed(): void {
    this.#remembered.clear();
  }

  /** Whether any target has this Topic Filter, character by character. */
  hasFilter(topicFilter: string): boolean {
    for (const target of this.#targets) {
      if (target.topicFilters.includes(topicFilter)) return true;
    }
    return false;
  }

  /**
   * Who wants a message of this topic. Where the server says for which Subscription Identifiers it sent
   * the message, targets that have another one are left out.
   */
  find(topic: string, identifiers: readonly number[] | undefined): readonly Target[] {
    const targets = this.#remembered.get(topic) ?? this.#match(topic);
    if (identifiers === undefined) return targets;
    return targets.filter(
      ({ subscriptionIdentifier }) =>
        subscriptionIdentifier === undefined || identifiers.includes(subscriptionIdentifier),
    );
  }

  #match(topic: string): readonly Target[] {
    const targets: Target[] = [];
    for (const target of this.#targets) {
      if (target.topicFilters.some((filter) => topicMatches(topic, filter))) targets.push(target);
    }
    if (this.#remembered.size >= REMEMBERED_TOPICS_MAX) this.#remembered.clear();
    this.#remembered.set(topic, targets);
    return targets;
  }
}

/**
 * Whether a Topic Name matches a Topic Filter. A Shared Subscription is matched without its first two parts; that it is
 * well formed was checked before.
 */
export function topicMatches(topic: string, filter: string): boolean {
  return topicMatchesFilter(topic, filter.replace(/^\$share\/[^/]*\//, ""));
}
