/** Topics as a tree: what was published lately and what is retained. */
import type { Observed, ObservedTopic } from "./live.ts";
import { bytesOfBase64, numberOf } from "./payload.ts";

export interface TopicValue {
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly payloadBytes: number;
  readonly atMs: number | undefined;
  readonly qos: number;
  readonly contentType: string | undefined;
  readonly senderClientId: string | undefined;
}

export interface TopicNode {
  /** The level. */
  readonly name: string;
  /** The whole topic. */
  readonly topic: string;
  readonly depth: number;
  readonly children: Map<string, TopicNode>;
  isRetained: boolean;
  value: TopicValue | undefined;
  /** The last numbers, oldest first. */
  readonly numbers: number[];
  /** Messages per second, of it and all below, smoothed. */
  rate: number;
  /** Messages of this second. */
  fresh: number;
}

/** Topics that are kept. */
export const TOPICS_MAX = 5_000;
const NUMBERS_MAX = 120;
/** What a second counts in a rate beside those before it. */
const SMOOTHING = 0.4;

export class TopicTree {
  readonly root: TopicNode = newNode("", "", 0);
  #count = 0;
  isFull = false;

  /** Takes what was published in one second. `share`: how many messages one that was looked at stands for. */
  observe({ topics }: Observed, share: number, atMs: number): void {
    for (const one of topics) this.#observeOne(one, share, atMs);
  }

  /** To be called once a second, after what was observed. */
  endOfSecond(): void {
    endOfSecond(this.root);
  }

  retain(topic: string, value: TopicValue): void {
    const node = this.#pathTo(topic)?.at(-1);
    if (node === undefined) return;
    node.isRetained = true;
    node.value ??= value;
  }

  #observeOne(one: ObservedTopic, share: number, atMs: number): void {
    const path = this.#pathTo(one.topic);
    const node = path?.at(-1);
    if (path === undefined || node === undefined) return;
    if (one.retain) node.isRetained = one.payloadBytes > 0;
    for (const above of path) above.fresh += one.count * share;
    if (one.payloadBase64 === undefined) return;
    const payload = bytesOfBase64(one.payloadBase64);
    const { payloadBytes, qos, contentType, senderClientId } = one;
    node.value = { payload, payloadBytes, atMs, qos, contentType, senderClientId };
    const number = payload.length === payloadBytes ? numberOf(payload) : undefined;
    if (number === undefined) return;
    node.numbers.push(number);
    if (node.numbers.length > NUMBERS_MAX) node.numbers.shift();
  }

  /** The nodes from the root to a topic, made if there is room; undefined if there is none. */
  #pathTo(topic: string): TopicNode[] | undefined {
    const levels = topic.split("/");
    let node = this.root;
    const path = [node];
    for (const [index, level] of levels.entries()) {
      let next = node.children.get(level);
      if (next === undefined) {
        if (this.#count >= TOPICS_MAX) {
          this.isFull = true;
          return undefined;
        }
        this.#count += 1;
        next = newNode(level, levels.slice(0, index + 1).join("/"), index + 1);
        node.children.set(level, next);
      }
      node = next;
      path.push(node);
    }
    return path;
  }
}

function newNode(name: string, topic: string, depth: number): TopicNode {
  const children = new Map<string, TopicNode>();
  return {
    name,
    topic,
    depth,
    children,
    isRetained: false,
    value: undefined,
    numbers: [],
    rate: 0,
    fresh: 0,
  };
}

function endOfSecond(node: TopicNode): void {
  node.rate = node.rate * (1 - SMOOTHING) + node.fresh * SMOOTHING;
  if (node.rate < 0.01) node.rate = 0;
  node.fresh = 0;
  for (const child of node.children.values()) endOfSecond(child);
}

/** The nodes that are seen, in order: those whose parents are all open, and fit the filter. */
export function visibleNodes(
  { root }: TopicTree,
  isOpen: (topic: string) => boolean,
  filter: string,
): TopicNode[] {
  const nodes: TopicNode[] = [];
  const visit = (node: TopicNode): void => {
    for (const child of Array.from(node.children.values()).sort(byName)) {
      if (filter !== "" && !holds(child, filter)) continue;
      nodes.push(child);
      if (filter !== "" || isOpen(child.topic)) visit(child);
    }
  };
  visit(root);
  return nodes;
}

function holds(node: TopicNode, filter: string): boolean {
  return (
    node.topic.includes(filter) ||
    Array.from(node.children.values()).some((one) => holds(one, filter))
  );
}

function byName(left: TopicNode, right: TopicNode): number {
  return left.name < right.name ? -1 : 1;
}
