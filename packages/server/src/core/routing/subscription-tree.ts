import { SharedGroup } from "./shared-subscriptions.ts";
import type { Session } from "../sessions/session.ts";
import type { Subscription } from "./subscription.ts";

/**
 * All Subscriptions, as a tree of filter levels. A node holds what is subscribed at exactly its path;
 * the wildcards are two children apart from the literal ones. Walks are iterative, so a topic of many
 * levels costs time and never stack, and empty nodes are removed, so a tree gives its memory back.
 */
class Node {
  readonly parent: Node | undefined;
  readonly level: string;
  children: Map<string, Node> | undefined;
  singleLevel: Node | undefined;
  multiLevel: Node | undefined;
  subscriptions: Map<Session, Subscription> | undefined;
  groups: Map<string, SharedGroup> | undefined;

  constructor(parent: Node | undefined, level: string) {
    this.parent = parent;
    this.level = level;
  }

  get isEmpty(): boolean {
    return !(
      this.subscriptions?.size ||
      this.groups?.size ||
      this.children?.size ||
      this.singleLevel ||
      this.multiLevel
    );
  }
}

/** What a topic matches. */
export interface Matches {
  readonly subscriptions: Subscription[];
  readonly groups: SharedGroup[];
}

export class SubscriptionTree {
  #root: Node = new Node(undefined, "");

  /** Adds or replaces; true if the session did not have this subscription before. */
  set(subscription: Subscription): boolean {
    const node = this.#open(subscription.topicFilter);
    if (subscription.shareName !== undefined)
      return joinGroup(node, subscription.shareName, subscription);
    node.subscriptions ??= new Map();
    const isNew = !node.subscriptions.has(subscription.session);
    node.subscriptions.set(subscription.session, subscription);
    return isNew;
  }

  /** Removes; false if there was no such subscription. */
  delete(subscription: Subscription): boolean {
    const node = this.#find(subscription.topicFilter);
    if (node === undefined) return false;
    const removed =
      subscription.shareName === undefined
        ? (node.subscriptions?.delete(subscription.session) ?? false)
        : leaveGroup(node, subscription.shareName, subscription.session);
    prune(node);
    return removed;
  }

  /** The group of a shared subscription; undefined if nobody is in it. */
  group(shareName: string, topicFilter: string): SharedGroup | undefined {
    return this.#find(topicFilter)?.groups?.get(shareName);
  }

  /** Everything that a Topic Name matches; filters that begin with a wildcard do not match `$` topics [MQTT-4.7.2-1]. */
  match(topic: string): Matches {
    const matches: Matches = { subscriptions: [], groups: [] };
    const levels = topic.split("/");
    let frontier: Node[] = [this.#root];
    for (let depth = 0; depth < levels.length; depth += 1) {
      const level = levels[depth] ?? "";
      const wildcards = depth > 0 || !level.startsWith("$");
      const reached: Node[] = [];
      for (const node of frontier) descend({ node, level, wildcards, reached, matches });
      frontier = reached;
    }
    for (const node of frontier) {
      collect(node, matches);
      if (node.multiLevel !== undefined) collect(node.multiLevel, matches);
    }
    return matches;
  }

  #open(topicFilter: string): Node {
    let node = this.#root;
    for (const level of topicFilter.split("/")) node = childFor(node, level);
    return node;
  }

  #find(topicFilter: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const level of topicFilter.split("/")) {
      node = childOf(node, level);
      if (node === undefined) return undefined;
    }
    return node;
  }
}

/** One step down: what `#` of this node catches is matched, the children that fit are reached. */
function descend(step: {
  node: Node;
  level: string;
  wildcards: boolean;
  reached: Node[];
  matches: Matches;
}): void {
  const { node, level, wildcards, reached, matches } = step;
  const literal = node.children?.get(level);
  if (literal !== undefined) reached.push(literal);
  if (!wildcards) return;
  if (node.singleLevel !== undefined) reached.push(node.singleLevel);
  if (node.multiLevel !== undefined) collect(node.multiLevel, matches);
}

function collect(node: Node, matches: Matches): void {
  if (node.subscriptions !== undefined) {
    for (const subscription of node.subscriptions.values())
      matches.subscriptions.push(subscription);
  }
  if (node.groups !== undefined) {
    for (const group of node.groups.values()) matches.groups.push(group);
  }
}

function childOf(node: Node, level: string): Node | undefined {
  if (level === "+") return node.singleLevel;
  if (level === "#") return node.multiLevel;
  return node.children?.get(level);
}

function childFor(node: Node, level: string): Node {
  const existing = childOf(node, level);
  if (existing !== undefined) return existing;
  const child = new Node(node, level);
  if (level === "+") node.singleLevel = child;
  else if (level === "#") node.multiLevel = child;
  else (node.children ??= new Map()).set(level, child);
  return child;
}

function prune(from: Node): void {
  let node = from;
  while (node.isEmpty && node.parent !== undefined) {
    const { parent, level } = node;
    if (level === "+") parent.singleLevel = undefined;
    else if (level === "#") parent.multiLevel = undefined;
    else parent.children?.delete(level);
    node = parent;
  }
}

function joinGroup(node: Node, shareName: string, subscription: Subscription): boolean {
  node.groups ??= new Map();
  let group = node.groups.get(shareName);
  if (group === undefined) {
    group = new SharedGroup(shareName, subscription.topicFilter);
    node.groups.set(shareName, group);
  }
  return group.set(subscription);
}

function leaveGroup(node: Node, shareName: string, session: Session): boolean {
  const group = node.groups?.get(shareName);
  if (group === undefined) return false;
  const removed = group.delete(session);
  if (group.members.length === 0) node.groups?.delete(shareName);
  return removed;
}
