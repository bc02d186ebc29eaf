import type { FilterNode } from "./filter-node.ts";

/** Nodes of a walk that are remembered for the next; more than that are let go. */
const NODES_KEPT = 1_024;

/**
 * How far the search for what a topic matches has come: down the tree of filters, level by level. It may stop anywhere and go on
 * later; filters may come and go meanwhile, since nodes that are taken out of the tree have nothing to be found any more.
 */
export class TreeWalk {
  /** The nodes that the levels above have led to: the first `count` of them. */
  frontier: FilterNode[] = [];
  count = 0;
  /** The level at which their children are looked for. */
  level = 0;
  /** The first of them that was not looked at, and what the others have led to: the first `reachedCount`. */
  at = 0;
  reached: FilterNode[] = [];
  reachedCount = 0;
  /** What was found: the first `matchedCount` of them. */
  readonly matched: FilterNode[] = [];
  matchedCount = 0;

  begin(root: FilterNode): void {
    this.frontier[0] = root;
    this.count = 1;
    this.level = 0;
    this.at = 0;
    this.reachedCount = 0;
    this.matchedCount = 0;
  }

  /** All nodes of a level were looked at. */
  goDown(): void {
    const { frontier } = this;
    this.frontier = this.reached;
    this.reached = frontier;
    if (this.at === 0) return;
    this.at = 0;
    this.reachedCount = 0;
  }

  /** The nodes before `at` were looked at. */
  stop(level: number, count: number, at: number): void {
    this.level = level;
    this.count = count;
    this.at = at;
  }

  /** Notes what is subscribed at a node. */
  collect(node: FilterNode): void {
    if (!node.isSubscribed) return;
    this.matched[this.matchedCount] = node;
    this.matchedCount += 1;
  }

  hasFound(node: FilterNode): boolean {
    const index = this.matched.indexOf(node);
    return index >= 0 && index < this.matchedCount;
  }

  /** What one walk has needed would be kept for ever. */
  letGo(): void {
    if (this.frontier.length > NODES_KEPT) this.frontier.length = 0;
    if (this.reached.length > NODES_KEPT) this.reached.length = 0;
  }
}
