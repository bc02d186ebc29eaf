/**
 * Finds who wants a message by its topic.
 *
 * Answers are remembered by topic, because devices publish to few topics again and again; a change of the
 * subscriptions forgets all of them.
 */
import { topicMatchesFilter } from "@anax/protocol";
import { plainFilter } from "./plain-filter.ts";

/** Topics whose answer is remembered. Who receives more pays for a match per message. */
const REMEMBERED_TOPICS_MAX = 1_024;

/** Something that wants the messages of some Topic Filters. */
export interface TopicTarget {
  /** Its Topic Filters, those of Shared Subscriptions in full. */
  readonly topicFilters: readonly string[];
}

/** Who wants the messages of one topic. */
export interface TopicMatches<Target> {
  readonly targets: readonly Target[];
  /** Of each target, the first of its filters that matches: it takes the copy that was sent for that one. */
  readonly firstFilters: readonly string[];
  /** All filters that match, each once. */
  readonly filters: readonly string[];
}

/** Finds the targets of a message. */
export class TopicRouter<Target extends TopicTarget> {
  readonly #targets: Set<Target> = new Set();
  readonly #remembered: Map<string, TopicMatches<Target>> = new Map();

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

  /** Who wants a message of this topic. */
  find(topic: string): TopicMatches<Target> {
    return this.#remembered.get(topic) ?? this.#match(topic);
  }

  #match(topic: string): TopicMatches<Target> {
    const targets: Target[] = [];
    const firstFilters: string[] = [];
    const filters = new Set<string>();
    for (const target of this.#targets) {
      const [first, ...others] = target.topicFilters.filter((filter) =>
        topicMatches(topic, filter),
      );
      if (first === undefined) continue;
      targets.push(target);
      firstFilters.push(first);
      for (const filter of [first, ...others]) filters.add(filter);
    }
    const matches = { targets, firstFilters, filters: [...filters] };
    if (this.#remembered.size >= REMEMBERED_TOPICS_MAX) this.#remembered.clear();
    this.#remembered.set(topic, matches);
    return matches;
  }
}

/** Whether a Topic Name matches a Topic Filter, also one of a Shared Subscription. That it is well formed was checked before. */
export function topicMatches(topic: string, topicFilter: string): boolean {
  return topicMatchesFilter(topic, plainFilter(topicFilter));
}
