import { encodeUtf8 } from "@anax/protocol";
import { recipientsOf } from "./route.ts";
import type { Route } from "./route.ts";
import type { SharedGroup } from "./shared-subscriptions.ts";
import { SubscriptionTree } from "./subscription-tree.ts";
import type { Subscription } from "./subscription.ts";

/** Topics whose receivers are remembered, and first levels whose changes are. */
const SLOTS = 16_384;

/** Longest topic or filter that is remembered: longer ones would fill memory, and hardly anybody repeats them. */
const REMEMBERED_CHARACTERS_MAX = 512;

/**
 * From topic to recipients. Matching a topic against the tree costs a walk, so the result is kept, found
 * again by the bytes of the topic as they stand in a PUBLISH: the hot path never makes a string.
 *
 * The table is direct-mapped: a topic that hashes to a slot in use takes it over, so it is bounded
 * without bookkeeping. What a changed subscription may touch becomes stale: a filter without
 * wildcards touches the one topic that it names; one whose first level is literal, the topics
 * under that level; one that begins with a wildcard, all.
 */
export class Router {
  readonly #tree: SubscriptionTree = new SubscriptionTree();
  readonly #slots: (CachedRoute | undefined)[] = new Array<CachedRoute | undefined>(SLOTS).fill(
    undefined,
  );
  readonly #branches: Map<string, Version> = new Map();
  readonly #all: Version = { changes: 0 };

  /** Adds or replaces; true if the session did not have this subscription before. */
  subscribe(subscription: Subscription): boolean {
    const isNew = this.#tree.set(subscription);
    this.#invalidate(subscription.topicFilter);
    return isNew;
  }

  unsubscribe(subscription: Subscription): boolean {
    const removed = this.#tree.delete(subscription);
    if (removed) this.#invalidate(subscription.topicFilter);
    return removed;
  }

  group(shareName: string, topicFilter: string): SharedGroup | undefined {
    return this.#tree.group(shareName, topicFilter);
  }

  /** The route of a valid Topic Name. */
  route(topic: string): Route {
    const bytes = encodeUtf8(topic);
    return this.find(bytes, 0, bytes.length) ?? this.#make(topic, bytes);
  }

  /**
   * The same for a message with RETAIN, which is not remembered. Such messages come to as many topics as there are, most of them once:
   * they would drive out the routes of those who repeat their topics, and each route would be garbage that has become old.
   */
  routeOfRetained(topic: string): Pick<Route, "recipients" | "groups"> {
    const matches = this.#tree.match(topic);
    return { recipients: recipientsOf(matches), groups: matches.groups };
  }

  /** The route that is known for the topic in `bytes[start, end)`; undefined if none is. Allocates nothing. */
  find(bytes: Uint8Array, start: number, end: number): Route | undefined {
    const route = this.#slots[hash(bytes, start, end)];
    if (route === undefined || !route.isFor(bytes, start, end)) return undefined;
    return route.isCurrent ? route : this.#make(route.topic, route.topicBytes);
  }

  #make(topic: string, topicBytes: Uint8Array): Route {
    const matches = this.#tree.match(topic);
    const route = new CachedRoute({
      topic,
      topicBytes,
      recipients: recipientsOf(matches),
      groups: matches.groups,
      branch: isMemorable(topic) ? this.#branch(firstLevel(topic)) : this.#all,
      all: this.#all,
    });
    if (!isMemorable(topic)) return route;
    const slot = hash(topicBytes, 0, topicBytes.length);
    // A route that leaves the table hears of no changes any more, but connections may remember it.
    const replaced = this.#slots[slot];
    if (replaced !== undefined) replaced.isStale = true;
    this.#slots[slot] = route;
    return route;
  }

  #invalidate(topicFilter: string): void {
    const first = firstLevel(topicFilter);
    if (first === "+" || first === "#" || !isMemorable(topicFilter)) this.#all.changes += 1;
    else if (topicFilter.includes("+") || topicFilter.endsWith("#"))
      this.#branch(first).changes += 1;
    else this.#invalidateTopic(topicFilter);
  }

  #invalidateTopic(topic: string): void {
    const bytes = encodeUtf8(topic);
    const route = this.#slots[hash(bytes, 0, bytes.length)];
    if (route?.isFor(bytes, 0, bytes.length)) route.isStale = true;
  }

  #branch(level: string): Version {
    let branch = this.#branches.get(level);
    if (branch === undefined) {
      if (this.#branches.size >= SLOTS) this.#forget();
      branch = { changes: 0 };
      this.#branches.set(level, branch);
    }
    return branch;
  }

  /** Too many first levels to remember: start anew, with every route stale. */
  #forget(): void {
    this.#branches.clear();
    this.#all.changes += 1;
  }
}

interface Version {
  changes: number;
}

class CachedRoute implements Route {
  readonly topic: string;
  readonly topicBytes: Uint8Array;
  readonly recipients: Route["recipients"];
  readonly groups: Route["groups"];
  isStale = false;
  readonly #branch: Version;
  readonly #all: Version;
  readonly #branchChanges: number;
  readonly #allChanges: number;

  constructor(fields: Omit<Route, "isCurrent" | "isFor"> & { branch: Version; all: Version }) {
    this.topic = fields.topic;
    this.topicBytes = fields.topicBytes;
    this.recipients = fields.recipients;
    this.groups = fields.groups;
    this.#branch = fields.branch;
    this.#all = fields.all;
    this.#branchChanges = fields.branch.changes;
    this.#allChanges = fields.all.changes;
  }

  get isCurrent(): boolean {
    return (
      !this.isStale &&
      this.#allChanges === this.#all.changes &&
      this.#branchChanges === this.#branch.changes
    );
  }

  isFor(bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.topicBytes;
    if (own.length !== end - start) return false;
    for (let index = own.length - 1; index >= 0; index -= 1) {
      if (own[index] !== bytes[start + index]) return false;
    }
    return true;
  }
}

function isMemorable(topic: string): boolean {
  return topic.length <= REMEMBERED_CHARACTERS_MAX;
}

function firstLevel(topic: string): string {
  const slash = topic.indexOf("/");
  return slash < 0 ? topic : topic.slice(0, slash);
}

/** FNV-1a over the bytes, folded to a slot. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let index = start; index < end; index += 1) {
    value = Math.imul(value ^ (bytes[index] ?? 0), 0x01000193);
  }
  return (value ^ (value >>> 15)) & (SLOTS - 1);
}
