import { encodeUtf8, topicMatchesFilter } from "@anax/protocol";
import { CombinedRoutes } from "./combined-routes.ts";
import { CostlyRoutes } from "./costly-routes.ts";
import type { FilterNode } from "./filter-node.ts";
import type { Interests } from "./interest.ts";
import { NO_ROUTE } from "./route.ts";
import type { Route } from "./route.ts";
import type { SharedGroup } from "./shared-subscriptions.ts";
import { SubscriptionTree } from "./subscription-tree.ts";
import type { Subscription } from "./subscription.ts";
import { TopicLevels } from "./topic-levels.ts";
import { TreeWalk } from "./tree-walk.ts";

/** Nodes that finding one route may go over at once: a millisecond or two. Where more are to be gone over, it is done in parts. */
const NODES_AT_ONCE = 4_096;

/** The search for a route, which takes several turns. */
export interface RouteSearch {
  /** Goes over so many nodes more. The route, once it is found. */
  goOn(nodesMax: number): Route | undefined;
  /** To be called when it is found, or not wanted any more. */
  end(): void;
}

/**
 * From topic to recipients. A topic is matched each time that it comes, by its bytes. What is remembered is the list of
 * recipients: of a filter with the filter, and of filters that were matched together with `CombinedRoutes`. So a topic
 * that comes once costs no more than one that repeats itself, and a subscription that changes makes nothing else stale.
 */
export class Router {
  readonly #tree: SubscriptionTree;
  /** Told of each subscription; undefined where no other server is to know. */
  interests: Interests | undefined;
  /** The topic that was read last. */
  readonly levels: TopicLevels;
  readonly #walk: TreeWalk = new TreeWalk();
  readonly #seed: number;
  readonly #nodesAtOnce: number;
  readonly #combined: CombinedRoutes = new CombinedRoutes();
  readonly #costly: CostlyRoutes = new CostlyRoutes();
  /** Filters that were subscribed to while a search went on, of each search. */
  readonly #searches: Set<Set<string>> = new Set();

  /** `seed`: a number that clients do not know, so that they cannot choose levels which all have one hash. */
  constructor(seed = 0, nodesAtOnce: number = NODES_AT_ONCE) {
    this.#nodesAtOnce = nodesAtOnce;
    this.#seed = seed;
    this.#tree = new SubscriptionTree(seed);
    this.levels = new TopicLevels(seed);
  }

  /** Adds or replaces; true if the session did not have this subscription before. */
  subscribe(subscription: Subscription): boolean {
    if (this.#searches.size > 0)
      for (const added of this.#searches) added.add(subscription.topicFilter);
    const isNew = this.#tree.set(subscription);
    if (isNew) this.interests?.add(subscription);
    return isNew;
  }

  unsubscribe(subscription: Subscription): boolean {
    const isThere = this.#tree.delete(subscription);
    if (isThere) this.interests?.remove(subscription);
    return isThere;
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

  /** The route of a valid Topic Name, however long it takes to find. */
  route(topic: string): Route {
    return this.#routeWithin(topic, Infinity) ?? NO_ROUTE;
  }

  /** The same; undefined if it takes long to find. */
  quickRoute(topic: string): Route | undefined {
    return this.#routeWithin(topic, this.#nodesAtOnce);
  }

  #routeWithin(topic: string, nodesMax: number): Route | undefined {
    const bytes = encodeUtf8(topic);
    const { levels } = this;
    if (!levels.read(bytes, 0, bytes.length)) return NO_ROUTE;
    return this.#known(levels) ?? this.#found(levels, nodesMax);
  }

  /** The same, found in parts: it is that of the moment at which it is found. To be gone on with until then. */
  search(topic: string): RouteSearch {
    const bytes = encodeUtf8(topic);
    const levels = new TopicLevels(this.#seed);
    if (!levels.read(bytes, 0, bytes.length)) return { goOn: () => NO_ROUTE, end: () => undefined };
    const tree = this.#tree;
    const walk = new TreeWalk();
    const { changes, steps } = tree;
    const added = new Set<string>();
    this.#searches.add(added);
    tree.begin(walk);
    const goOn = (nodesMax: number): Route | undefined => {
      if (!tree.walk(walk, levels, nodesMax)) return undefined;
      for (const filter of added) if (topicMatchesFilter(topic, filter)) tree.add(walk, filter);
      const route = this.#routeOf(walk);
      if (tree.changes === changes) this.#costly.keep(levels, tree.steps - steps, changes, route);
      return route;
    };
    return { goOn, end: () => void this.#searches.delete(added) };
  }

  /**
   * Hot path: the route of the topic in `bytes[start, end)`; undefined if it is no valid Topic Name, has more levels, or takes long
   * to find.
   */
  find(bytes: Uint8Array, start: number, end: number, levelsMax: number): Route | undefined {
    const levels = this.levels;
    if (!levels.read(bytes, start, end) || levels.count > levelsMax) return undefined;
    return this.#known(levels) ?? this.#found(levels, this.#nodesAtOnce);
  }

  #known(levels: TopicLevels): Route | undefined {
    return this.#costly.find(levels, this.#tree.changes);
  }

  #found(levels: TopicLevels, nodesMax: number): Route | undefined {
    const tree = this.#tree;
    const walk = this.#walk;
    const before = tree.steps;
    tree.begin(walk);
    if (!tree.walk(walk, levels, nodesMax)) return undefined;
    const route = this.#routeOf(walk);
    if (tree.steps - before > levels.count)
      this.#costly.keep(levels, tree.steps - before, tree.changes, route);
    return route;
  }

  #routeOf({ matched, matchedCount }: TreeWalk): Route {
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
