import type { Message } from "../publishing/message.ts";
import type { RetainedMessages, RetainedNode } from "./retained-messages.ts";

/**
 * A walk over the retained messages that match one filter, in steps, so that a `#` over a million topics
 * never holds up a turn of the loop. The tree may change between steps: what is removed before the walk comes
 * to it is not seen, and what is set after its beginning is left out, since the subscription that the walk is
 * for gets that as it is published.
 */
export class RetainedCursor {
  readonly #levels: readonly string[];
  readonly #stack: Frame[] = [];
  readonly #lastChange: number;
  /** What a step has found and not yet given: the topic that the filter itself names. */
  #found: RetainedNode | undefined;

  constructor(retained: RetainedMessages, topicFilter: string) {
    this.#levels = topicFilter.split("/");
    this.#lastChange = retained.changes;
    this.#found = this.#visit(retained.root, 0);
  }

  get isDone(): boolean {
    return this.#found === undefined && this.#stack.length === 0;
  }

  /** One step: a message that matches, or undefined if this step found none. */
  step(): Message | undefined {
    const found = this.#found ?? this.#walk();
    this.#found = undefined;
    if (found === undefined || found.change > this.#lastChange) return undefined;
    return found.message;
  }

  /** On to the next child; the node that it leads to, if that one's message matches. */
  #walk(): RetainedNode | undefined {
    const frame = this.#stack.at(-1);
    if (frame === undefined) return undefined;
    const next = frame.children.next();
    if (next.done) {
      this.#stack.pop();
      return undefined;
    }
    const isSystemTopic = frame.depth === 0 && next.value.level.startsWith("$");
    return isSystemTopic ? undefined : this.#visit(next.value, frame.nextDepth);
  }

  /**
   * Puts on the stack what the filter finds below `from`, its literal levels first. A node that the filter matches itself
   * is returned and not put there: most nodes are topics with nothing below them, and cost no object so.
   */
  #visit(from: RetainedNode, fromDepth: number): RetainedNode | undefined {
    let node = from;
    let depth = fromDepth;
    let level = this.#levels[depth];
    while (level !== undefined && level !== "#" && level !== "+") {
      const child = node.children?.get(level);
      if (child === undefined) return undefined;
      node = child;
      depth += 1;
      level = this.#levels[depth];
    }
    if (level === undefined) return node;
    if (level === "#") return this.#visitAll(node, depth);
    this.#visitChildren(node, depth, depth + 1);
    return undefined;
  }

  /** `#` matches the node itself and all below it; at the top level there is no topic of its own. */
  #visitAll(node: RetainedNode, depth: number): RetainedNode | undefined {
    this.#visitChildren(node, depth, depth);
    return node.parent === undefined ? undefined : node;
  }

  #visitChildren(node: RetainedNode, depth: number, nextDepth: number): void {
    if (node.children === undefined) return;
    const children = node.children.values();
    // Only the children of the root can be `$` topics, which a wildcard in their place must not match [MQTT-4.7.2-1].
    const isTop = node.parent === undefined;
    this.#stack.push({ children, depth: isTop ? 0 : depth + 1, nextDepth });
  }
}

/** Children that are still to be visited. */
interface Frame {
  readonly children: IterableIterator<RetainedNode>;
  /** 0 for the children of the root. */
  readonly depth: number;
  /** Level of the filter that each child is held against. */
  readonly nextDepth: number;
}
