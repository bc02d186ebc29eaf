import { encodeUtf8 } from "@anax/protocol";
import { CombinedRoutes } from "./combined-routes.ts";
import { CostlyRoutes } from "./costly-routes.ts";
import type { FilterNode } from "./filter-node.ts";
import { NO_ROUTE } from "./route.ts";
import type { Route } from "./route.ts";
import type { SharedGroup } from "./shared-subscriptions.ts";
import { SubscriptionTree } from "./subscription-tree.ts";
import type { Subscription } from "./subscription.ts";
import { TopicLevels } from "./topic-levels.ts";

/**
 * From topic to recipients. A topic is matched each time that it comes, by its bytes. What is remembered is the list of
 * recipients: of a filter with the filter, and of filters that were matched together with `CombinedRoutes`. So a topic
 * that comes once costs no more than one that repeats itself, and a subscription that changes makes nothing else stale.
 */
export class Router {
  readonly #tree: SubscriptionTree;
  /** The topic that was read last. */
  readonly levels: TopicLevels;
  readonly #combined: CombinedRoutes = new CombinedRoutes();
  readonly #costly: CostlyRoutes = new CostlyRoutes();

  /** `seed`: a number that clients do not know, so that they cannot choose levels which all have one hash. */
  constructor(seed = 0) {
    this.#tree = new SubscriptionTree(seed);
    this.levels = new TopicLevels(seed);
  }

  /** Adds or replaces; true if the session did not have this subscription before. */
  subscribe(subscription: Subscription): boolean {
    return this.#tree.set(subscription);
  }

  unsubscribe(subscription: Subscription): boolean {
    return this.#tree.delete(subscription);
  }

  group(shareName: string, topicFilter: string): SharedGroup | undefined {
    return this.#tree.group(shareName, topicFilter);
  }

  /** Grows with each change of a subscription. */
  get changes(): number {
    return this.#tree.changes;
  }

  /** Nodes that all matching together has gone over: what it has cost. */
  get steps(): number {
    return this.#tree.steps;
  }

  /** The route of a valid Topic Name. */
  route(topic: string): Route {
    const bytes = encodeUtf8(topic);
    return this.find(bytes, 0, bytes.length, Infinity) ?? NO_ROUTE;
  }

  /**
   * Hot path: the route of the topic in `bytes[start, end)`; undefined if it is no valid Topic Name, or has more levels.
   */
  find(bytes: Uint8Array, start: number, end: number, levelsMax: number): Route | undefined {
    const levels = this.levels;
    if (!levels.read(bytes, start, end) || levels.count > levelsMax) return undefined;
    return this.#costly.find(levels, this.#tree.changes) ?? this.#match(levels);
  }

  #match(levels: TopicLevels): Route {
    const tree = this.#tree;
    const before = tree.steps;
    tree.match(levels);
    const route = this.#routeOfMatched();
    if (tree.steps - before > levels.count)
      this.#costly.keep(levels, tree.steps - before, tree.changes, route);
    return route;
  }

  #routeOfMatched(): Route {
    const { matched, matchedCount } = this.#tree;
    const [first] = matched;
    if (matchedCount === 0 || first === undefined) return NO_ROUTE;
    if (matchedCount > 1) return this.#combined.of(matched, matchedCount);
    return (first.route ??= routeOf(first));
  }
}

function routeOf({ subscribers, groups }: FilterNode): Route {
  return {
    recipients: subscribers?.all ?? [],
    groups: groups === undefined ? NO_ROUTE.groups : [...groups.values()],
  };
}
