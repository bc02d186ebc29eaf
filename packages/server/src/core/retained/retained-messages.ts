import type { Deadline } from "../deadlines.ts";
import type { Message } from "../publishing/message.ts";

/**
 * The retained messages, as a tree of topic levels, so that a filter with wildcards visits what it may
 * match and nothing else. Empty nodes are removed.
 */
export class RetainedNode {
  readonly parent: RetainedNode | undefined;
  readonly level: string;
  message: Message | undefined;
  /** Number of the change that brought the message. */
  change = 0;
  /** When the message expires, if it does. */
  expiry: Deadline | undefined;
  children: Map<string, RetainedNode> | undefined;

  constructor(parent: RetainedNode | undefined, level: string) {
    this.parent = parent;
    this.level = level;
  }
}

export class RetainedMessages {
  #root: RetainedNode = new RetainedNode(undefined, "");
  #count = 0;
  #bytes = 0;
  #changes = 0;

  /** How many messages were ever set. */
  get changes(): number {
    return this.#changes;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Where a walk over all begins. */
  get root(): RetainedNode {
    return this.#root;
  }

  get(topic: string): Message | undefined {
    return this.find(topic)?.message;
  }

  /** Stores a message in place of the one that its topic has, and gives the node that holds it. */
  set(message: Message): RetainedNode {
    let node = this.#root;
    for (const level of message.topic.split("/")) node = childFor(node, level);
    if (node.message === undefined) this.#count += 1;
    else this.#bytes -= node.message.size;
    this.#bytes += message.size;
    node.message = message;
    this.#changes += 1;
    node.change = this.#changes;
    return node;
  }

  /** Removes the message of a topic; false if there was none. */
  delete(topic: string): boolean {
    const node = this.find(topic);
    if (node?.message === undefined) return false;
    this.#count -= 1;
    this.#bytes -= node.message.size;
    node.message = undefined;
    prune(node);
    return true;
  }

  /** Takes over all that another tree has, which is not used any more; this one must be empty. */
  adopt(other: RetainedMessages): void {
    if (this.#count > 0) throw new Error(`${this.#count} messages are retained already`);
    this.#root = other.#root;
    this.#count = other.#count;
    this.#bytes = other.#bytes;
    this.#changes += other.#changes;
  }

  /** All nodes that have a message. */
  *nodes(): Generator<RetainedNode, void, undefined> {
    const stack = [this.#root];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (node.children !== undefined)
        for (const child of node.children.values()) stack.push(child);
      if (node.message !== undefined) yield node;
    }
  }

  clear(): void {
    this.#root = new RetainedNode(undefined, "");
    this.#count = 0;
    this.#bytes = 0;
  }

  find(topic: string): RetainedNode | undefined {
    let node: RetainedNode | undefined = this.#root;
    for (const level of topic.split("/")) node = node?.children?.get(level);
    return node;
  }
}

function childFor(node: RetainedNode, level: string): RetainedNode {
  node.children ??= new Map();
  let child = node.children.get(level);
  if (child === undefined) {
    child = new RetainedNode(node, level);
    node.children.set(level, child);
  }
  return child;
}

function prune(from: RetainedNode): void {
  let node = from;
  while (node.parent !== undefined && node.message === undefined && !node.children?.size) {
    node.parent.children?.delete(node.level);
    node = node.parent;
  }
}
