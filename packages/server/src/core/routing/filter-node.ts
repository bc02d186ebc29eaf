import type { Route } from "./route.ts";
import type { SharedGroup } from "./shared-subscriptions.ts";
import type { Subscribers } from "./subscribers.ts";

/**
 * One node of the tree of Topic Filters: what is subscribed at exactly its path. The wildcards are two children apart
 * from the others, which `FilterNodes` finds.
 */
export class FilterNode {
  /** Tells it from all other nodes that there are. */
  readonly number: number;
  readonly parent: FilterNode | undefined;
  /** The UTF-8 bytes of the level, a character each: half as large as an array, and compared as quickly. */
  readonly level: string;
  hash = 0;
  /** How many children it has that are no wildcards. */
  children = 0;
  singleLevel: FilterNode | undefined;
  multiLevel: FilterNode | undefined;
  subscribers: Subscribers | undefined;
  groups: Map<string, SharedGroup> | undefined;
  /** Where topics go that match this node and no other; undefined until it is asked for, and after changes. */
  route: Route | undefined;
  /** Number of the last change of its subscriptions. No two nodes have the same, so it tells what a route was made of. */
  change = 0;

  constructor(number: number, parent: FilterNode | undefined, level: string) {
    this.number = number;
    this.parent = parent;
    this.level = level;
  }

  /** True if something is subscribed at its path. */
  get isSubscribed(): boolean {
    return this.subscribers !== undefined || this.groups !== undefined;
  }

  /** True if nothing needs it. */
  get isEmpty(): boolean {
    return !(this.isSubscribed || this.children > 0 || this.singleLevel || this.multiLevel);
  }

  isLevel(bytes: Uint8Array, start: number, end: number): boolean {
    const { level } = this;
    if (level.length !== end - start) return false;
    for (let index = 0; index < level.length; index += 1)
      if (level.charCodeAt(index) !== bytes[start + index]) return false;
    return true;
  }
}
