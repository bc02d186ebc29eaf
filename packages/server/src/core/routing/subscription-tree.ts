import { encodeUtf8 } from "@anax/protocol";
import type { FilterNode } from "./filter-node.ts";
import { FilterNodes } from "./filter-nodes.ts";
import { SharedGroup } from "./shared-subscriptions.ts";
import { Subscribers } from "./subscribers.ts";
import type { Session } from "../sessions/session.ts";
import type { Subscription } from "./subscription.ts";
import type { TopicLevels } from "./topic-levels.ts";
import type { TreeWalk } from "./tree-walk.ts";

/**
 * All Subscriptions, as a tree of filter levels. A topic is matched by its bytes, without a string or an object: that is
 * as cheap for a topic that comes once as for one that comes again and again. Walks are iterative, so a topic of many
 * levels costs time and never stack, and empty nodes are removed, so a tree gives its memory back.
 */
export class SubscriptionTree {
  readonly #nodes: FilterNodes;
  readonly #root: FilterNode;
  /** Grows with each change. */
  changes = 0;
  /** Nodes that all walks together have gone over: what matching has cost. */
  steps = 0;

  /** `seed`: that of the `TopicLevels` that are matched. */
  constructor(seed: number) {
    this.#nodes = new FilterNodes(seed);
    this.#root = this.#nodes.create(undefined, "");
  }

  /** Adds or replaces; true if the session did not have this subscription before. */
  set(subscription: Subscription): boolean {
    const node = this.#open(subscription.topicFilter);
    this.#change(node);
    if (subscription.shareName !== undefined)
      return joinGroup(node, subscription.shareName, subscription);
    node.subscribers ??= new Subscribers();
    return node.subscribers.set(subscription);
  }

  /** Removes; false if there was no such subscription. */
  delete(subscription: Subscription): boolean {
    const node = this.#find(subscription.topicFilter);
    if (node === undefined) return false;
    const removed =
      subscription.shareName === undefined
        ? leave(node, subscription.session)
        : leaveGroup(node, subscription.shareName, subscription.session);
    this.#change(node);
    this.#prune(node);
    return removed;
  }

  /** The group of a shared subscription; undefined if it has no members. */
  group(shareName: string, topicFilter: string): SharedGroup | undefined {
    return this.#find(topicFilter)?.groups?.get(shareName);
  }

  /** Begins to find what a Topic Name matches. */
  begin(walk: TreeWalk): void {
    walk.begin(this.#root);
  }

  /**
   * Goes on until all is found that the Topic Name matches, or over so many nodes; true if all is. Filters that begin with a
   * wildcard do not match topics that begin with `$` [MQTT-4.7.2-1].
   */
  walk(walk: TreeWalk, topic: TopicLevels, nodesMax: number): boolean {
    let { count, level } = walk;
    let gone = 0;
    while (level < topic.count && count > 0) {
      const left = count - walk.at;
      gone += left;
      if (gone > nodesMax) {
        const to = count - (gone - nodesMax);
        walk.reachedCount = this.#descend(walk, topic, level, to);
        walk.stop(level, count, to);
        this.steps += nodesMax;
        return false;
      }
      count = this.#descend(walk, topic, level, count);
      walk.goDown();
      level += 1;
    }
    this.steps += gone;
    for (let index = 0; index < count; index += 1) {
      const node = walk.frontier[index];
      if (node === undefined) continue;
      walk.collect(node);
      if (node.multiLevel !== undefined) walk.collect(node.multiLevel);
    }
    walk.letGo();
    return true;
  }

  /** Adds what is subscribed at a filter, which the walk may have passed before it was. */
  add(walk: TreeWalk, topicFilter: string): void {
    const node = this.#find(topicFilter);
    if (node !== undefined && !walk.hasFound(node)) walk.collect(node);
  }

  /** One step down: what `#` of the nodes before `to` catches is matched, the children that fit are reached. Gives how many. */
  #descend(walk: TreeWalk, topic: TopicLevels, level: number, to: number): number {
    const { frontier, reached } = walk;
    const { bytes } = topic;
    const start = topic.start(level);
    const end = topic.end(level);
    const hash = topic.hash(level);
    const takesWildcards = level > 0 || !topic.isSystem;
    let next = walk.reachedCount;
    for (let index = walk.at; index < to; index += 1) {
      const node = frontier[index];
      if (node === undefined) continue;
      const child =
        node.children > 0 ? this.#nodes.child(node, hash, bytes, start, end) : undefined;
      if (child !== undefined) reached[next++] = child;
      if (!takesWildcards) continue;
      if (node.singleLevel !== undefined) reached[next++] = node.singleLevel;
      if (node.multiLevel !== undefined) walk.collect(node.multiLevel);
    }
    return next;
  }

  #change(node: FilterNode): void {
    this.changes += 1;
    node.change = this.changes;
    node.route = undefined;
  }

  #open(topicFilter: string): FilterNode {
    let node = this.#root;
    for (const level of topicFilter.split("/")) node = this.#childFor(node, level);
    return node;
  }

  #find(topicFilter: string): FilterNode | undefined {
    let node: FilterNode | undefined = this.#root;
    for (const level of topicFilter.split("/")) {
      node = this.#childOf(node, level);
      if (node === undefined) return undefined;
    }
    return node;
  }

  #childOf(node: FilterNode, level: string): FilterNode | undefined {
    if (level === "+") return node.singleLevel;
    if (level === "#") return node.multiLevel;
    const bytes = encodeUtf8(level);
    const hash = this.#nodes.hashOf(bytes, 0, bytes.length);
    return this.#nodes.child(node, hash, bytes, 0, bytes.length);
  }

  #childFor(node: FilterNode, level: string): FilterNode {
    if (level === "+") return (node.singleLevel ??= this.#nodes.create(node, level));
    if (level === "#") return (node.multiLevel ??= this.#nodes.create(node, level));
    const bytes = encodeUtf8(level);
    const hash = this.#nodes.hashOf(bytes, 0, bytes.length);
    const existing = this.#nodes.child(node, hash, bytes, 0, bytes.length);
    if (existing !== undefined) return existing;
    const child = this.#nodes.create(node, String.fromCharCode(...bytes));
    this.#nodes.add(child, hash);
    node.children += 1;
    return child;
  }

  #prune(from: FilterNode): void {
    let node = from;
    while (node.isEmpty && node.parent !== undefined) {
      const { parent } = node;
      if (parent.singleLevel === node) parent.singleLevel = undefined;
      else if (parent.multiLevel === node) parent.multiLevel = undefined;
      else {
        this.#nodes.remove(node);
        parent.children -= 1;
      }
      this.#nodes.forget(node);
      node = parent;
    }
  }
}

function leave(node: FilterNode, session: Session): boolean {
  const { subscribers } = node;
  if (subscribers === undefined) return false;
  const removed = subscribers.delete(session);
  if (subscribers.size === 0) node.subscribers = undefined;
  return removed;
}

function joinGroup(node: FilterNode, shareName: string, subscription: Subscription): boolean {
  node.groups ??= new Map();
  let group = node.groups.get(shareName);
  if (group === undefined) {
    group = new SharedGroup(shareName, subscription.topicFilter);
    node.groups.set(shareName, group);
  }
  return group.set(subscription);
}

function leaveGroup(node: FilterNode, shareName: string, session: Session): boolean {
  const group = node.groups?.get(shareName);
  if (group === undefined) return false;
  const removed = group.delete(session);
  if (group.members.length === 0) node.groups?.delete(shareName);
  if (node.groups?.size === 0) node.groups = undefined;
  return removed;
}
