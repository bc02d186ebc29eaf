import { copyBytes } from "@anax/protocol";
import type { Route } from "./route.ts";
import type { TopicLevels } from "./topic-levels.ts";

/** Topics whose routes are kept since they took long to find; a power of two. */
const COSTLY_TOPICS = 256;

/** Nodes that a walk goes over before its route is kept: common topics and filters need a tenth of them. */
const COSTLY_STEPS = 256;

/** Longest topic whose route is kept, in bytes: longer ones would fill memory. */
const COSTLY_TOPIC_BYTES_MAX = 512;

/**
 * Routes of topics that hundreds of overlapping filters of one client, each with many `+`, have made slow to match: one
 * that repeats such a topic has the server walk once and not each time. Any change of a subscription makes all stale.
 */
export class CostlyRoutes {
  readonly #kept: (CostlyRoute | undefined)[] = new Array<CostlyRoute | undefined>(
    COSTLY_TOPICS,
  ).fill(undefined);
  #isEmpty = true;

  /** The route that is kept for the topic, if no subscription has changed since. */
  find(topic: TopicLevels, changes: number): Route | undefined {
    if (this.#isEmpty) return undefined;
    const kept = this.#kept[placeOf(topic)];
    return kept?.changes === changes && topic.isSame(kept.topic) ? kept.route : undefined;
  }

  /** Keeps the route if it took many steps to find. */
  keep(topic: TopicLevels, steps: number, changes: number, route: Route): void {
    const { bytes } = topic;
    const start = topic.start(0);
    const end = topic.end(topic.count - 1);
    if (steps < COSTLY_STEPS || end - start > COSTLY_TOPIC_BYTES_MAX) return;
    this.#kept[placeOf(topic)] = { topic: copyBytes(bytes, start, end), changes, route };
    this.#isEmpty = false;
  }
}

interface CostlyRoute {
  readonly topic: Uint8Array;
  readonly changes: number;
  readonly route: Route;
}

function placeOf({ digest }: TopicLevels): number {
  return digest & (COSTLY_TOPICS - 1);
}
